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

static json_t *build(
    const char *line, size_t length, const char *const *keep, struct json_fault *fault, char **why)
{
    struct json_limits limits = kube_object_limits(keep);
    auto_error struct error *err = NULL;
    limits.within = "object";
    json_t *event = json_build(line, length, &limits, fault, &err);
    if (event == NULL)
        *why = xstrdup(err->message);
    return event;
}

void kube_watch_read(const struct kube_resource *resource, const char *const *keep,
    const char *line, size_t length, struct kube_watch_read *out)
{
    static const char *const types[] = {
        [KUBE_ADDED] = "ADDED",
        [KUBE_MODIFIED] = "MODIFIED",
        [KUBE_DELETED] = "DELETED",
        [KUBE_BOOKMARK] = "BOOKMARK",
    };
    static const char *const stub[] = {"/metadata/name", "/metadata/namespace", "/metadata/uid",
        "/metadata/resourceVersion", "/code", "/reason", "/message", NULL};
    *out = (struct kube_watch_read){.line = KUBE_LINE_EVENT};
    struct json_fault fault;
    auto_free char *unreadable = NULL;
    auto_free char *unreadable_stub = NULL;
    auto_json json_t *event = build(line, length, keep, &fault, &unreadable);
    if (event == NULL && fault.line > 0) {
        skip(out, "its line of %zu bytes is not JSON (column %zu)", length, fault.column);
        return;
    }
    bool is_error = streq(text_or(json_get_string(event, "type"), ""), "ERROR");
    if (event == NULL || is_error) {
        json_decref(event);
        event = build(line, length, stub, &fault, &unreadable_stub);
    }
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
    /* that it was deleted is all there is to know of a bad object */
    if (unreadable != NULL && out->line == KUBE_LINE_EVENT && out->type != KUBE_DELETED) {
        out->line = KUBE_LINE_UNREADABLE;
        out->why = steal(&unreadable);
    }
}

void kube_watch_read_clear(struct kube_watch_read *read)
{
    json_decref(read->object);
    free(read->why);
}
