#include "base/field.h"

#include <ctype.h>
#include <strings.h>

#include "base/json.h"
#include "base/text.h"

/* Whether key is name, letter case aside. Most keys differ in their first letter. */
static bool is_name(const char *key, const char *name)
{
    return tolower((unsigned char)key[0]) == tolower((unsigned char)name[0]) &&
           strcasecmp(key, name) == 0;
}

json_t *field_take(
    const json_t *object, const char *name, const char *pointer, struct findings *findings)
{
    json_t *taken = json_object_get(object, name);
    const char *key = NULL;
    json_t *value = NULL;
    /* json_object_foreach takes no const object, and changes nothing */
    json_object_foreach ((json_t *)object, key, value) {
        if (!is_name(key, name) || streq(key, name))
            continue;
        auto_free char *place = json_pointer_join(pointer, key);
        if (taken != NULL) {
            findings_error(findings, place,
                "is \"%s\" once more, in another letter case: keep one of the two", name);
            continue;
        }
        taken = value;
        findings_warning(findings, place, "is taken as \"%s\": write it in these letters", name);
    }
    return json_is_null(taken) ? NULL : taken;
}

static bool is_known(const char *key, const char *const *known, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_name(key, known[i]))
            return true;
    }
    return false;
}

void field_check_unknown(const json_t *object, const char *const *known, size_t count,
    const char *pointer, bool strict, struct findings *findings)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach ((json_t *)object, key, value) {
        if (is_known(key, known, count))
            continue;
        auto_free char *place = json_pointer_join(pointer, key);
        auto_free char *hint = suggest_hint(key, known, count);
        auto_free char *names = hint[0] == '\0' ? text_list_all(known, count) : NULL;
        findings_add(findings, strict ? FINDING_ERROR : FINDING_WARNING, ERROR_INPUT, place,
            "is not a known field%s%s%s%s", strict ? "" : " and is ignored", hint,
            names != NULL ? "; known here: " : "", names != NULL ? names : "");
    }
}
