/* jansson, with limits for untrusted text and errors that name the place. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

DEFINE_CLEANUP(json, json_t *, json_decref);
#define auto_json auto_cleanup(json) /* a json_t reference, dropped when it leaves scope */

/* Parses one JSON value of any type. Rejects duplicate keys, zero bytes in strings, and arrays and
 * objects nested deeper than max_depth. Returns a new reference, or NULL with an input error that
 * names the line and column within text. */
json_t *json_parse(const char *text, size_t length, size_t max_depth, struct error **err);

/* Where a text is not JSON: the last character of the part that does not parse. */
struct json_fault {
    size_t line; /* from 1; 0: the place is unknown */
    size_t column; /* from 1, in characters */
    size_t byte; /* offset in bytes */
};

/* The same, with the place in *fault instead of the error. */
json_t *json_parse_placed(const char *text, size_t length, size_t max_depth,
    struct json_fault *fault, struct error **err);

/* The nesting depth of arrays and objects: 0 for a scalar, 1 for []. Stops counting past limit. */
size_t json_depth(const json_t *value, size_t limit);

/* The English name of a value's type for messages: "a string", "an array", "null", … Static. */
const char *json_kind(const json_t *value);

/* The value at a JSON Pointer (RFC 6901) below root; "" is root itself. Borrowed, or NULL. */
json_t *json_pointer_get(const json_t *root, const char *pointer);

/* pointer + "/" + key with ~ and / escaped (RFC 6901). Owned by the caller. */
char *json_pointer_join(const char *pointer, const char *key);
char *json_pointer_index(const char *pointer, size_t index);

/* The key in a reference token of a JSON Pointer, unescaped. Owned by the caller. */
char *json_pointer_token(const char *token, size_t length);

/* The string member key of object, or NULL if it is missing or not a string. Borrowed. */
const char *json_get_string(const json_t *object, const char *key);

/* Whether the string member key is equal in both; a missing one counts as "". */
bool json_same_string(const json_t *a, const json_t *b, const char *key);

/* The first item of a list of objects whose member "name" is name; *index gets its position, unless
 * index is NULL. Borrowed, or NULL. */
json_t *json_item_named(const json_t *list, const char *name, size_t *index);

#endif
