#include "controller/launch/pod_owner.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/json.h"
#include "base/text.h"
#include "kube/resource.h"

struct controller_pod_owner {
    char *uid; /* of the owner */
    char *pod; /* its pod's key */
    UT_hash_handle hh;
};

const json_t *controller_pod_owner_reference(const json_t *pod)
{
    const json_t *references = json_pointer_get(pod, "/metadata/ownerReferences");
    size_t index = 0;
    json_t *reference = NULL;
    json_array_foreach (references, index, reference) {
        if (json_is_true(json_object_get(reference, "controller")))
            return reference;
    }
    return NULL;
}

bool controller_pod_owner_is(const json_t *pod, const json_t *machine)
{
    const char *uid = json_get_string(controller_pod_owner_reference(pod), "uid");
    return uid != NULL && streq(uid, kube_uid(machine));
}

static void remove_owner(struct controller_pod_owner **owners, struct controller_pod_owner *owner)
{
    HASH_DEL(*owners, owner);
    free(owner->uid);
    free(owner->pod);
    free(owner);
}

void controller_pod_owner_set(
    struct controller_pod_owner **owners, const char *uid, const char *pod_key)
{
    struct controller_pod_owner *owner = NULL;
    HASH_FIND_STR(*owners, uid, owner);
    if (owner == NULL) {
        owner = xcalloc(1, sizeof(*owner));
        owner->uid = xstrdup(uid);
        HASH_ADD_KEYPTR(hh, *owners, owner->uid, strlen(owner->uid), owner);
    }
    xstrset(&owner->pod, pod_key);
}

void controller_pod_owner_forget(
    struct controller_pod_owner **owners, const char *uid, const char *pod_key)
{
    struct controller_pod_owner *owner = NULL;
    HASH_FIND_STR(*owners, uid, owner);
    if (owner != NULL && streq(owner->pod, pod_key))
        remove_owner(owners, owner);
}

const char *controller_pod_owner_find(struct controller_pod_owner *owners, const char *uid)
{
    struct controller_pod_owner *owner = NULL;
    HASH_FIND_STR(owners, uid, owner);
    return owner == NULL ? NULL : owner->pod;
}

void controller_pod_owner_clear(struct controller_pod_owner **owners)
{
    struct controller_pod_owner *owner = NULL;
    struct controller_pod_owner *next = NULL;
    HASH_ITER (hh, *owners, owner, next)
        remove_owner(owners, owner);
}
