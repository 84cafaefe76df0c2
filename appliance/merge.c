#include "appliance/merge.h"

#include <stdbool.h>

#include "appliance/source.h"
#include "appliance/volumes.h"
#include "base/json.h"
#include "base/text.h"

enum { MAX_DEPTH = 64 }; /* below which the user's value counts as it is */

/* Members of which an object has one: the user's excludes the completion's. */
static const struct {
    const char *parent; /* the member, or the list, that has the object */
    const char *members[8]; /* NULL ends them; none: all but the name */
} unions[] = {
    {"volumes", {NULL}},
    {"source", {NULL}},
    {"disks", {"disk", "cdrom", "lun", NULL}},
    {"networks", {"pod", "multus", "resourceClaim", NULL}},
    {"interfaces", {"bridge", "masquerade", "sriov", "slirp", "passtBinding", "binding", NULL}},
    {"spec", {"source", "sourceRef", NULL}},
    {"spec", {"storage", "pvc", NULL}},
    {"spec", {"running", "runStrategy", NULL}},
    {"cloudInitNoCloud", {"userData", "userDataBase64", "secretRef", NULL}},
    {"cloudInitNoCloud", {"networkData", "networkDataBase64", "networkDataSecretRef", NULL}},
    {"cloudInitConfigDrive", {"userData", "userDataBase64", "secretRef", NULL}},
    {"cloudInitConfigDrive", {"networkData", "networkDataBase64", "networkDataSecretRef", NULL}},
};

/* Whether a member is the user's as a whole: a part of it means something else without the rest. */
static bool is_whole(const char *key)
{
    static const char *const keys[] = {"instancetype", "preference"};
    return text_index(key, keys, ARRAY_SIZE(keys)) >= 0;
}

static bool is_absent(const json_t *value)
{
    return value == NULL || json_is_null(value);
}

static bool is_member(const char *const *members, const char *key)
{
    if (members[0] == NULL)
        return !streq(key, "name");
    for (; *members != NULL; members++) {
        if (streq(*members, key))
            return true;
    }
    return false;
}

/* Deletes from object what the user's members exclude. */
static void exclude(json_t *object, const json_t *user, const char *parent)
{
    for (size_t i = 0; i < ARRAY_SIZE(unions); i++) {
        const char *key = NULL;
        void *next = NULL;
        const json_t *value = NULL;
        json_t *old = NULL;
        bool has_one = false;
        if (!streq(unions[i].parent, parent))
            continue;
        json_object_foreach ((json_t *)user, key, value)
            has_one |= is_member(unions[i].members, key) && !is_absent(value);
        json_object_foreach_safe (object, next, key, old) {
            if (has_one && is_member(unions[i].members, key) &&
                is_absent(json_object_get(user, key)))
                json_object_del(object, key);
        }
    }
}

/* The name of an item of a list: its own, or that of a template's metadata. Borrowed. */
static const char *name_of(const json_t *item)
{
    const char *name = json_get_string(item, "name");
    return name != NULL ? name : json_get_string(json_object_get(item, "metadata"), "name");
}

static bool has_names(const json_t *list)
{
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach (list, i, item) {
        if (name_of(item) == NULL)
            return false;
    }
    return json_is_array(list);
}

static json_t *merge(json_t *user, json_t *completed, const char *parent, int depth);

/* Merges two lists with names; of two items of one name in one list, the first counts. */
static json_t *merge_lists(json_t *user, json_t *completed, const char *parent, int depth)
{
    json_t *list = json_array();
    auto_json json_t *places = json_object(); /* by name: the index in list */
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach (completed, i, item) {
        json_object_set_new(places, name_of(item), json_integer((json_int_t)i));
        json_array_append(list, item);
    }
    json_array_foreach (user, i, item) {
        const json_t *place = json_object_get(places, name_of(item));
        size_t index = (size_t)json_integer_value(place);
        if (place != NULL)
            json_array_set_new(
                list, index, merge(item, json_array_get(list, index), parent, depth + 1));
        else
            json_array_append(list, item);
    }
    return list;
}

/* New reference, which shares values with both. */
static json_t *merge(json_t *user, json_t *completed, const char *parent, int depth)
{
    if (is_absent(user))
        return json_incref(completed);
    if (depth < MAX_DEPTH && has_names(user) && has_names(completed))
        return merge_lists(user, completed, parent, depth);
    if (depth >= MAX_DEPTH || !json_is_object(user) || !json_is_object(completed))
        return json_incref(user);
    json_t *object = json_copy(completed);
    exclude(object, user, parent);
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach (user, key, value) {
        json_t *old = json_object_get(object, key);
        if (old == NULL || (is_whole(key) && !is_absent(value)))
            json_object_set(object, key, value);
        else
            json_object_set_new(object, key, merge(value, old, key, depth + 1));
    }
    return object;
}

/* The names of the templates that the VM's volumes use, as an object. New reference. */
static json_t *used_names(const json_t *vm)
{
    json_t *names = json_object();
    size_t i = 0;
    json_t *volume = NULL;
    json_array_foreach (json_pointer_get(vm, "/spec/template/spec/volumes"), i, volume) {
        const char *key = NULL;
        const json_t *claim = appliance_volumes_claim(volume, &key);
        const char *name = json_get_string(claim, key);
        if (name != NULL)
            json_object_set_new(names, name, json_true());
    }
    return names;
}

static bool has_name(const json_t *names, const json_t *item)
{
    const char *name = name_of(item);
    return name != NULL && json_object_get(names, name) != NULL;
}

/* Drops templates of the completion whose volumes the user has replaced: KubeVirt refuses them. */
static void drop_unused(json_t *vm, const json_t *user, const json_t *completed)
{
    auto_json json_t *used = used_names(vm);
    auto_json json_t *used_before = used_names(completed);
    auto_json json_t *own = json_object();
    auto_json json_t *kept = json_array();
    json_t *spec = json_object_get(vm, "spec");
    const json_t *templates = json_object_get(spec, "dataVolumeTemplates");
    size_t i = 0;
    json_t *template = NULL;
    json_array_foreach (json_pointer_get(user, "/spec/dataVolumeTemplates"), i, template) {
        if (name_of(template) != NULL)
            json_object_set_new(own, name_of(template), json_true());
    }
    json_array_foreach (templates, i, template) {
        if (has_name(own, template) || has_name(used, template) || !has_name(used_before, template))
            json_array_append(kept, template);
    }
    if (json_is_array(templates))
        json_object_set(spec, "dataVolumeTemplates", kept);
}

json_t *appliance_merge(const json_t *user, const json_t *completed)
{
    auto_json json_t *shared = merge((json_t *)user, (json_t *)completed, "", 0);
    json_t *vm = json_deep_copy(shared);
    drop_unused(vm, user, completed);
    /* the annotation under its other name */
    json_t *annotations = json_pointer_get(vm, "/metadata/annotations");
    if (json_object_get(annotations, APPLIANCE_OTHER_PREFIX "from") != NULL &&
        json_pointer_get(user, "/metadata/annotations/appliance.kubevirt.io~1from") == NULL)
        json_object_del(annotations, APPLIANCE_PREFIX "from");
    return vm;
}
