#include "appliance/publish_disks.h"

#include <stdlib.h>

#include "appliance/outline.h"
#include "appliance/publish_owned.h"
#include "appliance/source.h"
#include "base/json.h"
#include "base/text.h"

/* A volume that names a claim. */
struct volume {
    const char *name;
    char *pointer; /* in the VM; owned */
    char *claim; /* owned */
    json_t *value;
    json_t *template; /* that of the claim; NULL: it has none */
};

static json_t *templates_of(const struct appliance_publish_draft *draft)
{
    json_t *spec = json_object_get(draft->vm, "spec");
    json_t *templates = json_object_get(spec, "dataVolumeTemplates");
    if (json_is_array(templates))
        return templates;
    templates = json_array();
    json_object_set_new(spec, "dataVolumeTemplates", templates);
    return templates;
}

/* Whether a file system of the VM is this volume. */
static bool is_file_system(const struct appliance_publish_draft *draft, const char *volume)
{
    const json_t *file_systems =
        json_pointer_get(draft->vm, "/spec/template/spec/domain/devices/filesystems");
    return json_item_named(file_systems, volume, NULL) != NULL;
}

/* The spec of a template: what it is made from, and what was said of its storage. New reference. */
static json_t *template_spec(const json_t *old, const char *source_key, json_t *take_source)
{
    json_t *spec = json_object();
    const char *key = NULL;
    json_t *value = NULL;
    json_object_set_new(spec, source_key, take_source);
    json_object_foreach ((json_t *)old, key, value) {
        if (!streq(key, "source") && !streq(key, "sourceRef"))
            json_object_set(spec, key, value);
    }
    if (json_object_get(spec, "storage") == NULL && json_object_get(spec, "pvc") == NULL)
        json_object_set_new(spec, "storage", json_object());
    return spec;
}

/* Has the volume refer to the template of this name. */
static void refer(const struct volume *volume, const char *template)
{
    static const char hotpluggable[] = "hotpluggable";
    const char *key = NULL;
    auto_json json_t *old = json_incref(appliance_outline_claim(volume->value, &key));
    json_t *data_volume = json_pack("{s:s}", "name", template);
    if (json_object_get(old, hotpluggable) != NULL)
        json_object_set(data_volume, hotpluggable, json_object_get(old, hotpluggable));
    json_object_del(volume->value, "persistentVolumeClaim");
    json_object_del(volume->value, "dataVolume");
    json_object_set_new(volume->value, "dataVolume", data_volume);
}

/* Sets the template of a volume, the old one in its place, and has the volume refer to it. */
static void set_template(
    struct appliance_publish_draft *draft, const struct volume *volume, json_t *take_spec)
{
    if (volume->template != NULL) {
        json_object_set_new(volume->template, "spec", take_spec);
        json_object_set_new(
            json_object_get(volume->template, "metadata"), "name", json_string(volume->name));
    } else {
        json_array_append_new(templates_of(draft),
            json_pack("{s:{s:s}, s:o}", "metadata", "name", volume->name, "spec", take_spec));
    }
    refer(volume, volume->name);
}

static void publish_root(struct appliance_publish_draft *draft, const struct volume *volume)
{
    const struct appliance_publish_request *request = draft->request;
    const json_t *old = json_object_get(volume->template, "spec");
    json_decref(draft->source);
    draft->source =
        json_pack("{s:{s:s, s:s}}", "pvc", "name", volume->claim, "namespace", draft->vm_namespace);
    set_template(draft, volume,
        template_spec(old, "sourceRef",
            json_pack("{s:s, s:s, s:s}", "kind", "DataSource", "name", request->name, "namespace",
                request->namespace)));
}

/* A template that copies the volume's claim. */
static void copy_claim(struct appliance_publish_draft *draft, const struct volume *volume)
{
    const json_t *old = json_object_get(volume->template, "spec");
    set_template(draft, volume,
        template_spec(old, "source",
            json_pack(
                "{s:{s:s, s:s}}", "pvc", "name", volume->claim, "namespace", draft->vm_namespace)));
}

/* The claim among the objects, or NULL; it is then copied or referred to. */
static const struct appliance_object *find_claim(
    const struct appliance_publish_draft *draft, const struct volume *volume)
{
    return appliance_objects_find(
        draft->objects, APPLIANCE_CLAIM, draft->vm_object->namespace, volume->claim);
}

static bool is_elsewhere(const struct appliance_publish_draft *draft)
{
    return !streq(draft->vm_namespace, draft->request->namespace);
}

/* A disk whose claim has no template. */
static void publish_claim(struct appliance_publish_draft *draft, const struct volume *volume)
{
    const struct appliance_object *claim = find_claim(draft, volume);
    bool is_referred = is_file_system(draft, volume->name) ||
                       (claim != NULL && appliance_outline_is_shared(claim->value));
    if (is_elsewhere(draft)) {
        findings_warning(draft->findings, volume->pointer,
            "the claim %s is of the namespace %s, so that the DataSource cannot own it: it must "
            "stay there for as long as the appliance is used",
            volume->claim, draft->vm_namespace);
        copy_claim(draft, volume);
        return;
    }
    if (claim != NULL)
        appliance_publish_own(draft, claim);
    else
        findings_warning(draft->findings, volume->pointer,
            "the PersistentVolumeClaim %s is not among the files: the DataSource does not own it "
            "(give its manifest with -f)",
            volume->claim);
    if (!is_referred) {
        copy_claim(draft, volume);
        return;
    }
    /* a DataVolume's claim has its name */
    json_object_del(volume->value, "dataVolume");
    if (json_object_get(volume->value, "persistentVolumeClaim") == NULL)
        json_object_set_new(
            volume->value, "persistentVolumeClaim", json_pack("{s:s}", "claimName", volume->claim));
}

/* A disk other than the root disk that has a template: with its content if its claim is given. */
static void publish_template(struct appliance_publish_draft *draft, const struct volume *volume)
{
    json_t *spec = json_object_get(volume->template, "spec");
    const struct appliance_object *claim = find_claim(draft, volume);
    bool is_blank = json_pointer_get(spec, "/source/blank") != NULL;
    if (claim != NULL) {
        if (!is_elsewhere(draft))
            appliance_publish_own(draft, claim);
        copy_claim(draft, volume);
        return;
    }
    if (is_blank)
        findings_warning(draft->findings, volume->pointer,
            "the disk is empty in each VM (give the manifest of its claim, %s/%s, with -f to "
            "publish what is on it)",
            draft->vm_namespace, volume->claim);
    json_t *reference = json_object_get(spec, "sourceRef");
    if (json_is_object(reference) && json_get_string(reference, "namespace") == NULL)
        json_object_set_new(reference, "namespace", json_string(draft->vm_namespace));
    set_template(draft, volume, json_incref(spec));
}

static void publish_volume(
    struct appliance_publish_draft *draft, const struct volume *volume, const char *root)
{
    if (root != NULL && streq(volume->name, root))
        publish_root(draft, volume);
    else if (volume->template != NULL)
        publish_template(draft, volume);
    else
        publish_claim(draft, volume);
}

/* The index of the first volume with the same template, which may be its own. */
static size_t first_user(const struct volume *volumes, size_t index)
{
    size_t i = 0;
    while (volumes[index].template != NULL && i < index &&
           volumes[i].template != volumes[index].template)
        i++;
    return volumes[index].template != NULL ? i : index;
}

/* Those that name a claim. Returns how many; *out is owned by the caller, as are their pointers. */
static size_t find_volumes(const struct appliance_publish_draft *draft, struct volume **out)
{
    json_t *values = json_pointer_get(draft->vm, "/spec/template/spec/volumes");
    size_t count = 0;
    *out = xcalloc(json_array_size(values) + 1, sizeof(**out));
    for (size_t i = 0; i < json_array_size(values) && count < APPLIANCE_MAX_DISKS; i++) {
        json_t *value = json_array_get(values, i);
        const char *key = NULL;
        const json_t *owner = appliance_outline_claim(value, &key);
        const char *name = json_get_string(value, "name");
        if (owner == NULL || name == NULL)
            continue;
        const char *claim = json_get_string(owner, key);
        (*out)[count++] = (struct volume){
            .name = name,
            .pointer = xasprintf("/spec/template/spec/volumes/%zu", i),
            .claim = xstrdup(claim),
            .value = value,
            .template = appliance_outline_template(draft->vm, claim, NULL),
        };
    }
    return count;
}

void appliance_publish_disks(struct appliance_publish_draft *draft)
{
    struct volume *volumes = NULL;
    auto_free char *root = NULL;
    xstrset(&root, appliance_outline_root(draft->vm));
    size_t count = find_volumes(draft, &volumes);
    for (size_t i = 0; i < count; i++) {
        size_t first = first_user(volumes, i);
        if (first == i)
            publish_volume(draft, &volumes[i], root);
        else
            refer(&volumes[i], volumes[first].name);
    }
    if (json_array_size(json_pointer_get(draft->vm, "/spec/dataVolumeTemplates")) == 0)
        json_object_del(json_object_get(draft->vm, "spec"), "dataVolumeTemplates");
    for (size_t i = 0; i < count; i++) {
        free(volumes[i].pointer);
        free(volumes[i].claim);
    }
    free(volumes);
}
