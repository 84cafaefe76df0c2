#include "annotations/mount_check.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "hooks/protocol.h"

/* Whether path is at, above or below the directory of the sockets. In most images /var/run is a
 * symbolic link to /run. */
static bool touches_sockets(const char *path)
{
    static const char *const places[] = {
        HOOKS_SOCKET_DIRECTORY, HOOKS_SOCKET_DIRECTORY_BEHIND_LINK};
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        if (hostpath_is_below(path, places[i]) || hostpath_is_below(places[i], path))
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

/* One mount that the annotation asks for. */
struct mount {
    const char *field; /* in messages: "pvc.volumePath" */
    const char *tail; /* of the pointer: "/pvc/volumePath" */
    const char *path;
};

/* Lists the mounts of a sidecar that the annotation asks for; returns how many, at most 4. */
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

static bool is_same_place(const char *path, const char *other)
{
    return hostpath_is_below(path, other) && hostpath_is_below(other, path);
}

static void check_sidecar(
    const struct annotations_sidecar *sidecar, size_t index, struct findings *findings)
{
    struct mount mounts[4];
    size_t count = sidecar_mounts(sidecar, mounts);
    for (size_t i = 1; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (!is_same_place(mounts[i].path, mounts[k].path))
                continue;
            auto_free char *pointer = xasprintf("/%zu%s", index, mounts[i].tail);
            findings_error(findings, pointer,
                "%s is already the path of %s: mount paths must be unique", mounts[i].path,
                mounts[k].field);
        }
    }
}

static const char *shared_path(const struct annotations_list *list, size_t index)
{
    const struct annotations_pvc *pvc = list->sidecars[index].pvc;
    return pvc != NULL ? pvc->shared_compute_path : NULL;
}

void annotations_mount_check_list(const struct annotations_list *list, struct findings *findings)
{
    for (size_t i = 0; i < list->count; i++) {
        check_sidecar(&list->sidecars[i], i, findings);
        const char *path = shared_path(list, i);
        for (size_t k = 0; path != NULL && k < i; k++) {
            const char *other = shared_path(list, k);
            if (other == NULL || !is_same_place(path, other))
                continue;
            auto_free char *pointer = xasprintf("/%zu/pvc/sharedComputePath", i);
            findings_error(findings, pointer,
                "%s is already the path of [%zu].pvc.sharedComputePath in the compute container: "
                "mount "
                "paths must be unique, and a claim needs only one",
                path, k);
            break;
        }
    }
}
