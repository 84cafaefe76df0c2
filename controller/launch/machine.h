/* A VMI as the reconciler sees it, in the cache or whole. */
#ifndef CONTROLLER_LAUNCH_MACHINE_H
#define CONTROLLER_LAUNCH_MACHINE_H

#include <jansson.h>
#include <stdbool.h>

/* What of a VMI stays in the cache: identity, deletion, generation, the status, and a fingerprint
 * of the annotations; the rest is read from the API when a pod is to be made. NULL for what is no
 * VMI. A kube_informer's prune. */
json_t *controller_machine_prune(void *user, json_t *machine);

/* The phase that its status has; borrowed, "" where there is none. */
const char *controller_machine_phase(const json_t *machine);

/* Whether it is in a phase in which it has had no pod yet. */
bool controller_machine_needs_pod(const json_t *machine);

/* Whether nothing of its status changes any more. */
bool controller_machine_is_final(const json_t *machine);

#endif
