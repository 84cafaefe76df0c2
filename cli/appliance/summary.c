#include "cli/appliance/summary.h"

#include "base/json.h"
#include "base/text.h"

/* How many DataSources may refer to each other before they count as a circle. */
enum { CHAIN_MAX = 8 };

static const char labels_prefix[] = "instancetype.kubevirt.io/default-";

/* {"name", "kind", "inferFromVolume"} of the boilerplate, or what the labels say. New reference, or
 * NULL. */
static json_t *reference(const struct appliance_source *source, const char *what)
{
    const json_t *given = json_object_get(json_object_get(source->vm, "spec"), what);
    if (json_is_object(given))
        return json_pack("{s:s*, s:s*, s:s*}", "name", json_get_string(given, "name"), "kind",
            json_get_string(given, "kind"), "inferFromVolume",
            json_get_string(given, "inferFromVolume"));
    const json_t *labels = json_pointer_get(source->object->value, "/metadata/labels");
    auto_free char *key = xasprintf("%s%s", labels_prefix, what);
    auto_free char *kind_key = xasprintf("%s-kind", key);
    const char *name = json_get_string(labels, key);
    if (name == NULL)
        return NULL;
    return json_pack(
        "{s:s, s:s*, s:s}", "name", name, "kind", json_get_string(labels, kind_key), "label", key);
}

/* Something that disks are cloned from. */
struct origin {
    char *text; /* "PersistentVolumeClaim images/db-1"; owned */
    char *size; /* NULL: unknown; owned */
    char *namespace; /* where the right to clone is needed; NULL: nowhere; owned */
};

static void origin_clear(struct origin *origin)
{
    free(origin->text);
    free(origin->size);
    free(origin->namespace);
}

static const char *size_of(const struct appliance_object *object)
{
    static const char *const pointers[] = {"/status/capacity/storage", "/status/restoreSize",
        "/spec/resources/requests/storage", "/spec/storage/resources/requests/storage",
        "/spec/pvc/resources/requests/storage"};
    for (size_t i = 0; object != NULL && i < ARRAY_SIZE(pointers); i++) {
        const json_t *value = json_pointer_get(object->value, pointers[i]);
        if (json_is_string(value))
            return json_string_value(value);
    }
    return NULL;
}

/* Follows {"pvc": {…}}, {"snapshot": {…}} and {"dataSource": {…}}, a chain of which is followed as
 * far as it is known. */
static void follow(const json_t *from, const char *namespace, struct appliance_objects *objects,
    struct origin *out)
{
    static const struct {
        const char *member;
        enum appliance_kind kind;
    } kinds[] = {{"pvc", APPLIANCE_CLAIM}, {"snapshot", APPLIANCE_SNAPSHOT},
        {"dataSource", APPLIANCE_DATA_SOURCE}};
    for (int depth = 0; depth < CHAIN_MAX; depth++) {
        size_t i = 0;
        while (i < ARRAY_SIZE(kinds) && json_object_get(from, kinds[i].member) == NULL)
            i++;
        if (i == ARRAY_SIZE(kinds))
            return;
        const json_t *target = json_object_get(from, kinds[i].member);
        const char *name = text_or(json_get_string(target, "name"), "");
        const char *where = text_or(json_get_string(target, "namespace"), namespace);
        const struct appliance_object *object =
            appliance_objects_find(objects, kinds[i].kind, where, name);
        free(out->text);
        out->text = xasprintf("%s %s/%s", appliance_kind_name(kinds[i].kind), where, name);
        xstrset(&out->size, size_of(object));
        xstrset(&out->namespace, where);
        if (kinds[i].kind != APPLIANCE_DATA_SOURCE || object == NULL)
            return;
        namespace = object->namespace;
        from = json_pointer_get(object->value, "/spec/source");
    }
}

/* What a template clones: its sourceRef, its source, or without either the DataSource itself. */
static void origin_of(const struct appliance_source *source, const json_t *template_spec,
    struct appliance_objects *objects, struct origin *out)
{
    const char *own = source->object->namespace;
    const json_t *given = json_object_get(template_spec, "source");
    if (json_is_object(given)) {
        const char *kind = json_object_iter_key(json_object_iter((json_t *)given));
        out->text = xstrdup(text_or(kind, ""));
        follow(given, own, objects, out);
        return;
    }
    const json_t *reference = json_object_get(template_spec, "sourceRef");
    if (!json_is_object(reference)) {
        follow(json_pointer_get(source->object->value, "/spec/source"), own, objects, out);
        return;
    }
    auto_json json_t *around = json_pack("{s:O}", "dataSource", reference);
    follow(around, own, objects, out);
}

/* The template, of the boilerplate's, that a volume uses. Borrowed, or NULL. */
static const json_t *template_of(const struct appliance_source *source, const json_t *volume)
{
    const json_t *templates = json_pointer_get(source->vm, "/spec/dataVolumeTemplates");
    const char *name = json_get_string(json_object_get(volume, "dataVolume"), "name");
    if (name == NULL)
        name = json_get_string(json_object_get(volume, "persistentVolumeClaim"), "claimName");
    size_t index = 0;
    const json_t *template = NULL;
    json_array_foreach (templates, index, template) {
        const char *its = json_get_string(json_object_get(template, "metadata"), "name");
        if (name != NULL && its != NULL && streq(its, name))
            return template;
    }
    return NULL;
}

static const char *requested(const json_t *template_spec)
{
    const json_t *size = json_pointer_get(template_spec, "/storage/resources/requests/storage");
    if (size == NULL)
        size = json_pointer_get(template_spec, "/pvc/resources/requests/storage");
    return json_string_value(size);
}

static void add_right(json_t *rights, const char *namespace)
{
    size_t index = 0;
    const json_t *right = NULL;
    json_array_foreach (rights, index, right) {
        if (streq(text_or(json_get_string(right, "namespace"), ""), namespace))
            return;
    }
    json_array_append_new(rights, json_pack("{s:s, s:s, s:s}", "namespace", namespace, "verb",
                                      "create", "resource", "datavolumes/source"));
}

/* A disk out of a template; template_spec NULL: that of a golden image. */
static json_t *cloned_disk(const struct appliance_source *source, const char *name,
    const json_t *template_spec, struct appliance_objects *objects, json_t *rights)
{
    struct origin origin = {0};
    origin_of(source, template_spec, objects, &origin);
    if (origin.namespace != NULL)
        add_right(rights, origin.namespace);
    json_t *disk = json_pack("{s:s, s:s, s:s*, s:s*}", "name", name, "type", "dataVolume", "size",
        text_or(requested(template_spec), origin.size), "from", origin.text);
    origin_clear(&origin);
    return disk;
}

/* Any volume. */
static json_t *disk_of(const struct appliance_source *source, const json_t *volume,
    struct appliance_objects *objects, json_t *rights)
{
    const char *name = text_or(json_get_string(volume, "name"), "");
    const json_t *template = template_of(source, volume);
    if (template != NULL)
        return cloned_disk(source, name, json_object_get(template, "spec"), objects, rights);
    const char *type = NULL;
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach ((json_t *)volume, key, value) {
        if (!streq(key, "name"))
            type = key;
    }
    const json_t *what = type != NULL ? json_object_get(volume, type) : NULL;
    const char *from = json_get_string(what, "image");
    if (from == NULL)
        from = json_get_string(what, "claimName");
    if (from == NULL)
        from = json_get_string(what, "name");
    const struct appliance_object *claim = NULL;
    if (type != NULL && streq(type, "persistentVolumeClaim") && from != NULL) {
        claim = appliance_objects_find(objects, APPLIANCE_CLAIM, source->object->namespace, from);
        add_right(rights, source->object->namespace); /* it is copied to other namespaces */
    }
    return json_pack("{s:s, s:s*, s:s*, s:s*}", "name", name, "type", type, "size", size_of(claim),
        "from", from);
}

static json_t *all_disks(
    const struct appliance_source *source, struct appliance_objects *objects, json_t *rights)
{
    json_t *disks = json_array();
    if (source->vm == NULL)
        json_array_append_new(disks, cloned_disk(source, "rootdisk", NULL, objects, rights));
    size_t index = 0;
    const json_t *volume = NULL;
    json_array_foreach (json_pointer_get(source->vm, "/spec/template/spec/volumes"), index, volume)
        json_array_append_new(disks, disk_of(source, volume, objects, rights));
    return disks;
}

/* What adds an owned object to a list. */
struct owned {
    const struct appliance_object *owner;
    json_t *list;
};

static bool add_owned(void *user, const struct appliance_object *object)
{
    struct owned *owned = user;
    if (appliance_object_is_owned_by(object, owned->owner))
        json_array_append_new(
            owned->list, json_pack("{s:s, s:s}", "kind", appliance_kind_name(object->kind), "name",
                             object->name));
    return true;
}

static json_t *all_owned(
    const struct appliance_object *data_source, struct appliance_objects *objects)
{
    static const enum appliance_kind kinds[] = {
        APPLIANCE_CLAIM, APPLIANCE_CONFIG_MAP, APPLIANCE_SECRET};
    struct owned owned = {data_source, json_array()};
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        appliance_objects_each(objects, kinds[i], data_source->namespace, add_owned, &owned);
    return owned.list;
}

json_t *cli_summary_make(const struct appliance_source *source, struct appliance_objects *objects)
{
    const struct appliance_object *object = source->object;
    const char *run_strategy = json_get_string(json_object_get(source->vm, "spec"), "runStrategy");
    json_t *rights = json_array();
    json_t *disks = all_disks(source, objects, rights);
    return json_pack("{s:{s:s, s:s}, s:s, s:o*, s:o*, s:s, s:O*, s:o, s:o, s:o}", "dataSource",
        "namespace", object->namespace, "name", object->name, "kind",
        source->vm != NULL ? "appliance" : "golden image", "instancetype",
        reference(source, "instancetype"), "preference", reference(source, "preference"),
        "runStrategy", text_or(run_strategy, "Always"), "parameters", source->parameters, "disks",
        disks, "owned", all_owned(object, objects), "rights", rights);
}
