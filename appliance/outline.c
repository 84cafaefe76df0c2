#include "appliance/outline.h"

#include <limits.h>
#include <string.h>

#include "appliance/source.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml_dump.h"

#define DOMAIN "/spec/template/spec/domain"

/* Deletes the members of an object that is_dropped is true of, and null ones. */
static void filter(json_t *object, bool (*is_dropped)(const char *key))
{
    const char *key = NULL;
    void *next = NULL;
    json_t *value = NULL;
    json_object_foreach_safe (object, next, key, value) {
        if (json_is_null(value) || is_dropped(key))
            json_object_del(object, key);
    }
}

/* Deletes a member if it is an empty object. */
static void drop_empty(json_t *object, const char *key)
{
    const json_t *member = json_object_get(object, key);
    if (json_is_object(member) && json_object_size(member) == 0)
        json_object_del(object, key);
}

static bool is_server_annotation(const char *key)
{
    return streq(key, "kubectl.kubernetes.io/last-applied-configuration") ||
           text_ends_with(key, "observed-api-version") ||
           text_starts_with(key, "restore.kubevirt.io/") ||
           text_starts_with(key, "kubemacpool.io/");
}

static bool is_server_field(const char *key)
{
    static const char *const kept[] = {"name", "labels", "annotations"};
    return text_index(key, kept, ARRAY_SIZE(kept)) < 0;
}

static bool is_origin(const char *key)
{
    return text_starts_with(key, APPLIANCE_PREFIX) || text_starts_with(key, APPLIANCE_OTHER_PREFIX);
}

/* Cleans the metadata of an object, and deletes what is empty then. */
static void clean_metadata(json_t *object)
{
    json_t *metadata = json_object_get(object, "metadata");
    filter(metadata, is_server_field);
    filter(json_object_get(metadata, "annotations"), is_server_annotation);
    drop_empty(metadata, "annotations");
    drop_empty(object, "metadata");
}

json_t *appliance_outline_make(const json_t *vm)
{
    static const char *const members[] = {"metadata", "spec"};
    json_t *out = json_pack("{s:s, s:s}", "apiVersion", "kubevirt.io/v1", "kind", "VirtualMachine");
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        const json_t *member = json_object_get(vm, members[i]);
        if (json_is_object(member))
            json_object_set_new(out, members[i], json_deep_copy(member));
    }
    size_t index = 0;
    json_t *template = NULL;
    clean_metadata(out);
    clean_metadata(json_pointer_get(out, "/spec/template"));
    json_array_foreach (json_pointer_get(out, "/spec/dataVolumeTemplates"), index, template) {
        clean_metadata(template);
        json_object_del(template, "status");
    }
    json_object_del(json_pointer_get(out, "/spec/instancetype"), "revisionName");
    json_object_del(json_pointer_get(out, "/spec/preference"), "revisionName");
    return out;
}

/* Deletes a member of the object at pointer, with a warning; then the object, if it is empty. */
static void drop(json_t *vm, const char *pointer, const char *key, struct findings *findings)
{
    json_t *object = json_pointer_get(vm, pointer);
    auto_free char *place = json_pointer_join(pointer, key);
    const char *text = json_get_string(object, key);
    if (text != NULL && text[0] != '\0')
        findings_warning(findings, place, "is dropped: it identifies one machine");
    if (json_object_del(object, key) < 0 || json_object_size(object) > 0)
        return;
    const char *last = strrchr(pointer, '/');
    auto_free char *parent = xstrndup(pointer, (size_t)(last - pointer));
    json_object_del(json_pointer_get(vm, parent), last + 1);
}

void appliance_outline_drop_identity(json_t *vm, struct findings *findings)
{
    static const struct {
        const char *pointer;
        const char *key;
    } fields[] = {
        {DOMAIN "/firmware", "uuid"},
        {DOMAIN "/firmware", "serial"},
        {DOMAIN "/chassis", "serial"},
        {DOMAIN "/chassis", "asset"},
    };
    size_t index = 0;
    json_t *interface = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        drop(vm, fields[i].pointer, fields[i].key, findings);
    json_array_foreach (json_pointer_get(vm, DOMAIN "/devices/interfaces"), index, interface)
        json_object_del(interface, "macAddress");
    json_t *volumes = json_pointer_get(vm, "/spec/template/spec/volumes");
    for (size_t i = json_array_size(volumes); i > 0; i--) {
        if (json_object_get(json_array_get(volumes, i - 1), "memoryDump") != NULL)
            json_array_remove(volumes, i - 1);
    }
}

void appliance_outline_drop_host_name(json_t *vm, const char *vm_name, struct findings *findings)
{
    json_t *spec = json_pointer_get(vm, "/spec/template/spec");
    const char *name = json_get_string(spec, "hostname");
    if (name != NULL && !streq(name, vm_name))
        findings_warning(findings, "/spec/template/spec/hostname",
            "is dropped: each VM is called by its own name");
    json_object_del(spec, "hostname");
}

static void drop_origin_of(json_t *object)
{
    json_t *metadata = json_object_get(object, "metadata");
    filter(json_object_get(metadata, "labels"), is_origin);
    filter(json_object_get(metadata, "annotations"), is_origin);
    drop_empty(metadata, "labels");
    drop_empty(metadata, "annotations");
    drop_empty(object, "metadata");
}

void appliance_outline_drop_origin(json_t *vm)
{
    drop_origin_of(vm);
    drop_origin_of(json_pointer_get(vm, "/spec/template"));
}

json_t *appliance_outline_claim(const json_t *volume, const char **key)
{
    json_t *data_volume = json_object_get(volume, "dataVolume");
    *key = json_is_object(data_volume) ? "name" : "claimName";
    json_t *owner = json_is_object(data_volume) ? data_volume
                                                : json_object_get(volume, "persistentVolumeClaim");
    return json_get_string(owner, *key) != NULL ? owner : NULL;
}

bool appliance_outline_is_shared(const json_t *claim)
{
    size_t index = 0;
    json_t *mode = NULL;
    json_array_foreach (json_pointer_get(claim, "/spec/accessModes"), index, mode) {
        const char *text = text_or(json_string_value(mode), "");
        if (streq(text, "ReadWriteMany") || streq(text, "ReadOnlyMany"))
            return true;
    }
    return false;
}

json_t *appliance_outline_template(const json_t *vm, const char *name, size_t *index)
{
    size_t i = 0;
    json_t *template = NULL;
    json_array_foreach (json_pointer_get(vm, "/spec/dataVolumeTemplates"), i, template) {
        const char *own = json_get_string(json_object_get(template, "metadata"), "name");
        if (own == NULL || !streq(own, name))
            continue;
        if (index != NULL)
            *index = i;
        return template;
    }
    return NULL;
}

/* The place of a disk in the order of starting; INT_MAX if it does not say, or is a CD-ROM. */
static json_int_t boot_order(const json_t *disk)
{
    const json_t *order = json_object_get(disk, "bootOrder");
    return json_is_integer(order) ? json_integer_value(order) : INT_MAX;
}

const char *appliance_outline_root(const json_t *vm)
{
    const json_t *volumes = json_pointer_get(vm, "/spec/template/spec/volumes");
    const char *root = NULL;
    const char *key = NULL;
    json_int_t least = 0;
    size_t index = 0;
    json_t *one = NULL;
    json_array_foreach (json_pointer_get(vm, DOMAIN "/devices/disks"), index, one) {
        const char *name = json_get_string(one, "name");
        const json_t *volume = name != NULL ? json_item_named(volumes, name, NULL) : NULL;
        if (json_is_object(json_object_get(one, "cdrom")) ||
            appliance_outline_claim(volume, &key) == NULL)
            continue;
        if (root == NULL || boot_order(one) < least) {
            root = name;
            least = boot_order(one);
        }
    }
    if (root != NULL)
        return root;
    json_array_foreach (volumes, index, one) {
        if (appliance_outline_claim(one, &key) != NULL)
            return json_get_string(one, "name");
    }
    return NULL;
}

void appliance_outline_follow_name(json_t *vm, const char *name, const char *parameter)
{
    static const char *const keys[] = {
        "kubevirt.io/domain", "kubevirt.io/vm", "vm.kubevirt.io/name"};
    json_t *labels = json_pointer_get(vm, "/spec/template/metadata/labels");
    auto_free char *reference = xasprintf("${%s}", parameter);
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        const char *value = json_get_string(labels, keys[i]);
        if (value != NULL && streq(value, name))
            json_object_set_new(labels, keys[i], json_string(reference));
    }
}

void appliance_outline_annotate(json_t *annotations, const char *key, const json_t *value,
    const char *pointer, struct findings *findings)
{
    auto_error struct error *error = NULL;
    auto_free char *text = yaml_dump(value, &error);
    if (text == NULL)
        findings_error(findings, pointer, "%s", error->message);
    else if (json_array_size(value) > APPLIANCE_MAX_PARAMETERS)
        findings_error(findings, pointer, "has %zu parameters; at most %d are allowed",
            json_array_size(value), APPLIANCE_MAX_PARAMETERS);
    else if (strlen(text) > APPLIANCE_MAX_BYTES)
        findings_error(findings, pointer, "has %zu bytes in the annotation; at most %d are allowed",
            strlen(text), APPLIANCE_MAX_BYTES);
    else
        json_object_set_new(annotations, key, json_string(text));
}
