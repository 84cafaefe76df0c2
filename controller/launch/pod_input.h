/* The input of a launcher pod, and the names that it and its VMI are known by. */
#ifndef CONTROLLER_LAUNCH_POD_INPUT_H
#define CONTROLLER_LAUNCH_POD_INPUT_H

#include <jansson.h>

#include "annotations/parse.h"
#include "controller/settings.h"
#include "hostpath/policy.h"

#define CONTROLLER_LAUNCH_LABEL "hookline.dev/launch"

/* The annotation of a launcher pod that holds its VMI as JSON, and its file in compute. */
#define CONTROLLER_MACHINE_ANNOTATION "hookline.dev/vmi"
#define CONTROLLER_MACHINE_DIRECTORY "/etc/podinfo"
#define CONTROLLER_MACHINE_FILE "vmi.json"

/* Of a VMI, as in KubeVirt (pkg/virt-api/webhooks, arrayLenMax). */
enum { CONTROLLER_VOLUMES_MAX = 256 };

/* All of it is borrowed. */
struct controller_pod_input {
    const json_t *machine; /* the whole VMI */
    const json_t *template_; /* of controller_pod_template_parse; NULL: the default */
    const json_t *claims; /* PersistentVolumeClaims by name, for their volumeMode; one that is not
                             there, or NULL in place of all: Filesystem */
    const struct annotations_list *list; /* NULL: no sidecars */
    const struct hostpath_policy *policy; /* for host disks; NULL: allows everything */
    const struct controller_settings *settings;
};

#endif
