/* Whose the kind VirtualMachineInstance is: its CustomResourceDefinition, followed. KubeVirt brings its
 * own and launches its machines itself; where it is Hookline's, Hookline does. */
#ifndef CONTROLLER_LAUNCH_MACHINE_KIND_H
#define CONTROLLER_LAUNCH_MACHINE_KIND_H

#include <stdbool.h>

#include "kube/client.h"

enum controller_machine_kind_state {
    CONTROLLER_MACHINE_KIND_UNKNOWN, /* the API server has not answered yet */
    CONTROLLER_MACHINE_KIND_MISSING, /* there is none, or it is not established yet */
    CONTROLLER_MACHINE_KIND_OURS, /* it has the label app.kubernetes.io/name=hookline */
    CONTROLLER_MACHINE_KIND_KUBEVIRTS, /* app.kubernetes.io/managed-by=virt-operator, whatever else */
    CONTROLLER_MACHINE_KIND_STRANGE, /* neither */
};

struct controller_machine_kind;

/* on_change comes each time the state is another. Owned by the caller, and to be freed before the
 * client. */
struct controller_machine_kind *controller_machine_kind_new(
    struct kube_client *client, void (*on_change)(void *user), void *user);
void controller_machine_kind_free(struct controller_machine_kind *kind); /* NULL is allowed */

enum controller_machine_kind_state controller_machine_kind_state(
    const struct controller_machine_kind *kind);

/* Why machines are not launched, and what to do about it: NULL where they are, or where nothing is
 * known yet. Static. */
const char *controller_machine_kind_obstacle(const struct controller_machine_kind *kind);

/* For figures: how often its watch started over. */
unsigned long controller_machine_kind_restarts(const struct controller_machine_kind *kind);

#endif
