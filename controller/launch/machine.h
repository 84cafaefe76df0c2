/* A VMI as the reconciler sees it, in the cache or whole. */
#ifndef CONTROLLER_LAUNCH_MACHINE_H
#define CONTROLLER_LAUNCH_MACHINE_H

#include <jansson.h>
#include <stdbool.h>

/* What the prune function reads, as JSON Pointers ended by NULL. */
extern const char *const controller_machine_kept[];

/* The prune function of the informer. Keeps of a VMI its identity, deletion, generation, status,
 * and a fingerprint of the annotations; the rest is read from the API when a pod is created. NULL
 * for what is not a VMI. */
json_t *controller_machine_prune(void *user, json_t *machine);

/* The phase in its status; borrowed, "" without one. */
const char *controller_machine_phase(const json_t *machine);

/* Whether its phase says that it has not had a pod yet. */
bool controller_machine_needs_pod(const json_t *machine);

/* Whether its status is final: Succeeded or Failed. */
bool controller_machine_is_final(const json_t *machine);

#endif
