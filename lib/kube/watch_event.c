#include "kube/watch_event.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "kube/list.h"

enum { LONGEST_SHOWN = 100 };

static void skip(struct kube_watch_read *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void skip(struct kube_watch_read *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    out->line = KUBE_LINE_SKIPPED;
    out->why = xvasprintf(format, args);
    va_end(args);
}

/* The name of a metadata string that is missing or not a string, or NULL. */
static const char *missing_member(
    const struct kube_resource *resource, enum kube_event_type type, const json_t *object)
{
    if (kube_resource_version(object)[0] == '\0')
        return "resourceVersion";
    if (type == KUBE_BOOKMARK)
        return NULL;
    if (kube_name(object)[0] == '\0')
        return "name";
    return resource->namespaced && kube_namespace(object)[0] == '\0' ? "namespace" : NULL;
}

static void read_object(const struct kube_resource *resource, const char *name,
    const json_t *object, struct kube_watch_read *out)
{
    auto_free char *key = kube_key(object);
    auto_free char *shown = text_printable(key, strlen(key), LONGEST_SHOWN);
    if (!json_is_object(object)) {
        skip(out, "its object is %s", object != NULL ? json_kind(object) : "missing");
        return;
    }
    const char *missing = missing_member(resource, out->type, object);
    if (missing != NULL)
        skip(out, "%s %s \"%s\": metadata.%s is missing or not a string", name, resource->plural,
            shown, missing);
}

/* An event whose object cannot be built: what it is called can, and what has happened to it. That it
 * was deleted is all there is to know then. */
static json_t *read_names(const char *line, size_t length)
{
    static const char *const keep[] = {"/type", "/object/metadata/name",
        "/object/metadata/namespace", "/object/metadata/resourceVersion", NULL};
    static const struct json_limits limits = {.nodes = 8, .bytes = 4096, .depth = 3, .keep = keep};
    return json_build(line, length, &limits, NULL, NULL);
}

void kube_watch_read(const struct kube_resource *resource, const char *line, size_t length,
    struct kube_watch_read *out)
{
    static const char *const types[] = {
        [KUBE_ADDED] = "ADDED",
        [KUBE_MODIFIED] = "MODIFIED",
        [KUBE_DELETED] = "DELETED",
        [KUBE_BOOKMARK] = "BOOKMARK",
    };
    *out = (struct kube_watch_read){.line = KUBE_LINE_EVENT};
    struct json_fault fault;
    auto_error struct error *err = NULL;
    auto_json json_t *event = json_build(line, length, &kube_object_limits, &fault, &err);
    if (event == NULL && fault.line > 0) {
        skip(out, "its line of %zu bytes is not JSON (column %zu)", length, fault.column);
        return;
    }
    bool unreadable = event == NULL;
    if (unreadable)
        event = read_names(line, length);
    const char *name = json_get_string(event, "type");
    json_t *object = json_object_get(event, "object");
    if (name == NULL) {
        skip(out, "its type is missing or not a string");
        return;
    }
    int type = text_index(name, types, ARRAY_SIZE(types));
    out->object = json_incref(object);
    if (streq(name, "ERROR")) {
        out->line = KUBE_LINE_ERROR;
    } else if (type < 0) {
        auto_free char *shown = text_printable(name, strlen(name), LONGEST_SHOWN);
        skip(out, "its type \"%s\" is unknown", shown);
    } else {
        out->type = (enum kube_event_type)type;
        read_object(resource, name, object, out);
    }
    if (unreadable && out->line == KUBE_LINE_EVENT && out->type != KUBE_DELETED) {
        out->line = KUBE_LINE_UNREADABLE;
        out->why = xstrdup(err->message);
    }
}

void kube_watch_read_clear(struct kube_watch_read *read)
{
    json_decref(read->object);
    free(read->why);
}
