/* The hookSidecars model: one struct for each entry of the validated annotation. */
#ifndef ANNOTATIONS_SIDECAR_H
#define ANNOTATIONS_SIDECAR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "hostpath/hostpath.h"

/* The annotation keys: KubeVirt's, and ours for clusters whose KubeVirt rejects or misreads its
 * own. */
#define ANNOTATIONS_KEY_KUBEVIRT "hooks.kubevirt.io/hookSidecars"
#define ANNOTATIONS_KEY_HOOKLINE "hookline.dev/hookSidecars"

/* Where a sidecar with downwardAPI "pod-info" finds its pod's labels and annotations. */
#define ANNOTATIONS_POD_INFO_PATH "/var/run/kubevirt-private/downwardapi/podinfo"

/* Where hook-manager and hook-launcher find the annotation, for timeoutSeconds and
 * failurePolicy. */
#define ANNOTATIONS_FILE_DIRECTORY "/var/run/hookline"
#define ANNOTATIONS_FILE_NAME "hookSidecars"

/* The variable that tells the compute container of a standalone pod how many sidecars there are. */
#define ANNOTATIONS_COUNT_VARIABLE "HOOK_SIDECARS"

enum {
    ANNOTATIONS_MAX_BYTES = 256 * 1024,
    ANNOTATIONS_MAX_SIDECARS = 64,
    ANNOTATIONS_MAX_DEPTH = 16,
    ANNOTATIONS_MAX_VALUES = 20000, /* JSON values; 64 sidecars with all fields have 3000 */
    ANNOTATIONS_TIMEOUT_DEFAULT = 60, /* seconds for one hook call */
    ANNOTATIONS_TIMEOUT_MAX = 3600,
};

enum annotations_failure_policy { ANNOTATIONS_FAIL, ANNOTATIONS_IGNORE };

struct annotations_config_map {
    const char *name;
    const char *key;
    const char *hook_path; /* one of hooks_executable_paths */
};

struct annotations_pvc {
    const char *name;
    const char *volume_path;
    const char *shared_compute_path; /* or NULL */
};

/* Strings and arrays, also those of its parts, are borrowed from object. */
struct annotations_sidecar {
    json_t *object; /* the entry, as schema_check returned it; owned */
    const char *image; /* NULL: the configured shim image */
    json_t *command; /* array of strings, or NULL when absent or empty */
    json_t *args; /* array of strings, or NULL when absent or empty */
    json_t *env; /* array of {name, value}, or NULL */
    json_t *resources; /* {requests, limits}, or NULL; owned */
    struct annotations_config_map *config_map; /* or NULL; owned, like the next two */
    struct annotations_pvc *pvc; /* or NULL */
    struct hostpath *host_path; /* or NULL */
    bool pod_info; /* downwardAPI: ["pod-info"] */
    int timeout_seconds;
    enum annotations_failure_policy failure_policy;
};

/* A sidecar list; it owns everything in it. */
struct annotations_list {
    struct annotations_sidecar *sidecars;
    size_t count;
};

void annotations_list_free(struct annotations_list *list); /* NULL is allowed */

DEFINE_CLEANUP(annotations_list, struct annotations_list *, annotations_list_free);
#define auto_annotations_list auto_cleanup(annotations_list)

#endif
