/* The kinds of launcher, and how to tell which kind a pod is. */
#ifndef ANNOTATIONS_LAUNCHER_H
#define ANNOTATIONS_LAUNCHER_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

#define ANNOTATIONS_PLUGIN_DIRECTORY "/var/run/kubevirt-plugin"
#define ANNOTATIONS_LAUNCHER_DIRECTORY "/var/run/kubevirt/sockets"
#define ANNOTATIONS_SIDECARS_FLAG "--hook-sidecars"

/* Who calls the hooks in the pod. */
enum annotations_launcher {
    ANNOTATIONS_LAUNCHER_AUTO, /* detected from the pod */
    ANNOTATIONS_LAUNCHER_BUILTIN, /* compute's own manager: it has --hook-sidecars */
    ANNOTATIONS_LAUNCHER_PLUGIN, /* a hook-manager container serves KubeVirt's plugin socket */
    ANNOTATIONS_LAUNCHER_STANDALONE, /* compute itself runs hook-manager */
};

/* Parses a kind of launcher: "auto", "builtin", "plugin", "standalone". Returns 0, or -1 with a
 * usage error that lists the names. */
int annotations_launcher_parse(
    const char *name, enum annotations_launcher *out, struct error **err);

/* Returns the kind of a pod that has not been rendered. */
enum annotations_launcher annotations_launcher_detect(const json_t *pod);

/* Whether the pod is a temporary provisioning pod of KubeVirt, which gets no sidecars. */
bool annotations_pod_is_provisioning(const json_t *pod);

#endif
