/* Who owns the kind VirtualMachineInstance: watches its CustomResourceDefinition. KubeVirt installs
 * its own and launches its machines itself; if it is Hookline's, Hookline launches them. */
#ifndef CONTROLLER_LAUNCH_MACHINE_KIND_H
#define CONTROLLER_LAUNCH_MACHINE_KIND_H

#include <stdbool.h>

#include "kube/client.h"

enum controller_machine_kind_state {
    CONTROLLER_MACHINE_KIND_UNKNOWN, /* the API server has not answered yet */
    CONTROLLER_MACHINE_KIND_MISSING, /* it does not exist, or is not established yet */
    CONTROLLER_MACHINE_KIND_OURS, /* it has the label app.kubernetes.io/name=hookline */
    CONTROLLER_MACHINE_KIND_KUBEVIRTS, /* app.kubernetes.io/managed-by=virt-operator */
    CONTROLLER_MACHINE_KIND_STRANGE, /* neither */
};

struct controller_machine_kind;

/* Calls on_change each time the state changes. Owned by the caller; to be freed before the
 * client. */
struct controller_machine_kind *controller_machine_kind_new(
    struct kube_client *client, void (*on_change)(void *user), void *user);
void controller_machine_kind_free(struct controller_machine_kind *kind); /* NULL is allowed */

enum controller_machine_kind_state controller_machine_kind_state(
    const struct controller_machine_kind *kind);

/* Why machines are not launched, and what to do about it; NULL if they are, or if the state is
 * unknown. Static. */
const char *controller_machine_kind_obstacle(const struct controller_machine_kind *kind);

/* For metrics: how often its watch was restarted. */
unsigned long controller_machine_kind_restarts(const struct controller_machine_kind *kind);

#endif
