#include "machine/application.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

/* The first length bytes of a JSON Pointer, from one token on. Owned by the caller. */
static char *part(const char *pointer, size_t begin, size_t length)
{
    return xstrndup(pointer + begin, length - begin);
}

/* Whether the value may be gone through to the next token of a pointer, which begins at next: an
 * object, or an array with an item there. "" for the last token. */
static bool is_way(const json_t *value, const char *next)
{
    if (!json_is_array(value) || next[0] == '\0')
        return json_is_object(value);
    auto_free char *token = part(next, 0, 1 + strcspn(next + 1, "/"));
    return json_pointer_get(value, token) != NULL;
}

/* Puts a new value at the last token of pointer, which is in parent. Borrowed. */
static json_t *put(json_t *parent, const char *token, json_t *take_value)
{
    auto_free char *name = json_pointer_token(token, strlen(token));
    if (json_is_array(parent))
        json_array_set_new(parent, strtoul(name, NULL, 10), take_value);
    else
        json_object_set_new(parent, name, take_value);
    return take_value;
}

/* As machine_application_object, for the first length bytes of pointer; what is created comes from
 * reference, if that is not NULL. */
static json_t *reach(struct machine_application *application, const char *pointer, size_t length,
    const struct machine_reference *reference, const char *from)
{
    auto_free char *whole = part(pointer, 0, length);
    json_t *value = application->vmi;
    for (size_t begin = 0, end = 0; begin < length; begin = end) {
        end = begin + 1 + strcspn(whole + begin + 1, "/");
        auto_free char *token = part(whole, begin, end);
        json_t *parent = value;
        value = json_pointer_get(parent, token);
        if (is_way(value, whole + end))
            continue;
        auto_free char *at = part(whole, 0, end);
        if (value != NULL && !json_is_null(value))
            machine_application_refuse(
                application, at, "must be an object, not %s", json_kind(value));
        else if (reference != NULL)
            machine_origins_add(application->origins, at, reference, from);
        value = put(parent, token + 1, json_object());
    }
    return value;
}

json_t *machine_application_object(struct machine_application *application, const char *pointer)
{
    return reach(application, pointer, strlen(pointer), NULL, NULL);
}

json_t *machine_application_array(struct machine_application *application, const char *pointer)
{
    const char *last = strrchr(pointer, '/');
    json_t *parent = reach(application, pointer, (size_t)(last - pointer), NULL, NULL);
    json_t *array = json_pointer_get(parent, last);
    if (json_is_array(array))
        return array;
    if (array != NULL && !json_is_null(array))
        machine_application_refuse(
            application, pointer, "must be an array, not %s", json_kind(array));
    return put(parent, last + 1, json_array());
}

void machine_application_set(struct machine_application *application, const char *pointer,
    json_t *take_value, const struct machine_reference *reference, const char *from)
{
    const char *last = strrchr(pointer, '/');
    auto_free char *name = json_pointer_token(last + 1, strlen(last + 1));
    json_t *parent = reach(application, pointer, (size_t)(last - pointer), reference, from);
    json_object_set_new(parent, name, take_value);
    machine_origins_add(application->origins, pointer, reference, from);
}

void machine_application_refuse(
    struct machine_application *application, const char *pointer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    auto_free char *message = xvasprintf(format, args);
    va_end(args);
    auto_free char *whole = xasprintf(MACHINE_TEMPLATE "%s", pointer);
    findings_error(application->findings, whole, "%s", message);
}

bool machine_application_is_empty(const json_t *value)
{
    return value == NULL || json_is_null(value) ||
           (json_is_string(value) && json_string_length(value) == 0);
}
