/* Values of a checked VMI (machine/fields.h), by JSON Pointer. null counts as absent. */
#ifndef MACHINE_VALUE_H
#define MACHINE_VALUE_H

#include <jansson.h>
#include <stdbool.h>

#include "annotations/quantity.h"

/* Returns the value at pointer below root, which may be NULL. Borrowed, or NULL. */
const json_t *machine_value(const json_t *root, const char *pointer);

/* Returns the string at pointer, or NULL. Borrowed. */
const char *machine_string(const json_t *root, const char *pointer);

/* Return the boolean or integer at pointer, or the default. */
bool machine_boolean(const json_t *root, const char *pointer, bool default_value);
long long machine_integer(const json_t *root, const char *pointer, long long default_value);

/* Returns the first item of an array whose "name" is name. Borrowed, or NULL. */
const json_t *machine_item_named(const json_t *array, const char *name);

/* Whether an object has a member that refers to another object by its name: a reference without a
 * name is none, as for KubeVirt. */
bool machine_refers(const json_t *object, const char *key);

/* Reads a quantity: a string or, as in Kubernetes, a number. Returns whether it is valid. */
bool machine_quantity(const json_t *value, annotations_quantity *out);

/* Returns the quantity at pointer in whole units (bytes, CPUs), rounded up or down; 0 if absent. */
long long machine_whole(const json_t *root, const char *pointer, bool up);

#endif
