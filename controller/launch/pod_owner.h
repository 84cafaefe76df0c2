/* Which launcher pod is a VMI's own. Tenants write pods, their labels and their owner references, so
 * each of them is only a claim: docs/security.md, "Whose pod it is". */
#ifndef CONTROLLER_LAUNCH_POD_OWNER_H
#define CONTROLLER_LAUNCH_POD_OWNER_H

#include <jansson.h>
#include <stdbool.h>

/* The owner reference of the pod's controller if that is a VMI: of its kind and API group, in any
 * version, with a name and a uid. Borrowed, or NULL. The VMI is in the pod's namespace, or nowhere.
 * Source: Kubernetes, "Owners and Dependents". */
const json_t *controller_pod_owner_reference(const json_t *pod);

/* Whether this is the pod that the controller created for the VMI; either may be pruned. It has the
 * VMI's namespace, the name that controller_pod_name gives, the label of pods that the controller
 * creates, and the VMI as its controller, by name and uid. Once the status names an active pod, no
 * other one counts, even under the same name. */
bool controller_pod_owner_is(const json_t *pod, const json_t *machine);

#endif
