/* A launcher pod while it is made of a VMI. Internal to controller/launcher_*.c.
 *
 * What a VMI's volumes hold stands in compute where KubeVirt has it, which is where hook-launcher
 * looks without being told (docs/launcher.md). */
#ifndef CONTROLLER_LAUNCHER_DRAFT_H
#define CONTROLLER_LAUNCHER_DRAFT_H

#include "controller/launcher_pod.h"

#define CONTROLLER_DISKS_PATH "/var/run/kubevirt/container-disks"
#define CONTROLLER_PRIVATE_PATH "/var/run/kubevirt-private"

/* Where the launcher's image has a static busybox, and where the images of disks get it. */
#define CONTROLLER_BUSYBOX "/usr/lib/hookline/busybox"
#define CONTROLLER_TOOLS_PATH "/hookline"

#define CONTROLLER_DISKS_VOLUME "hookline-disks"
#define CONTROLLER_TOOLS_VOLUME "hookline-tools"

/* What the names of the init containers begin with that copy files; the first copies busybox. */
#define CONTROLLER_COPY_PREFIX "hookline-"
#define CONTROLLER_TOOLS_CONTAINER CONTROLLER_COPY_PREFIX "tools"

/* All but pod is borrowed, from it or from input. */
struct controller_launcher_draft {
    const struct controller_launcher_pod_input *input;
    const char *namespace;
    const json_t *machine_spec;
    const json_t *domain; /* its spec.domain, or NULL */
    json_t *pod; /* owned */
    json_t *spec;
    json_t *volumes;
    json_t *init_containers;
    json_t *compute;
    json_t *mounts; /* compute's */
    struct findings *findings;
};

/* The resources of compute: spec.domain.resources, with what the launcher and QEMU need beside the
 * guest's memory. New reference. */
json_t *controller_launcher_resources(const struct controller_launcher_draft *draft);

/* Adds the VMI's volumes to the draft: pod volumes, compute's mounts of them, and init containers
 * that copy what is in images. */
void controller_launcher_add_volumes(struct controller_launcher_draft *draft);

/* The same for the kernel that the VMI boots, when it is in an image. */
void controller_launcher_add_kernel(struct controller_launcher_draft *draft);

/* Adds an init container called name that copies a file out of an image: from, or the only one of
 * /disk when that is NULL, to the path to, which is below CONTROLLER_DISKS_PATH. source has the
 * image, imagePullPolicy and imagePullSecret, as a containerDisk. */
void controller_launcher_add_copy(struct controller_launcher_draft *draft, const char *name,
    const json_t *source, const char *from, const char *to);

#endif
