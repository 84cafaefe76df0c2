/* The launcher pod of a VMI, as a function of the VMI and the pod template. */
#ifndef CONTROLLER_LAUNCHER_POD_H
#define CONTROLLER_LAUNCHER_POD_H

#include <jansson.h>

#include "annotations/parse.h"
#include "controller/settings.h"
#include "hostpath/policy.h"

#define CONTROLLER_LAUNCH_LABEL "hookline.dev/launch"

/* The annotation of a launcher pod that is its VMI, as JSON, and the file in compute that it is. */
#define CONTROLLER_MACHINE_ANNOTATION "hookline.dev/vmi"
#define CONTROLLER_MACHINE_DIRECTORY "/etc/podinfo"
#define CONTROLLER_MACHINE_FILE "vmi.json"

/* Of a VMI; as KubeVirt has it (pkg/virt-api/webhooks, arrayLenMax). */
enum { CONTROLLER_VOLUMES_MAX = 256 };

/* What the launch of a VMI needs to be there before its pod is made. Not Secrets: the controller
 * may not read them, and the kubelet says which one is missing. */
struct controller_needs {
    char **config_maps, **claims; /* names, NULL-terminated; owned */
};

/* What a launcher pod is made from; all of it is borrowed. */
struct controller_launcher_pod_input {
    const json_t *machine; /* the whole VMI */
    const json_t
        *template_; /* as controller_pod_template_parse gives it; NULL: the default alone */
    const json_t *claims; /* PersistentVolumeClaims by name, for their volumeMode; one that is not
                             there, or NULL in place of all: Filesystem */
    const struct annotations_list *list; /* NULL: no sidecars */
    const struct hostpath_policy *policy; /* for host disks; NULL: allows everything */
    const struct controller_settings *settings;
};

/* The pod of a VMI that has what it needs. Name: "virt-launcher-" + the VMI's name (cut to fit) +
 * "-" + the first ten hexadecimal digits of SHA-256 over its uid, so that two tries make one pod,
 * and a VMI that is made anew gets another. It has the VMI's labels and annotations (but those that
 * KubeVirt leaves out), KubeVirt's labels of a launcher pod and ours, an owner reference, the VMI
 * itself by annotation and downward API for hook-launcher, its volumes, and sidecars of contract 2
 * (launcher kind standalone, unless the template makes compute another). What the template says
 * wins (docs/controller.md). The same input gives the same pod. Returns a new reference, or NULL
 * with findings: pointers into the VMI, or "/template" and below where that is at fault. */
json_t *controller_launcher_pod(
    const struct controller_launcher_pod_input *input, struct findings *findings);

/* The pod's name alone. Owned by the caller. */
char *controller_launcher_pod_name(const json_t *machine);

/* The config maps and claims that the VMI's volumes, as far as there may be so many, and its
 * sidecars name, each once, without those that are optional. list may be NULL. */
void controller_needs_of(
    const json_t *machine, const struct annotations_list *list, struct controller_needs *needs);
void controller_needs_clear(struct controller_needs *needs);

#endif
