#include "annotations/hook_manager.h"

#include "annotations/flag.h"
#include "annotations/launcher.h"
#include "annotations/mount.h"
#include "annotations/resources.h"
#include "annotations/sidecar.h"
#include "annotations/volume.h"
#include "base/json.h"
#include "hooks/protocol.h"

#define PLUGIN_DIRECTORY ANNOTATIONS_PLUGIN_DIRECTORY "/hookline"
#define PLUGIN_SOCKET PLUGIN_DIRECTORY "/hook.sock"

/* Returns the annotation key that the pod has. */
static const char *find_key(const json_t *pod)
{
    const json_t *annotations = json_object_get(json_object_get(pod, "metadata"), "annotations");
    return json_object_get(annotations, ANNOTATIONS_KEY_HOOKLINE) != NULL
               ? ANNOTATIONS_KEY_HOOKLINE
               : ANNOTATIONS_KEY_KUBEVIRT;
}

/* Mounts the pod's annotation as a file. */
static void mount_annotation(
    struct annotations_draft *draft, struct annotations_mounts *mounts, const char *key)
{
    if (key == NULL)
        key = find_key(draft->pod);
    auto_free char *field = xasprintf("metadata.annotations['%s']", key);
    json_t *source = json_pack("{s:[{s:s, s:{s:s}}]}", "items", "path", ANNOTATIONS_FILE_NAME,
        "fieldRef", "fieldPath", field);
    const char *volume =
        annotations_volume_require(draft, "hook-manager-annotation", "downwardAPI", source, NULL);
    if (volume == NULL)
        return;
    annotations_mount_require(draft, mounts,
        annotations_mount_new(volume, ANNOTATIONS_FILE_DIRECTORY, NULL), NULL, ANNOTATIONS_POD,
        NULL);
}

static json_t *new_manager(struct annotations_draft *draft, const char *image, bool with_launcher)
{
    json_t *args = json_pack("[s, s, s, s, s]", "serve", "--plugin-socket", PLUGIN_SOCKET,
        "--annotation-file", ANNOTATIONS_FILE_DIRECTORY "/" ANNOTATIONS_FILE_NAME);
    if (with_launcher) {
        json_array_append_new(args, json_string("--launcher-socket"));
        json_array_append_new(args, json_string(ANNOTATIONS_LAUNCHER_DIRECTORY "/launcher-sock"));
    }
    json_t *security = json_copy(draft->security_context);
    json_object_set_new(security, "readOnlyRootFilesystem", json_true());
    json_t *container =
        json_pack("{s:s, s:s, s:o, s:o, s:[], s:s, s:o}", "name", "hook-manager", "image", image,
            "args", args, "resources", annotations_resources_default(draft), "volumeMounts",
            "terminationMessagePolicy", "FallbackToLogsOnError", "securityContext", security);
    json_array_append_new(draft->containers, container);
    return container;
}

/* Mounts the sockets that hook-manager serves and connects to; launcher may be NULL. */
static void mount_sockets(struct annotations_draft *draft, struct annotations_mounts *mounts,
    const char *plugins, const char *launcher)
{
    annotations_mount_require(draft, mounts,
        annotations_mount_new(plugins, PLUGIN_DIRECTORY, "hookline"), NULL, ANNOTATIONS_POD, NULL);
    annotations_mount_require(draft, mounts,
        annotations_mount_new(ANNOTATIONS_SOCKET_VOLUME, HOOKS_SOCKET_DIRECTORY, NULL), NULL,
        ANNOTATIONS_POD, NULL);
    if (launcher == NULL)
        return;
    json_t *mount = annotations_mount_new(launcher, ANNOTATIONS_LAUNCHER_DIRECTORY, NULL);
    json_object_set_new(mount, "readOnly", json_true());
    annotations_mount_require(draft, mounts, mount, NULL, ANNOTATIONS_POD, NULL);
}

void annotations_plugin_require(
    struct annotations_draft *draft, const char *image, const char *annotation_key, size_t count)
{
    const json_t *places = draft->compute_mounts.places;
    const char *plugins_volume =
        json_get_string(json_object_get(places, ANNOTATIONS_PLUGIN_DIRECTORY), "name");
    const char *launcher_volume =
        json_get_string(json_object_get(places, ANNOTATIONS_LAUNCHER_DIRECTORY), "name");
    if (plugins_volume == NULL) {
        annotations_draft_error(draft, ANNOTATIONS_POD, NULL,
            "compute has no volume mount at " ANNOTATIONS_PLUGIN_DIRECTORY
            ", which the launcher kind plugin needs; KubeVirt adds it if its feature gate Plugins "
            "is enabled");
        return;
    }
    json_t *container = annotations_draft_container(draft, "hook-manager");
    if (container == NULL)
        container = new_manager(draft, image, launcher_volume != NULL);
    annotations_flag_set(draft, container, "--sidecars", count);
    struct annotations_mounts mounts;
    if (annotations_draft_mounts(draft, container, &mounts) == 0) {
        mount_sockets(draft, &mounts, plugins_volume, launcher_volume);
        mount_annotation(draft, &mounts, annotation_key);
    }
    annotations_draft_mounts_clear(&mounts);
}

void annotations_standalone_require(
    struct annotations_draft *draft, const char *annotation_key, size_t count)
{
    json_t *env = annotations_draft_list(draft, draft->compute, "env");
    if (env == NULL)
        return;
    size_t index = 0;
    auto_free char *text = xasprintf("%zu", count);
    auto_json json_t *variable =
        json_pack("{s:s, s:s}", "name", ANNOTATIONS_COUNT_VARIABLE, "value", text);
    const json_t *there = json_item_named(env, ANNOTATIONS_COUNT_VARIABLE, &index);
    if (there == NULL)
        json_array_append(env, variable);
    else
        json_array_set(env, index, variable);
    mount_annotation(draft, &draft->compute_mounts, annotation_key);
}
