#include "controller/appliance/annotation.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

enum {
    MOST_NAMESPACE_BYTES = 63, /* an RFC 1123 label */
    MOST_NAME_BYTES = 253, /* an RFC 1123 subdomain */
};

int controller_annotation_find(const json_t *annotations, const char *key, const char *other,
    struct controller_annotation *out, struct error **err)
{
    const json_t *value = json_object_get(annotations, key);
    const json_t *second = json_object_get(annotations, other);
    *out = (struct controller_annotation){NULL, NULL};
    if (value != NULL && second != NULL)
        return error_set(
            err, ERROR_INPUT, "%s and %s are both set: use only one of them", key, other);
    out->key = value != NULL ? key : second != NULL ? other : NULL;
    const json_t *found = value != NULL ? value : second;
    out->text = json_string_value(found);
    if (found != NULL && out->text == NULL)
        return error_set(
            err, ERROR_INPUT, "%s must be a string, not %s", out->key, json_kind(found));
    return 0;
}

/* Whether length bytes can be the name of an object.
 * Source: Kubernetes, "Object Names and IDs", DNS label names and subdomain names. */
static bool is_name(const char *text, size_t length, size_t most, bool dots)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    if (length == 0 || length > most || text[0] == '-' || text[length - 1] == '-' ||
        text[0] == '.' || text[length - 1] == '.')
        return false;
    for (size_t i = 0; i < length; i++) {
        bool allowed =
            strchr(letters, text[i]) != NULL || text[i] == '-' || (dots && text[i] == '.');
        if (!allowed)
            return false;
    }
    return true;
}

int controller_annotation_read_from(
    const char *text, const char *otherwise, char **namespace, char **name, struct error **err)
{
    const char *slash = strchr(text, '/');
    size_t length = slash != NULL ? (size_t)(slash - text) : 0;
    const char *last = slash != NULL ? slash + 1 : text;
    if ((slash != NULL && !is_name(text, length, MOST_NAMESPACE_BYTES, false)) ||
        !is_name(last, strlen(last), MOST_NAME_BYTES, true)) {
        auto_free char *shown = text_printable(text, strlen(text), MOST_NAME_BYTES);
        return error_set(err, ERROR_INPUT,
            "must be NAMESPACE/NAME of a DataSource, such as golden/fedora, not \"%s\"", shown);
    }
    *namespace = slash != NULL ? xstrndup(text, length) : xstrdup(otherwise);
    *name = xstrdup(last);
    return 0;
}

bool controller_annotation_is_complete(const json_t *vm)
{
    const json_t *labels = json_pointer_get(vm, "/metadata/labels");
    return json_is_string(json_object_get(labels, CONTROLLER_APPLIANCE_LABEL)) &&
           json_object_size(json_pointer_get(vm, "/spec/template")) > 0;
}
