/* The objects that must exist before the pod of a VMI is created. Not Secrets: the controller may
 * not read them, and the kubelet says which one is missing. */
#ifndef CONTROLLER_LAUNCH_POD_NEEDS_H
#define CONTROLLER_LAUNCH_POD_NEEDS_H

#include <jansson.h>

#include "annotations/parse.h"

struct controller_pod_needs {
    char **config_maps, **claims; /* names, NULL-terminated; owned */
};

/* The config maps and claims that the VMI's volumes (at most CONTROLLER_VOLUMES_MAX) and its
 * sidecars name, each once, without optional ones. list may be NULL. */
void controller_pod_needs_of(
    const json_t *machine, const struct annotations_list *list, struct controller_pod_needs *needs);
void controller_pod_needs_clear(struct controller_pod_needs *needs);

#endif
