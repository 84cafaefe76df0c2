/* The launcher pod that KubeVirt would create for a VMI, as far as sidecars are concerned. */
#ifndef ANNOTATIONS_MINIMAL_POD_H
#define ANNOTATIONS_MINIMAL_POD_H

#include <jansson.h>

#include "annotations/launcher.h"

/* Returns a launcher pod with only a compute container, for a VMI that has no pod yet (`hookctl
 * render` without --pod). AUTO means BUILTIN. vmi is a VirtualMachineInstance; its launcher runs as
 * root if its status.runtimeUser is 0. New reference. */
json_t *annotations_minimal_pod(const json_t *vmi, enum annotations_launcher launcher);

#endif
