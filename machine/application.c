#include "machine/application.h"

#include <string.h>

#include "base/json.h"
#include "machine/value.h"

/* The member of that name, or the item of that index; an absent member becomes an object, and
 * *created true. */
static json_t *child_of(json_t *parent, const char *name, bool *created)
{
    *created = false;
    if (json_is_array(parent)) {
        auto_free char *pointer = xasprintf("/%s", name);
        return json_pointer_get(parent, pointer);
    }
    json_t *child = json_object_get(parent, name);
    if (child == NULL || json_is_null(child)) {
        child = json_object();
        json_object_set_new(parent, name, child);
        *created = true;
    }
    return child;
}

/* As machine_application_object, for the first length bytes of pointer; what is created comes from
 * reference, if that is not NULL. */
static json_t *reach(struct machine_application *application, const char *pointer, size_t length,
    const struct machine_reference *reference, const char *from)
{
    json_t *value = application->vmi;
    for (size_t begin = 1, end = 0; begin < length; begin = end + 1) {
        bool created = false;
        end = begin + strcspn(pointer + begin, "/");
        auto_free char *name = json_pointer_token(pointer + begin, end - begin);
        auto_free char *whole = xstrndup(pointer, end);
        value = child_of(value, name, &created);
        if (created && reference != NULL)
            machine_origins_add(application->origins, whole, reference, from);
        if (json_is_object(value) || (json_is_array(value) && end < length))
            continue;
        machine_application_refuse(
            application, whole, "must be an object, not %s", json_kind(value));
        return NULL;
    }
    return value;
}

json_t *machine_application_object(struct machine_application *application, const char *pointer)
{
    return reach(application, pointer, strlen(pointer), NULL, NULL);
}

void machine_application_set(struct machine_application *application, const char *pointer,
    json_t *take_value, const struct machine_reference *reference, const char *from)
{
    const char *last = strrchr(pointer, '/');
    auto_free char *name = json_pointer_token(last + 1, strlen(last + 1));
    json_t *parent = reach(application, pointer, (size_t)(last - pointer), reference, from);
    if (parent == NULL) {
        json_decref(take_value);
        return;
    }
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

bool machine_application_is_empty(const json_t *root, const char *pointer)
{
    const json_t *value = machine_value(root, pointer);
    return value == NULL || (json_is_string(value) && json_string_length(value) == 0);
}
