/* The pod that KubeVirt would make of a VMI, as far as sidecars are concerned. */
#ifndef ANNOTATIONS_MINIMAL_POD_H
#define ANNOTATIONS_MINIMAL_POD_H

#include <jansson.h>

#include "annotations/launcher.h"

/* A launcher pod with nothing but a compute container, for a VMI that has no pod yet: what
 * `hookctl render` shows without --pod. AUTO is BUILTIN. vmi is a VirtualMachineInstance; its
 * launcher is root's when its status.runtimeUser is 0. New reference. */
json_t *annotations_minimal_pod(const json_t *vmi, enum annotations_launcher launcher);

#endif
