#include "annotations/mount_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "hooks/protocol.h"

/* Whether a path in normal form is at, above or below the directory of the sockets. In most images
 * /var/run is a symbolic link to /run. */
static bool touches_sockets(const char *place)
{
    static const char *const places[] = {
        HOOKS_SOCKET_DIRECTORY, HOOKS_SOCKET_DIRECTORY_BEHIND_LINK};
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        if (hostpath_place_is_below(place, places[i]) || hostpath_place_is_below(places[i], place))
            return true;
    }
    return false;
}

bool annotations_mount_check_path(const char *path, const char *pointer, struct findings *findings)
{
    size_t errors = findings->errors;
    if (!hostpath_check_path(path, pointer, findings))
        return false;
    auto_free char *place = hostpath_normalize(path);
    if (strchr(place, ':') != NULL)
        findings_error(findings, pointer,
            "\"%s\" contains \":\", which Kubernetes does not allow in a mount path", place);
    if (streq(place, "/"))
        findings_error(
            findings, pointer, "\"/\" would hide the whole container: choose a path below it");
    else if (touches_sockets(place))
        findings_error(findings, pointer,
            "\"%s\" overlaps " HOOKS_SOCKET_DIRECTORY
            ", which has the sockets of the hooks: choose another path",
            place);
    return findings->errors == errors;
}

enum { MOST_MOUNTS = 4 }; /* that the annotation can ask for, for one sidecar */

/* One mount that the annotation asks for. */
struct mount {
    const char *field; /* in messages: "pvc.volumePath" */
    const char *tail; /* of the pointer: "/pvc/volumePath" */
    const char *path;
};

/* Lists the mounts of a sidecar that the annotation asks for; returns how many, at most MOST_MOUNTS. */
static size_t sidecar_mounts(const struct annotations_sidecar *sidecar, struct mount *mounts)
{
    size_t count = 0;
    if (sidecar->pod_info)
        mounts[count++] = (struct mount){"downwardAPI", "/downwardAPI", ANNOTATIONS_POD_INFO_PATH};
    if (sidecar->config_map != NULL && sidecar->config_map->hook_path != NULL)
        mounts[count++] = (struct mount){
            "configMap.hookPath", "/configMap/hookPath", sidecar->config_map->hook_path};
    if (sidecar->pvc != NULL && sidecar->pvc->volume_path != NULL)
        mounts[count++] =
            (struct mount){"pvc.volumePath", "/pvc/volumePath", sidecar->pvc->volume_path};
    if (sidecar->host_path != NULL && sidecar->host_path->volume_path != NULL)
        mounts[count++] = (struct mount){
            "hostPath.volumePath", "/hostPath/volumePath", sidecar->host_path->volume_path};
    return count;
}

static void check_sidecar(
    const struct annotations_sidecar *sidecar, size_t index, struct findings *findings)
{
    struct mount mounts[MOST_MOUNTS];
    char *places[MOST_MOUNTS];
    size_t count = sidecar_mounts(sidecar, mounts);
    for (size_t i = 0; i < count; i++) {
        places[i] = hostpath_normalize(mounts[i].path);
        for (size_t k = 0; k < i; k++) {
            if (!streq(places[i], places[k]))
                continue;
            auto_free char *pointer = xasprintf("/%zu%s", index, mounts[i].tail);
            findings_error(findings, pointer,
                "%s is already the path of %s: mount paths must be unique", mounts[i].path,
                mounts[k].field);
        }
    }
    for (size_t i = 0; i < count; i++)
        free(places[i]);
}

/* seen has the index of the first sidecar with each shared path, by the path in normal form. */
static void check_shared_path(
    json_t *seen, const struct annotations_pvc *pvc, size_t index, struct findings *findings)
{
    if (pvc == NULL || pvc->shared_compute_path == NULL)
        return;
    auto_free char *place = hostpath_normalize(pvc->shared_compute_path);
    const json_t *earlier = json_object_get(seen, place);
    if (earlier == NULL) {
        json_object_set_new_nocheck(seen, place, json_integer((json_int_t)index));
        return;
    }
    auto_free char *pointer = xasprintf("/%zu/pvc/sharedComputePath", index);
    findings_error(findings, pointer,
        "%s is already the path of [%" JSON_INTEGER_FORMAT
        "].pvc.sharedComputePath in the compute container: mount paths must be unique, and a claim "
        "needs only one",
        pvc->shared_compute_path, json_integer_value(earlier));
}

void annotations_mount_check_list(const struct annotations_list *list, struct findings *findings)
{
    auto_json json_t *seen = json_object();
    for (size_t i = 0; i < list->count; i++) {
        check_sidecar(&list->sidecars[i], i, findings);
        check_shared_path(seen, list->sidecars[i].pvc, i, findings);
    }
}
