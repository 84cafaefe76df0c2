/* Values of a VMI that was checked (machine/fields.h), by JSON Pointer. What is not there and
 * what is null is the same. */
#ifndef MACHINE_VALUE_H
#define MACHINE_VALUE_H

#include <jansson.h>
#include <stdbool.h>

#include "annotations/quantity.h"

/* The value at pointer below root, which may be NULL. Borrowed, or NULL. */
const json_t *machine_value(const json_t *root, const char *pointer);

/* Such a string, or NULL. Borrowed. */
const char *machine_string(const json_t *root, const char *pointer);

/* Such a boolean or integer, or the default. */
bool machine_boolean(const json_t *root, const char *pointer, bool default_value);
long long machine_integer(const json_t *root, const char *pointer, long long default_value);

/* The first item of an array whose "name" is name. Borrowed, or NULL. */
const json_t *machine_item_named(const json_t *array, const char *name);

/* Reads a quantity: a string, or a number as Kubernetes takes it too. */
bool machine_quantity(const json_t *value, annotations_quantity *out);

/* The quantity at pointer in whole units (bytes, CPUs), rounded down or up; 0 without one. */
long long machine_whole(const json_t *root, const char *pointer, bool up);

#endif
