/* Objects that people write, and the table of the fields that they may have: one walk that finds
 * every fault, and the one table behind it, its "did you mean" and what is documented. */
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
    SCHEMA_MAP, /* object of strings under any keys */
    SCHEMA_ANY,
};

struct schema_field;

/* What else must hold of a value that is of its field's kind and one of the field's values; of an
 * array of strings it is asked for each string. Adds what does not hold; returns whether all
 * does. pointer is that of the value. */
typedef bool schema_field_check(const struct schema_field *field, const json_t *value,
    const char *pointer, struct findings *findings);

struct schema_field {
    const char *path; /* "hostPath.type"; of the items of the array "env": "env[].name" */
    enum schema_kind kind;
    bool required; /* where the object that it belongs to is there; "" is no value then */
    bool open; /* of an object, or of items: an unknown member that resembles no known one passes */
    const char *const *values; /* the only strings allowed, ended by NULL; or NULL */
    long long minimum; /* of an integer; of an array, how many items it has at least */
    long long maximum; /* likewise; of a string in bytes; of arrays and strings, 0: no limit */
    schema_field_check *check; /* or NULL */

    /* Documentation, as far as a table has it. */
    bool ours; /* KubeVirt does not know the field */
    const char *pattern; /* what a string (or each of an array) matches, ECMA-262 */
    const char *type; /* kind in words: "string", "integer", "array of strings", … */
    const char *fallback; /* the default in words */
    const char *rule; /* what is allowed, one sentence; it follows "is required: " too */
    const char *help; /* what it is for */
    const char *example; /* a JSON fragment that is valid in its place */
};

/* What a member says whose value is null. */
enum schema_null {
    SCHEMA_NULL_ABSENT, /* nothing, but its name must be known */
    SCHEMA_NULL_SKIPPED, /* nothing, whatever its name is */
    SCHEMA_NULL_REFUSED, /* it is an error, as it may be read as everything */
};

struct schema {
    const struct schema_field *fields; /* what is below a field is directly behind it; behind the
                                          last one is one whose path is NULL */
    enum schema_null null;
    bool any_case; /* names in another letter case are taken, with a warning, as Go takes them */
    bool zero_is_absent; /* "" and [] say the same as no value, as Go's zero values do */
    bool lenient; /* an unknown member is a warning, not an error */
    const char *unknown; /* what an unknown member is; NULL: "is not a known field" */
};

/* Checks an object, at pointer, and adds all that is wrong with it, in its own order; what is
 * required and not there comes last. Returns a new reference to what is right of it: an object
 * with the table's names in the table's order, without nulls and what else is no value, whole
 * numbers that are quantities as strings. Items of arrays keep their places: a wrong one is "" or
 * {}. NULL when value is no object. */
json_t *schema_check(const struct schema *schema, const json_t *value, const char *pointer,
    struct findings *findings);

/* Adds the error that text is not what the rule of its field says. Returns false, for checks. */
bool schema_invalid(const struct schema_field *field, const char *text, const char *pointer,
    struct findings *findings);

/* The field of a path ("hostPath.type"), or NULL. Borrowed from the table, as those below. */
const struct schema_field *schema_find(const struct schema *schema, const char *path);

/* The direct fields of a parent, in the order of the table: the first (of the object itself when
 * parent is NULL), and the one after field; NULL when there is none. */
const struct schema_field *schema_child(
    const struct schema *schema, const struct schema_field *parent);
const struct schema_field *schema_next(const struct schema_field *field);

/* The last part of a field's path: "type" of "hostPath.type". Borrowed. */
const char *schema_name(const struct schema_field *field);

#endif
