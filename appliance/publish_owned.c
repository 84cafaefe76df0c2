#include "appliance/publish_owned.h"

#include "base/json.h"
#include "base/text.h"

/* The uid of the DataSource, or NULL. Borrowed. */
static const char *owner_uid(const struct appliance_publish_draft *draft)
{
    if (draft->existing == NULL)
        return NULL;
    return json_get_string(json_object_get(draft->existing->value, "metadata"), "uid");
}

static bool is_owner(const json_t *reference, const char *name)
{
    const char *kind = json_get_string(reference, "kind");
    const char *own = json_get_string(reference, "name");
    const char *version = json_get_string(reference, "apiVersion");
    return kind != NULL && own != NULL && streq(kind, "DataSource") && streq(own, name) &&
           (version == NULL || text_starts_with(version, "cdi.kubevirt.io/"));
}

static bool has_controller(const json_t *references)
{
    size_t index = 0;
    json_t *reference = NULL;
    json_array_foreach (references, index, reference) {
        if (json_is_true(json_object_get(reference, "controller")))
            return true;
    }
    return false;
}

bool appliance_publish_set_owner(json_t *object, const char *name, const char *uid)
{
    json_t *metadata = json_object_get(object, "metadata");
    json_t *references = json_object_get(metadata, "ownerReferences");
    size_t index = 0;
    json_t *reference = NULL;
    json_array_foreach (references, index, reference) {
        if (!is_owner(reference, name))
            continue;
        const char *known = json_get_string(reference, "uid");
        if (known != NULL && streq(known, uid))
            return false;
        json_object_set_new(reference, "uid", json_string(uid));
        return true;
    }
    if (!json_is_array(references)) {
        references = json_array();
        json_object_set_new(metadata, "ownerReferences", references);
    }
    json_t *own = json_pack("{s:s, s:b, s:s, s:s, s:s}", "apiVersion", "cdi.kubevirt.io/v1beta1",
        "blockOwnerDeletion", (int)true, "kind", "DataSource", "name", name, "uid", uid);
    if (!has_controller(references))
        json_object_set_new(own, "controller", json_true());
    json_array_append_new(references, own);
    return true;
}

/* A copy without what a server fills in. New reference. */
static json_t *applied(const json_t *value)
{
    static const char *const dropped[] = {"uid", "resourceVersion", "generation",
        "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields",
        "selfLink", "finalizers"};
    json_t *copy = json_deep_copy(value);
    json_t *metadata = json_object_get(copy, "metadata");
    for (size_t i = 0; i < ARRAY_SIZE(dropped); i++)
        json_object_del(metadata, dropped[i]);
    json_object_del(json_object_get(metadata, "annotations"),
        "kubectl.kubernetes.io/last-applied-configuration");
    if (json_object_size(json_object_get(metadata, "annotations")) == 0)
        json_object_del(metadata, "annotations");
    json_object_del(copy, "status");
    return copy;
}

void appliance_publish_own(
    struct appliance_publish_draft *draft, const struct appliance_object *object)
{
    const char *uid = owner_uid(draft);
    auto_free char *key = xasprintf("%s/%s", appliance_kind_name(object->kind), object->name);
    if (json_object_get(draft->owned_names, key) != NULL)
        return;
    json_object_set_new(draft->owned_names, key, json_true());
    json_t *copy = applied(object->value);
    json_object_set_new(copy, "kind", json_string(appliance_kind_name(object->kind)));
    /* of another namespace, nothing is owned */
    json_object_set_new(
        json_object_get(copy, "metadata"), "namespace", json_string(draft->request->namespace));
    if (uid != NULL)
        appliance_publish_set_owner(copy, draft->request->name, uid);
    json_array_append_new(draft->owned, copy);
}

/* The position of the reference to the DataSource, or -1. */
static int find_owner(const struct appliance_object *object, const char *name)
{
    size_t index = 0;
    json_t *reference = NULL;
    json_array_foreach (
        json_pointer_get(object->value, "/metadata/ownerReferences"), index, reference) {
        if (is_owner(reference, name))
            return (int)index;
    }
    return -1;
}

static bool own_one(void *user, const struct appliance_object *object)
{
    struct appliance_publish_draft *draft = user;
    int index = find_owner(object, draft->request->name);
    if (index < 0)
        return true;
    auto_free char *list = xasprintf("/metadata/ownerReferences/%d", index);
    const char *uid = json_get_string(json_pointer_get(object->value, list), "uid");
    auto_free char *pointer = json_pointer_join(list, "uid");
    if (uid == NULL && owner_uid(draft) == NULL && !draft->request->fills_owner)
        findings_error(appliance_report_about(draft->report, object, NULL), pointer,
            "is required by the API server, and the DataSource %s/%s is not among the files with a "
            "uid: add its manifest as kubectl get -o yaml writes it, or use --apply",
            draft->request->namespace, draft->request->name);
    appliance_publish_own(draft, object);
    return true;
}

void appliance_publish_own_existing(struct appliance_publish_draft *draft)
{
    static const enum appliance_kind kinds[] = {
        APPLIANCE_CLAIM, APPLIANCE_CONFIG_MAP, APPLIANCE_SECRET};
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (kinds[i] == APPLIANCE_SECRET && draft->request->in_cluster)
            continue;
        appliance_objects_each(draft->objects, kinds[i], draft->request->namespace, own_one, draft);
    }
}

void appliance_publish_say_owner(struct appliance_publish_draft *draft)
{
    if (json_array_size(draft->owned) == 0 || owner_uid(draft) != NULL ||
        draft->request->fills_owner)
        return;
    findings_warning(appliance_report_about(draft->report, NULL, NULL), "",
        "the DataSource %s/%s is not among the files with a uid: what it is to own does not refer "
        "to it yet. Apply it, and publish again with its manifest as kubectl get -o yaml writes "
        "it, "
        "or use --apply",
        draft->request->namespace, draft->request->name);
}
