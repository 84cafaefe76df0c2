#include "appliance/volumes.h"

#include <string.h>

#include "appliance/identity.h"
#include "appliance/name.h"
#include "base/json.h"
#include "base/text.h"

#define TEMPLATES "/spec/dataVolumeTemplates"
#define VOLUMES "/spec/template/spec/volumes"

enum {
    MAX_STEPS = 16, /* from DataSource to DataSource */
    LONGEST_SHOWN = 100,
};

json_t *appliance_volumes_claim(json_t *volume, const char **key)
{
    static const struct {
        const char *pointer;
        const char *key;
    } rows[] = {
        {"/dataVolume", "name"},
        {"/persistentVolumeClaim", "claimName"},
        {"/ephemeral/persistentVolumeClaim", "claimName"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        json_t *object = json_pointer_get(volume, rows[i].pointer);
        *key = rows[i].key;
        if (json_get_string(object, rows[i].key) != NULL)
            return object;
    }
    return NULL;
}

static const char *template_name(const json_t *template)
{
    return json_get_string(json_object_get(template, "metadata"), "name");
}

json_t *appliance_volumes_template(const struct appliance_draft *draft, const char *name)
{
    size_t i = 0;
    json_t *template = NULL;
    json_array_foreach (appliance_draft_get(draft, TEMPLATES), i, template) {
        const char *own = template_name(template);
        if (own != NULL && streq(own, name))
            return template;
    }
    return NULL;
}

/* The new names of the templates by their old ones. A disk of two volumes is warned of. New
 * reference. */
static json_t *new_names(struct appliance_draft *draft)
{
    json_t *names = json_object();
    size_t i = 0;
    json_t *volume = NULL;
    json_array_foreach (appliance_draft_get(draft, VOLUMES), i, volume) {
        const char *key = NULL;
        const json_t *claim = appliance_volumes_claim(volume, &key);
        const char *old = json_get_string(claim, key);
        const char *name = json_get_string(volume, "name");
        if (old == NULL || name == NULL || appliance_volumes_template(draft, old) == NULL)
            continue;
        if (json_object_get(names, old) == NULL) {
            auto_free char *made = appliance_name_join(draft->request->name, name);
            json_object_set_new(names, old, json_string(made));
            continue;
        }
        auto_free char *pointer = xasprintf(VOLUMES "/%zu", i);
        appliance_draft_say(draft, FINDING_WARNING, pointer,
            "has the disk of another volume, too, which a guest can have twice only as shareable");
    }
    return names;
}

/* Sets a name that the names have a new one for. Returns whether it is another one now. */
static bool rename_member(json_t *object, const char *key, const json_t *names)
{
    const char *old = json_get_string(object, key);
    json_t *made = old != NULL ? json_object_get(names, old) : NULL;
    if (made == NULL || streq(json_string_value(made), old))
        return false;
    json_object_set(object, key, made);
    return true;
}

/* Fills in the namespace of a claim or snapshot that is cloned. */
static void complete_source(const struct appliance_draft *draft, const json_t *source)
{
    static const char *const kinds[] = {"pvc", "snapshot"};
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        json_t *of = json_object_get(source, kinds[i]);
        const char *namespace = json_get_string(of, "namespace");
        if (json_is_object(of) && (namespace == NULL || namespace[0] == '\0'))
            json_object_set_new(of, "namespace", json_string(draft->source->object->namespace));
    }
}

static bool is_absent(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return value == NULL || json_is_null(value);
}

static void complete_spec(const struct appliance_draft *draft, json_t *spec)
{
    const struct appliance_object *from = draft->source->object;
    if (is_absent(spec, "source") && is_absent(spec, "sourceRef"))
        json_object_set_new(spec, "sourceRef", json_object());
    json_t *reference = json_object_get(spec, "sourceRef");
    if (json_is_object(reference)) {
        const char *namespace = json_get_string(reference, "namespace");
        if (is_absent(reference, "kind"))
            json_object_set_new(reference, "kind", json_string("DataSource"));
        if (is_absent(reference, "name"))
            json_object_set_new(reference, "name", json_string(from->name));
        if (namespace == NULL || namespace[0] == '\0')
            json_object_set_new(reference, "namespace", json_string(from->namespace));
    }
    complete_source(draft, json_object_get(spec, "source"));
    if (is_absent(spec, "storage") && is_absent(spec, "pvc"))
        json_object_set_new(spec, "storage", json_object());
}

/* Completes a template; names are the new ones. */
static void complete_template(
    struct appliance_draft *draft, size_t index, json_t *template, const json_t *names)
{
    json_t *metadata = json_object_get(template, "metadata");
    auto_free char *old = xstrdup(text_or(json_get_string(metadata, "name"), ""));
    appliance_identity_drop_metadata(metadata);
    json_object_set_new(metadata, "name", json_string(old));
    json_object_del(template, "status");
    if (is_absent(template, "spec"))
        json_object_set_new(template, "spec", json_object());
    complete_spec(draft, json_object_get(template, "spec"));
    if (!rename_member(metadata, "name", names))
        return;
    const char *made = json_get_string(metadata, "name");
    auto_free char *usual = appliance_name_join(draft->request->name, old);
    if (streq(made, usual))
        return; /* a disk with the name of its volume is meant to get the VM's before it */
    auto_free char *old_shown = text_printable(old, strlen(old), LONGEST_SHOWN);
    auto_free char *made_shown = text_printable(made, strlen(made), LONGEST_SHOWN);
    auto_free char *pointer = xasprintf(TEMPLATES "/%zu/metadata/name", index);
    appliance_draft_say(draft, FINDING_WARNING, pointer,
        "\"%s\" becomes \"%s\", so that each VM has disks of its own (as KubeVirt's restore names "
        "them with PrefixTargetName: {vm}-{volume})",
        old_shown, made_shown);
}

void appliance_volumes_complete(struct appliance_draft *draft)
{
    auto_json json_t *names = new_names(draft);
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach (appliance_draft_get(draft, VOLUMES), i, item) {
        const char *key = NULL;
        json_t *claim = appliance_volumes_claim(item, &key);
        rename_member(claim, key, names);
    }
    json_array_foreach (appliance_draft_get(draft, TEMPLATES), i, item)
        complete_template(draft, i, item, names);
}

static void add_right(struct appliance_draft *draft, const char *namespace)
{
    struct appliance_completion *out = draft->out;
    if (streq(namespace, draft->request->namespace))
        return;
    for (size_t i = 0; i < out->right_count; i++) {
        if (streq(out->rights[i].namespace, namespace))
            return;
    }
    out->rights = xreallocarray(out->rights, out->right_count + 1, sizeof(*out->rights));
    out->rights[out->right_count++].namespace = xstrdup(namespace);
}

/* The namespace of the claim or snapshot that a source or a DataSource is in the end: CDI asks for
 * rights there. fallback is that of what refers to it. Borrowed. */
static const char *origin_of(
    struct appliance_objects *objects, const json_t *spec, const char *fallback)
{
    const char *namespace = fallback;
    for (int step = 0; step < MAX_STEPS; step++) {
        const json_t *source = json_object_get(spec, "source");
        const json_t *reference = json_object_get(spec, "sourceRef");
        if (!json_is_object(reference))
            reference = json_object_get(source, "dataSource");
        const json_t *of = json_object_get(source, "pvc");
        if (!json_is_object(of))
            of = json_object_get(source, "snapshot");
        if (json_is_object(of))
            return text_or(json_get_string(of, "namespace"), namespace);
        const char *name = json_get_string(reference, "name");
        if (name == NULL)
            return step > 0 ? namespace : NULL;
        namespace = text_or(json_get_string(reference, "namespace"), namespace);
        const struct appliance_object *found =
            appliance_objects_find(objects, APPLIANCE_DATA_SOURCE, namespace, name);
        if (found == NULL)
            return namespace;
        spec = json_object_get(found->value, "spec");
    }
    return namespace;
}

void appliance_volumes_find_rights(struct appliance_draft *draft)
{
    size_t i = 0;
    const json_t *template = NULL;
    json_array_foreach (appliance_draft_get(draft, TEMPLATES), i, template) {
        const json_t *spec = json_object_get(template, "spec");
        const char *namespace = origin_of(draft->objects, spec, draft->request->namespace);
        if (namespace != NULL)
            add_right(draft, namespace);
    }
}
