/* Sidecar list → containers and volumes in a launcher pod (contract 2 of the design), and the
 * difference of two JSON values as an RFC 6902 patch. */
#ifndef ANNOTATIONS_RENDER_H
#define ANNOTATIONS_RENDER_H

#include <jansson.h>

#include "annotations/sidecar.h"
#include "base/finding.h"

/* Who calls the hooks in the pod. */
enum annotations_launcher {
    ANNOTATIONS_LAUNCHER_AUTO, /* found from the pod */
    ANNOTATIONS_LAUNCHER_BUILTIN, /* compute's own manager: it has --hook-sidecars */
    ANNOTATIONS_LAUNCHER_PLUGIN, /* a hook-manager container serves KubeVirt's plugin socket */
    ANNOTATIONS_LAUNCHER_STANDALONE, /* compute itself runs hook-manager */
};

struct annotations_render_options {
    enum annotations_launcher launcher;
    const char *shim_image; /* NULL: ANNOTATIONS_SHIM_IMAGE */
    const char *manager_image; /* for plugin launchers; NULL: ANNOTATIONS_MANAGER_IMAGE */
    const char *annotation_key; /* of the list on the pod; NULL: KubeVirt's or ours, as it has it */
};

#define ANNOTATIONS_SHIM_IMAGE "ghcr.io/hookline/sidecar-shim:latest"
#define ANNOTATIONS_MANAGER_IMAGE "ghcr.io/hookline/hook-manager:latest"

/* Parse and name a launcher kind: "auto", "builtin", "plugin", "standalone". Parsing returns 0,
 * or -1 with a usage error that lists the names. */
int annotations_launcher_parse(
    const char *name, enum annotations_launcher *out, struct error **err);
const char *annotations_launcher_name(enum annotations_launcher launcher);

/* The kind of a pod that is to be rendered. */
enum annotations_launcher annotations_launcher_detect(const json_t *pod);

/* Whether a pod is one to leave alone: a temporary provisioning pod of KubeVirt. */
bool annotations_pod_is_provisioning(const json_t *pod);

/* The pod with the sidecars and volumes of list. Idempotent: what is there already is left as it
 * is. Sidecar i is container hook-sidecar-<i>; numbers that sidecars of network bindings have are
 * skipped. options may be NULL. Returns a new reference, which shares all that did not change
 * with pod and list, so that none of them may be changed in place afterwards; it is pod itself
 * when the list is empty or the pod one to leave alone. NULL when the pod and the list do not fit
 * together (no compute container, two mounts at one place, resources that break the pod's
 * Guaranteed class): all reasons are among the findings, pointers relative to the annotation, or
 * "/pod" for what is wrong with the pod itself. */
json_t *annotations_render(const json_t *pod, const struct annotations_list *list,
    const struct annotations_render_options *options, struct findings *findings);

/* A launcher pod with nothing but a compute container, for a VMI that has no pod yet: what
 * `hookctl render` shows without --pod. AUTO is BUILTIN. vmi is a VirtualMachineInstance; its
 * launcher is root's when its status.runtimeUser is 0. New reference. */
json_t *annotations_minimal_pod(const json_t *vmi, enum annotations_launcher launcher);

/* The RFC 6902 patch (add, replace, remove, each on what those before it left) that turns from
 * into to; [] when they are equal. Array items that have a name are told apart by it, and by
 * their mountPath. New reference, which shares values with to. */
json_t *annotations_patch(const json_t *from, const json_t *to);

#endif
