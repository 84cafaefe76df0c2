#include "annotations/container.h"

#include <stdint.h>
#include <string.h>

#include "annotations/mount.h"
#include "annotations/names.h"
#include "annotations/resources.h"
#include "annotations/volume.h"
#include "base/json.h"
#include "base/text.h"
#include "hooks/protocol.h"

long annotations_sidecar_number(const json_t *container)
{
    static const char prefix[] = "hook-sidecar-";
    long number = -1;
    const char *name = json_get_string(container, "name");
    /* the names are read again for every sidecar, so that long numbers would add up */
    if (name == NULL || !text_starts_with(name, prefix) ||
        strnlen(name, ANNOTATIONS_LABEL_MAX + 1) > ANNOTATIONS_LABEL_MAX)
        return -1;
    return text_parse_int(name + strlen(prefix), 0, INT32_MAX, &number) ? number : -1;
}

bool annotations_container_has_env(const json_t *container, const char *name)
{
    return json_item_named(json_object_get(container, "env"), name, NULL) != NULL;
}

/* The position for a new sidecar: before the first one with a higher number, else after the last
 * one, else after all containers. */
static size_t sidecar_position(const json_t *containers, size_t number)
{
    size_t index = 0;
    size_t position = json_array_size(containers);
    json_t *container = NULL;
    json_array_foreach (containers, index, container) {
        long other = annotations_sidecar_number(container);
        if (other > (long)number)
            return index;
        if (other >= 0)
            position = index + 1;
    }
    return position;
}

/* The fields that a container has by the same name and in the same form. */
static const char *const passed_on[] = {"imagePullPolicy", "command", "args"};

static json_t *new_sidecar(struct annotations_draft *draft,
    const struct annotations_sidecar *sidecar, const char *name, size_t number,
    const char *shim_image)
{
    json_t *container = json_object();
    json_object_set_new(container, "name", json_string(name));
    json_object_set_new(container, "image", json_string(text_or(sidecar->image, shim_image)));
    for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++) {
        json_t *value = json_object_get(sidecar->object, passed_on[i]);
        if (value != NULL)
            json_object_set(container, passed_on[i], value);
    }
    json_object_set_new(container, "env", json_array());
    json_object_set_new(container, "resources", annotations_resources_default(draft));
    json_object_set_new(container, "volumeMounts", json_array());
    json_object_set_new(
        container, "terminationMessagePolicy", json_string("FallbackToLogsOnError"));
    json_object_set(container, "securityContext", draft->security_context);
    json_array_insert_new(
        draft->containers, sidecar_position(draft->containers, number), container);
    return container;
}

/* Adds a variable that KubeVirt gives every sidecar. */
static void require_env(json_t *env, const char *name, const char *value)
{
    if (json_item_named(env, name, NULL) != NULL)
        return;
    json_t *variable = json_object();
    json_object_set_new(variable, "name", json_string(name));
    json_object_set_new(variable, "value", json_string(value));
    json_array_append_new(env, variable);
}

/* Sets a variable of the annotation; replaces an existing one, whose index places has by its name. */
static void set_env(json_t *env, const json_t *places, json_t *variable)
{
    const char *value = json_get_string(variable, "value");
    const json_t *place = json_object_get(places, json_get_string(variable, "name"));
    if (place == NULL) {
        json_array_append(env, variable);
        return;
    }
    size_t index = (size_t)json_integer_value(place);
    const json_t *there = json_array_get(env, index);
    /* the API server omits an empty value */
    bool same = streq(text_or(json_get_string(there, "value"), ""), text_or(value, ""));
    if (!same || json_object_get(there, "valueFrom") != NULL)
        json_array_set(env, index, variable);
}

/* The index of each variable that has a name, by that: of the first with the same one. */
static json_t *index_env(const json_t *env)
{
    json_t *places = json_object();
    for (size_t i = json_array_size(env); i > 0; i--) {
        const char *name = json_get_string(json_array_get(env, i - 1), "name");
        if (name != NULL)
            json_object_set_new(places, name, json_integer((json_int_t)i - 1));
    }
    return places;
}

static void apply_env(
    struct annotations_draft *draft, json_t *container, const struct annotations_sidecar *sidecar)
{
    json_t *env = annotations_draft_list(draft, container, "env");
    if (env == NULL)
        return;
    if (!draft->root) {
        require_env(env, "XDG_CACHE_HOME", "/var/run/kubevirt-private");
        require_env(env, "XDG_CONFIG_HOME", "/var/run/kubevirt-private");
        require_env(env, "XDG_RUNTIME_DIR", "/var/run");
    }
    require_env(env, "CONTAINER_NAME", json_get_string(container, "name"));
    auto_json json_t *places = index_env(env);
    size_t i = 0;
    json_t *variable = NULL;
    json_array_foreach (sidecar->env, i, variable)
        set_env(env, places, variable);
}

/* Mounts the pod's labels and annotations as files. */
static void apply_pod_info(
    struct annotations_draft *draft, struct annotations_mounts *mounts, long index)
{
    json_t *source = json_pack("{s:[{s:s, s:{s:s}}, {s:s, s:{s:s}}]}", "items", "path", "labels",
        "fieldRef", "fieldPath", "metadata.labels", "path", "annotations", "fieldRef", "fieldPath",
        "metadata.annotations");
    const char *volume =
        annotations_volume_require(draft, "hook-sidecar-podinfo", "downwardAPI", source, NULL);
    if (volume == NULL)
        return;
    annotations_mount_require(draft, mounts,
        annotations_mount_new(volume, ANNOTATIONS_POD_INFO_PATH, NULL), NULL, index, "downwardAPI");
}

static void apply_config_map(struct annotations_draft *draft, struct annotations_mounts *mounts,
    const struct annotations_config_map *map, long index)
{
    json_t *source = json_pack("{s:s, s:i}", "name", map->name, "defaultMode", 0755);
    const char *volume = annotations_volume_require(draft, map->name, "configMap", source, NULL);
    if (volume == NULL)
        return;
    annotations_mount_require(draft, mounts,
        annotations_mount_new(volume, map->hook_path, map->key), NULL, index, "configMap/hookPath");
}

static void apply_claim(struct annotations_draft *draft, struct annotations_mounts *mounts,
    const struct annotations_pvc *pvc, long index)
{
    json_t *source = json_pack("{s:s}", "claimName", pvc->name);
    const char *volume =
        annotations_volume_require(draft, pvc->name, "persistentVolumeClaim", source, NULL);
    if (volume == NULL)
        return;
    annotations_mount_require(draft, mounts, annotations_mount_new(volume, pvc->volume_path, NULL),
        NULL, index, "pvc/volumePath");
    if (pvc->shared_compute_path != NULL) {
        annotations_mount_require(draft, &draft->compute_mounts,
            annotations_mount_new(volume, pvc->shared_compute_path, NULL), NULL, index,
            "pvc/sharedComputePath");
    }
}

static void apply_host_path(struct annotations_draft *draft, struct annotations_mounts *mounts,
    const struct hostpath *host_path, long index)
{
    auto_free char *name = xasprintf("%s-hostpath", json_get_string(mounts->container, "name"));
    auto_json json_t *whole = hostpath_volume(host_path, name);
    json_t *source = json_incref(json_object_get(whole, "hostPath"));
    const char *volume = annotations_volume_require(draft, name, "hostPath", source, NULL);
    if (volume == NULL)
        return;
    annotations_mount_require(draft, mounts, hostpath_volume_mount(host_path, volume), NULL, index,
        "hostPath/volumePath");
}

static void apply_volumes(struct annotations_draft *draft, struct annotations_mounts *mounts,
    const struct annotations_sidecar *sidecar, long index)
{
    const char *name = json_get_string(mounts->container, "name");
    annotations_mount_require(draft, mounts,
        annotations_mount_new(ANNOTATIONS_SOCKET_VOLUME, HOOKS_SOCKET_DIRECTORY, name), NULL,
        ANNOTATIONS_POD, NULL);
    if (sidecar->config_map != NULL)
        apply_config_map(draft, mounts, sidecar->config_map, index);
    if (sidecar->pvc != NULL)
        apply_claim(draft, mounts, sidecar->pvc, index);
    if (sidecar->host_path != NULL)
        apply_host_path(draft, mounts, sidecar->host_path, index);
    if (sidecar->pod_info)
        apply_pod_info(draft, mounts, index);
}

/* Warns if an existing container, such as KubeVirt's, does not have the image that the annotation
 * asks for. */
static void compare_image(struct annotations_draft *draft, const json_t *container,
    const struct annotations_sidecar *sidecar, long index)
{
    const char *image = json_get_string(container, "image");
    if (sidecar->image == NULL || image == NULL || streq(sidecar->image, image))
        return;
    auto_free char *pointer = xasprintf("/%ld/image", index);
    findings_warning(draft->findings, pointer,
        "container %s already exists with the image %s and keeps it; the annotation asks for %s",
        json_get_string(container, "name"), image, sidecar->image);
}

void annotations_sidecar_require(struct annotations_draft *draft,
    const struct annotations_sidecar *sidecar, long index, size_t number, const char *shim_image)
{
    auto_free char *name = xasprintf("hook-sidecar-%zu", number);
    json_t *container = annotations_draft_container(draft, name);
    if (container != NULL)
        compare_image(draft, container, sidecar, index);
    else
        container = new_sidecar(draft, sidecar, name, number, shim_image);
    apply_env(draft, container, sidecar);
    if (sidecar->resources != NULL)
        annotations_resources_apply(draft, container, sidecar->resources, index);
    struct annotations_mounts mounts;
    if (annotations_draft_mounts(draft, container, &mounts) == 0)
        apply_volumes(draft, &mounts, sidecar, index);
    annotations_draft_mounts_clear(&mounts);
}
