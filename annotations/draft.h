/* A launcher pod while sidecars are put into it. Internal to this room. */
#ifndef ANNOTATIONS_DRAFT_H
#define ANNOTATIONS_DRAFT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "annotations/sidecar.h"
#include "base/finding.h"

#define ANNOTATIONS_SOCKET_VOLUME "hook-sidecar-sockets"
#define ANNOTATIONS_PLUGIN_DIRECTORY "/var/run/kubevirt-plugin"
#define ANNOTATIONS_LAUNCHER_DIRECTORY "/var/run/kubevirt/sockets"
#define ANNOTATIONS_SIDECARS_FLAG "--hook-sidecars"

enum {
    ANNOTATIONS_LAUNCHER_UID = 107, /* KubeVirt's non-root user and group, qemu */
    ANNOTATIONS_POD = -1, /* in place of a sidecar's index: the fault is the pod's */
};

/* The draft shares with the pod it began from all that it does not change. What it may change,
 * and what stands above that, are copies of one level: rendering costs what is added, not what
 * the pod holds. */
struct annotations_draft {
    json_t *pod; /* owned; compute and the rest up to volumes point into it */
    json_t *spec;
    json_t *containers;
    json_t *compute;
    json_t *compute_mounts;
    json_t *volumes;
    json_t *security_context; /* owned: that of every sidecar */
    bool root; /* the launcher runs as root */
    bool guaranteed; /* the pod is of QoS class Guaranteed */
    struct findings *findings; /* borrowed */
};

/* Begins a draft of pod. Returns 0, or -1 with errors among the findings when pod is no pod with
 * a compute container. The draft is to be cleared in both cases. */
int annotations_draft_init(
    struct annotations_draft *draft, const json_t *pod, struct findings *findings);
void annotations_draft_clear(struct annotations_draft *draft);

/* Adds an error about a field ("hostPath/volumePath") of the sidecar with this index in the
 * annotation, or about the pod when it is ANNOTATIONS_POD. */
void annotations_draft_error(struct annotations_draft *draft, long sidecar, const char *field,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The array parent[key] as a copy that may be changed, made when it is not there. parent is
 * itself the draft's copy. Borrowed; NULL with an error when something else stands there. */
json_t *annotations_draft_list(struct annotations_draft *draft, json_t *parent, const char *key);

/* The container of this name as a copy that may be changed, or NULL when there is none. */
json_t *annotations_draft_container(struct annotations_draft *draft, const char *name);

/* The number of a container named hook-sidecar-<number>; -1 for any other. */
long annotations_sidecar_number(const json_t *container);

/* Whether a container has an environment variable: KubeVirt's network bindings are told by it. */
bool annotations_container_has_env(const json_t *container, const char *name);

/* The argument after a flag ("--flag", "value" or "--flag=value") among a container's args and
 * its command, or NULL. Borrowed. */
const char *annotations_flag_get(const json_t *container, const char *flag);

/* Sets a flag where it stands, and else at the end of args. The container is the draft's copy. */
void annotations_flag_set(
    struct annotations_draft *draft, json_t *container, const char *flag, size_t value);

/* The volume with a source (source is what stands under kind: {"name": …} under "configMap"),
 * added when the pod has none. It is called name, unless that is no DNS label or another volume
 * has it: then a name that derives from it. It is put before the volume called before, where that
 * is not NULL and there is one. Returns the volume's name, borrowed from the draft. */
const char *annotations_volume_require(struct annotations_draft *draft, const char *name,
    const char *kind, json_t *take_source, const char *before);

/* {name, mountPath} and, where not NULL, subPath. New reference. */
json_t *annotations_mount_new(const char *volume, const char *path, const char *sub_path);

/* Adds a mount to a container's mounts, which are the draft's copy, unless it is there. Another
 * mount at its path is an error about sidecar and field. before: as for volumes. */
void annotations_mount_require(struct annotations_draft *draft, const json_t *container,
    json_t *mounts, json_t *take_mount, const char *before, long sidecar, const char *field);

/* The mount at a path, or NULL. Borrowed. */
json_t *annotations_mount_find(const json_t *mounts, const char *path);

/* Whether KubeVirt made the pod for a VMI with dedicated CPUs or of QoS class Guaranteed. */
bool annotations_pod_is_guaranteed(const json_t *spec, const json_t *compute);

/* The resources of a sidecar that says nothing of its own. New reference.
 * Source: KubeVirt, virt-controller, the resources of sidecars. */
json_t *annotations_resources_default(const struct annotations_draft *draft);

/* Gives a container, which is the draft's copy, the resources of the annotation. Resources that
 * would end the pod's class Guaranteed are an error about sidecar. */
void annotations_resources_apply(
    struct annotations_draft *draft, json_t *container, const json_t *resources, long sidecar);

/* The securityContext of a sidecar. New reference.
 * Source: KubeVirt, virt-controller, the renderer of containers. */
json_t *annotations_security_context(const json_t *spec, const json_t *compute, bool *root);

/* Adds container hook-sidecar-<number> for the sidecar with this index in the annotation, or
 * what it lacks. */
void annotations_sidecar_require(struct annotations_draft *draft,
    const struct annotations_sidecar *sidecar, long index, size_t number, const char *shim_image);

/* Adds what runs hook-manager where the launcher has no manager of its own: a container beside
 * it that serves KubeVirt's plugin socket, or what compute needs to run it itself. count is the
 * number of sidecars in the pod; annotation_key may be NULL. */
void annotations_plugin_require(
    struct annotations_draft *draft, const char *image, const char *annotation_key, size_t count);
void annotations_standalone_require(
    struct annotations_draft *draft, const char *annotation_key, size_t count);

#endif
