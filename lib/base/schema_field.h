/* A table of the fields that people may write (base/schema.h checks objects against it). */
#ifndef BASE_SCHEMA_FIELD_H
#define BASE_SCHEMA_FIELD_H

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
    SCHEMA_QUANTITIES, /* object with any keys and quantities */
    SCHEMA_INTEGER_OR_STRING, /* as Kubernetes writes ports */
    SCHEMA_ANY,
};

struct schema_field;

/* A further check of a value that is of its field's kind and among the field's values; called for
 * each string of an array of strings, and each quantity of an object with quantities. Adds errors at
 * pointer, which is the value's; returns whether the value is valid. */
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

struct schema;

/* What to say of a member whose name is not known where it is: "is not a field here; …", owned by
 * the caller; or NULL: as usual. nearest is the known name of its object that it resembles, or
 * NULL. */
typedef char *schema_misplaced(const struct schema *schema, const char *key, const char *nearest);

/* Whether a value stands for one that is not known yet, and so is valid where it is. text: a string
 * may be there. */
typedef bool schema_stands_in(const json_t *value, bool text);

struct schema {
    const struct schema_field *fields; /* the fields below a field follow it directly; the last
                                          entry has the path NULL */
    const unsigned short *after; /* of a long table: for each row, the index of the first one after
                                    it that is not below it; NULL: the walk compares paths */
    enum schema_null null;
    bool any_case; /* accepts names in another letter case, with a warning, as Go does */
    bool zero_is_absent; /* "" and [] count as absent, like Go's zero values */
    bool lenient; /* an unknown member is a warning, not an error */
    const char *unknown; /* the message for an unknown member; NULL: "is not a known field" */
    const char *refused; /* for a refused one, before the reason; NULL: "is not supported" */
    schema_misplaced *misplaced; /* for an unknown member; or NULL */
    schema_stands_in *stands_in; /* or NULL: none does */
};

#endif
