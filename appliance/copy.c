#include "appliance/copy.h"

#include <string.h>

#include "appliance/name.h"
#include "appliance/outline.h"
#include "base/json.h"
#include "base/text.h"

#define VOLUMES "/spec/template/spec/volumes"

/* A copy in the making. */
struct copy {
    const struct appliance_object *from; /* borrowed */
    const char *name; /* of the new VM; borrowed */
    struct appliance_objects *objects; /* borrowed */
    struct findings *findings; /* about the old VM; borrowed */
    json_t *vm;
    json_t *templates; /* of the new VM; those that are used */
    json_t *needed;
};

static bool is_file_system(const json_t *vm, const char *volume)
{
    const json_t *all = json_pointer_get(vm, "/spec/template/spec/domain/devices/filesystems");
    return json_item_named(all, volume, NULL) != NULL;
}

/* A template that copies a claim, with the storage of the old one. New reference. */
static json_t *copy_template(
    const struct copy *copy, const char *claim, const char *name, const json_t *old)
{
    json_t *spec = json_pack(
        "{s:{s:{s:s, s:s}}}", "source", "pvc", "name", claim, "namespace", copy->from->namespace);
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach ((json_t *)json_object_get(old, "spec"), key, value) {
        if (!streq(key, "source") && !streq(key, "sourceRef"))
            json_object_set(spec, key, value);
    }
    if (json_object_get(spec, "storage") == NULL && json_object_get(spec, "pvc") == NULL)
        json_object_set_new(spec, "storage", json_object());
    return json_pack("{s:{s:s}, s:o}", "metadata", "name", name, "spec", spec);
}

static void copy_disk(struct copy *copy, json_t *volume, const char *volume_name)
{
    const char *key = NULL;
    json_t *owner = appliance_outline_claim(volume, &key);
    if (owner == NULL)
        return;
    auto_free char *claim = xstrdup(json_get_string(owner, key));
    const json_t *old = appliance_outline_template(copy->vm, claim, NULL);
    const struct appliance_object *object =
        appliance_objects_find(copy->objects, APPLIANCE_CLAIM, copy->from->namespace, claim);
    bool is_shared = is_file_system(copy->vm, volume_name) ||
                     (old == NULL && object != NULL && appliance_outline_is_shared(object->value));
    if (is_shared) {
        json_object_del(volume, "dataVolume");
        json_object_set_new(
            volume, "persistentVolumeClaim", json_pack("{s:s}", "claimName", claim));
        return;
    }
    auto_free char *name = appliance_name_join(copy->name, volume_name);
    json_array_append_new(copy->templates, copy_template(copy, claim, name, old));
    json_object_set_new(owner, key, json_string(name));
}

/* Copies the Secret that has a volume's user data; owner is what refers to it. */
static void copy_secret(struct copy *copy, json_t *owner, const char *volume, const char *pointer)
{
    const char *old = json_get_string(owner, "name");
    if (old == NULL)
        return;
    const struct appliance_object *secret =
        appliance_objects_find(copy->objects, APPLIANCE_SECRET, copy->from->namespace, old);
    if (secret == NULL) {
        findings_warning(copy->findings, pointer,
            "the Secret %s is not among the files: both VMs use it (give its manifest with -f)",
            old);
        return;
    }
    auto_free char *name = appliance_name_join(copy->name, volume);
    json_t *made = json_pack("{s:s, s:s, s:{s:s, s:s}}", "apiVersion", "v1", "kind", "Secret",
        "metadata", "name", name, "namespace", copy->from->namespace);
    static const char *const members[] = {"type", "data", "stringData"};
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        json_t *member = json_object_get(secret->value, members[i]);
        if (member != NULL)
            json_object_set(made, members[i], member);
    }
    json_array_append_new(copy->needed, made);
    json_object_set_new(owner, "name", json_string(name));
}

static void copy_volume(struct copy *copy, json_t *volume, size_t index)
{
    static const char *const sources[] = {"cloudInitNoCloud", "cloudInitConfigDrive"};
    const char *name = json_get_string(volume, "name");
    if (name == NULL)
        return;
    copy_disk(copy, volume, name);
    for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
        auto_free char *pointer = xasprintf(VOLUMES "/%zu/%s/secretRef", index, sources[i]);
        copy_secret(
            copy, json_object_get(json_object_get(volume, sources[i]), "secretRef"), name, pointer);
    }
}

/* Has the labels by which people find a VM by its name say the new one. */
static void set_labels(struct copy *copy)
{
    static const char *const keys[] = {
        "kubevirt.io/domain", "kubevirt.io/vm", "vm.kubevirt.io/name"};
    json_t *labels = json_pointer_get(copy->vm, "/spec/template/metadata/labels");
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        const char *value = json_get_string(labels, keys[i]);
        if (value != NULL && streq(value, copy->from->name))
            json_object_set_new(labels, keys[i], json_string(copy->name));
    }
}

/* The metadata of the new VM. New reference. */
static json_t *new_metadata(const struct copy *copy)
{
    json_t *metadata =
        json_pack("{s:s, s:s}", "name", copy->name, "namespace", copy->from->namespace);
    json_object_update_missing(metadata, json_object_get(copy->vm, "metadata"));
    return metadata;
}

json_t *appliance_copy_make(const struct appliance_object *vm, const char *name,
    struct appliance_objects *objects, json_t **needed, struct appliance_report *report)
{
    auto_json json_t *outline = appliance_outline_make(vm->value);
    auto_json json_t *templates = json_array();
    struct copy copy = {
        .from = vm,
        .name = name,
        .objects = objects,
        .findings = appliance_report_about(report, vm, NULL),
        .vm = outline,
        .templates = templates,
        .needed = json_array(),
    };
    size_t index = 0;
    json_t *volume = NULL;
    *needed = copy.needed;
    appliance_outline_drop_identity(outline, copy.findings);
    appliance_outline_drop_host_name(outline, vm->name, copy.findings);
    json_array_foreach (json_pointer_get(outline, VOLUMES), index, volume)
        copy_volume(&copy, volume, index);
    set_labels(&copy);
    json_t *spec = json_object_get(outline, "spec");
    if (json_array_size(templates) > 0)
        json_object_set(spec, "dataVolumeTemplates", templates);
    else
        json_object_del(spec, "dataVolumeTemplates");
    json_object_set_new(outline, "metadata", new_metadata(&copy));
    return appliance_report_errors(report) == 0 ? steal(&outline) : NULL;
}
