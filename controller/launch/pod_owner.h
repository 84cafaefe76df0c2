/* Finds launcher pods by owner, from the controller in their ownerReferences, so that pods with
 * names of another scheme are found too. */
#ifndef CONTROLLER_LAUNCH_POD_OWNER_H
#define CONTROLLER_LAUNCH_POD_OWNER_H

#include <jansson.h>
#include <stdbool.h>

/* The pods of owners, as a hash table; NULL: none. Owned by the caller. */
struct controller_pod_owner;

/* The owner reference of a pod's controller: borrowed, or NULL. */
const json_t *controller_pod_owner_reference(const json_t *pod);

/* Whether the pod's controller is this VMI. */
bool controller_pod_owner_is(const json_t *pod, const json_t *machine);

/* Records that the pod with this key belongs to the owner with this uid. */
void controller_pod_owner_set(
    struct controller_pod_owner **owners, const char *uid, const char *pod_key);

/* Forgets it, unless the owner has another pod by now. */
void controller_pod_owner_forget(
    struct controller_pod_owner **owners, const char *uid, const char *pod_key);

/* The key of the owner's pod: borrowed, or NULL. */
const char *controller_pod_owner_find(struct controller_pod_owner *owners, const char *uid);

void controller_pod_owner_clear(struct controller_pod_owner **owners);

#endif
