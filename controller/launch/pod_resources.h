/* The resource limits and requests of a launcher pod's compute. */
#ifndef CONTROLLER_LAUNCH_POD_RESOURCES_H
#define CONTROLLER_LAUNCH_POD_RESOURCES_H

#include "controller/launch/pod_draft.h"

/* The resources of compute: spec.domain.resources, plus what the launcher and QEMU need besides the
 * guest's memory. New reference. */
json_t *controller_pod_resources(const struct controller_pod_draft *draft);

#endif
