/* Whose launcher pods are where: by what their ownerReferences name as their controller, so that
 * pods that were made under another naming rule are found too. */
#ifndef CONTROLLER_LAUNCH_POD_OWNER_H
#define CONTROLLER_LAUNCH_POD_OWNER_H

#include <jansson.h>
#include <stdbool.h>

/* The pods of owners, as a hash table; NULL: none. Owned by the caller. */
struct controller_pod_owner;

/* The reference of a pod to its controller: borrowed, or NULL. */
const json_t *controller_pod_owner_reference(const json_t *pod);

/* Whether the pod's controller is this VMI. */
bool controller_pod_owner_is(const json_t *pod, const json_t *machine);

/* Notes that the pod of this key belongs to the owner of this uid. */
void controller_pod_owner_set(
    struct controller_pod_owner **owners, const char *uid, const char *pod_key);

/* Forgets it, unless the owner has got another pod. */
void controller_pod_owner_forget(
    struct controller_pod_owner **owners, const char *uid, const char *pod_key);

/* The key of the owner's pod: borrowed, or NULL. */
const char *controller_pod_owner_find(struct controller_pod_owner *owners, const char *uid);

void controller_pod_owner_clear(struct controller_pod_owner **owners);

#endif
