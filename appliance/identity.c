#include "appliance/identity.h"

#include <string.h>

#include "appliance/name.h"
#include "base/json.h"
#include "base/text.h"

#define TEMPLATE "/spec/template"
#define DOMAIN TEMPLATE "/spec/domain"

enum { LABEL_MAX_BYTES = 63 };

/* Deletes the members that are null, at any depth: an API server refuses most of them. Recurses no
 * deeper than the value. */
static void drop_nulls(json_t *value)
{
    const char *key = NULL;
    void *next = NULL;
    json_t *inner = NULL;
    size_t i = 0;
    json_object_foreach_safe (value, next, key, inner) {
        if (json_is_null(inner))
            json_object_del(value, key);
        else
            drop_nulls(inner);
    }
    json_array_foreach (value, i, inner)
        drop_nulls(inner);
}

/* Deletes a member of the object at pointer; an object that is empty then is deleted from its own
 * one. */
static void drop(json_t *vm, const char *pointer, const char *key)
{
    json_t *object = json_pointer_get(vm, pointer);
    if (json_object_del(object, key) < 0 || json_object_size(object) > 0)
        return;
    const char *last = strrchr(pointer, '/');
    auto_free char *parent = xstrndup(pointer, (size_t)(last - pointer));
    json_object_del(json_pointer_get(vm, parent), last + 1);
}

/* Labels and annotations that say what a VM was restored from, or which appliance it was. */
static bool is_origin(const char *key)
{
    return text_starts_with(key, "restore.kubevirt.io/") ||
           text_starts_with(key, APPLIANCE_PREFIX) || text_starts_with(key, APPLIANCE_OTHER_PREFIX);
}

static bool is_server_annotation(const char *key)
{
    return is_origin(key) || text_ends_with(key, "observed-api-version") ||
           streq(key, "kubectl.kubernetes.io/last-applied-configuration");
}

/* Deletes those members that a predicate is true of, and null ones; then the object itself from
 * parent, if it is empty by this. */
static void filter(json_t *parent, const char *member, bool (*is_dropped)(const char *key))
{
    json_t *object = json_object_get(parent, member);
    const char *key = NULL;
    void *next = NULL;
    json_t *value = NULL;
    size_t before = json_object_size(object);
    json_object_foreach_safe (object, next, key, value) {
        if (json_is_null(value) || is_dropped(key))
            json_object_del(object, key);
    }
    if (before > 0 && json_object_size(object) == 0)
        json_object_del(parent, member);
}

/* Everything but labels and annotations: what a server fills in, and names, which are given anew. */
static bool is_server_field(const char *key)
{
    return !streq(key, "labels") && !streq(key, "annotations");
}

void appliance_identity_drop_metadata(json_t *metadata)
{
    const char *key = NULL;
    void *next = NULL;
    json_t *value = NULL;
    json_object_foreach_safe (metadata, next, key, value) {
        if (json_is_null(value) || is_server_field(key))
            json_object_del(metadata, key);
    }
    filter(metadata, "annotations", is_server_annotation);
    filter(metadata, "labels", is_origin);
}

/* The same for the metadata at pointer in the VM, which goes if it is empty then. */
static void drop_metadata(json_t *vm, const char *pointer)
{
    json_t *object = json_pointer_get(vm, pointer);
    appliance_identity_drop_metadata(json_object_get(object, "metadata"));
    if (json_object_size(json_object_get(object, "metadata")) == 0)
        json_object_del(object, "metadata");
}

static void drop_host_name(struct appliance_draft *draft)
{
    const json_t *spec = json_pointer_get(draft->vm, TEMPLATE "/spec");
    const char *name = json_get_string(spec, "hostname");
    if (name != NULL && name[0] != '\0')
        appliance_draft_say(draft, FINDING_WARNING, TEMPLATE "/spec/hostname",
            "is dropped: each VM is called by its own name");
    json_object_del(json_pointer_get(draft->vm, TEMPLATE "/spec"), "hostname");
}

void appliance_identity_drop(struct appliance_draft *draft)
{
    json_t *vm = draft->vm;
    size_t i = 0;
    json_t *interface = NULL;
    drop_nulls(vm);
    json_object_del(vm, "status");
    drop_metadata(vm, "");
    drop_metadata(vm, TEMPLATE);
    json_object_del(json_pointer_get(vm, "/spec/instancetype"), "revisionName");
    json_object_del(json_pointer_get(vm, "/spec/preference"), "revisionName");
    drop(vm, DOMAIN "/firmware", "uuid");
    drop(vm, DOMAIN "/firmware", "serial");
    json_array_foreach (json_pointer_get(vm, DOMAIN "/devices/interfaces"), i, interface)
        json_object_del(interface, "macAddress");
    drop_host_name(draft);
}

/* The DataSource's name as the value of a label, which has at most 63 bytes. Owned by the
 * caller. */
static char *label_value(const char *name)
{
    if (strlen(name) <= LABEL_MAX_BYTES)
        return xstrdup(name);
    /* cut and hashed, as the names of disks are */
    auto_free char *begin = xstrndup(name, LABEL_MAX_BYTES);
    return appliance_name_join(begin, name + LABEL_MAX_BYTES);
}

void appliance_identity_give(struct appliance_draft *draft)
{
    const struct appliance_object *from = draft->source->object;
    auto_free char *label = label_value(from->name);
    auto_free char *annotation = xasprintf("%s/%s", from->namespace, from->name);
    json_t *metadata = json_pack("{s:s, s:s, s:{}, s:{}}", "name", draft->request->name,
        "namespace", draft->request->namespace, "labels", "annotations");
    const json_t *old = json_object_get(draft->vm, "metadata");
    json_t *labels = json_object_get(metadata, "labels");
    json_t *annotations = json_object_get(metadata, "annotations");
    json_object_update(labels, json_object_get(old, "labels"));
    json_object_update(annotations, json_object_get(old, "annotations"));
    json_object_set_new(labels, APPLIANCE_PREFIX "name", json_string(label));
    json_object_set_new(annotations, APPLIANCE_PREFIX "from", json_string(annotation));
    /* in the order in which people write it */
    auto_json json_t *before = json_copy(draft->vm);
    json_object_clear(draft->vm);
    json_object_set(draft->vm, "apiVersion", json_object_get(before, "apiVersion"));
    json_object_set(draft->vm, "kind", json_object_get(before, "kind"));
    json_object_set_new(draft->vm, "metadata", metadata);
    json_object_update_missing(draft->vm, before);
}
