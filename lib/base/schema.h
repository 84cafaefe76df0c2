/* Checks objects that people write against a table of the fields that they may have. One walk finds
 * every fault; the same table is behind its "did you mean" and the documentation. */
#ifndef BASE_SCHEMA_H
#define BASE_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>

#include "base/finding.h"

/* The JSON form of a field's value. */
enum schema_kind {
    SCHEMA_STRING,
    SCHEMA_STRINGS, /* array of strings */
    SCHEMA_INTEGER,
    SCHEMA_BOOLEAN,
    SCHEMA_QUANTITY, /* string or number, as Kubernetes writes amounts */
    SCHEMA_OBJECT, /* with the fields below its path */
    SCHEMA_OBJECTS, /* array of such objects */
    SCHEMA_MAP, /* object with any keys and string values */
    SCHEMA_ANY,
};

struct schema_field;

/* A further check of a value that is of its field's kind and among the field's values; called for
 * each string of an array of strings. Adds errors at pointer, which is the value's; returns whether
 * the value is valid. */
typedef bool schema_field_check(const struct schema_field *field, const json_t *value,
    const char *pointer, struct findings *findings);

struct schema_field {
    const char *path; /* "hostPath.type"; of the items of the array "env": "env[].name" */
    enum schema_kind kind;
    bool required; /* if its object is there; "" then counts as absent */
    bool open; /* of an object, or of items: accepts unknown members that resemble no known one */
    bool takes_empty; /* "" is a value, even where the schema takes it as absent */
    const char *const *values; /* the only strings allowed, NULL at the end; or NULL */
    long long minimum; /* of an integer; of an array, in items */
    long long maximum; /* likewise; of a string, in bytes; for arrays and strings, 0: no limit */
    schema_field_check *check; /* or NULL */
    const char *refused; /* why a value other than false and [] is an error; or NULL: it is not */

    /* Documentation; a table may leave it out. */
    bool ours; /* KubeVirt does not know the field */
    const char *pattern; /* what a string (or each of an array) matches, ECMA-262 */
    const char *type; /* kind in words: "string", "integer", "array of strings", … */
    const char *fallback; /* the default in words */
    const char *rule; /* what is allowed; completes "it must be …" and "is required: …" */
    const char *help; /* what it is for */
    const char *example; /* a JSON fragment that is valid in this place */
};

/* The meaning of a member whose value is null. */
enum schema_null {
    SCHEMA_NULL_ABSENT, /* absent, but its name must be known */
    SCHEMA_NULL_SKIPPED, /* absent, whatever its name */
    SCHEMA_NULL_REFUSED, /* an error, because it could be read as "everything" */
};

struct schema {
    const struct schema_field *fields; /* the fields below a field follow it directly; the last
                                          entry has the path NULL */
    enum schema_null null;
    bool any_case; /* accepts names in another letter case, with a warning, as Go does */
    bool zero_is_absent; /* "" and [] count as absent, like Go's zero values */
    bool lenient; /* an unknown member is a warning, not an error */
    const char *unknown; /* the message for an unknown member; NULL: "is not a known field" */
    const char *refused; /* for a refused one, before the reason; NULL: "is not supported" */
};

/* Checks the object at pointer and adds everything wrong with it, in the object's order; missing
 * required fields come last. Returns a new reference to its valid part: an object with the table's
 * names in the table's order, without nulls and other absent values, with whole-number quantities
 * as strings. Array items keep their places: an invalid one becomes "" or {}. Returns NULL if value
 * is not an object. */
json_t *schema_check(const struct schema *schema, const json_t *value, const char *pointer,
    struct findings *findings);

/* Adds the error that text violates the rule of its field. Returns false, for use in checks. */
bool schema_invalid(const struct schema_field *field, const char *text, const char *pointer,
    struct findings *findings);

/* Returns the field with this path ("hostPath.type"), or NULL. Borrowed from the table, like those
 * below. */
const struct schema_field *schema_find(const struct schema *schema, const char *path);

/* The direct fields of a parent, in the order of the table: the first one (of the whole object if
 * parent is NULL), and the one after field; NULL if there is none. */
const struct schema_field *schema_child(
    const struct schema *schema, const struct schema_field *parent);
const struct schema_field *schema_next(const struct schema_field *field);

/* Returns the last part of a field's path: "type" of "hostPath.type". Borrowed. */
const char *schema_name(const struct schema_field *field);

#endif
