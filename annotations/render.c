#include "annotations/render.h"

#include "annotations/container.h"
#include "annotations/draft.h"
#include "annotations/flag.h"
#include "annotations/hook_manager.h"
#include "annotations/mount.h"
#include "annotations/volume.h"
#include "base/text.h"
#include "hooks/protocol.h"

/* The volume of the sockets: compute mounts all of it, each sidecar its own subdirectory. */
static void require_sockets(struct annotations_draft *draft)
{
    static const char before[] = "hotplug-disks"; /* KubeVirt's position for them */
    const char *volume = annotations_volume_require(
        draft, ANNOTATIONS_SOCKET_VOLUME, "emptyDir", json_object(), before);
    if (volume == NULL)
        return;
    if (!streq(volume, ANNOTATIONS_SOCKET_VOLUME)) {
        annotations_draft_error(draft, ANNOTATIONS_POD, NULL,
            "the volume " ANNOTATIONS_SOCKET_VOLUME
            " is not an emptyDir; that name is reserved for the sockets of hook sidecars");
        return;
    }
    annotations_mount_require(draft, &draft->compute_mounts,
        annotations_mount_new(ANNOTATIONS_SOCKET_VOLUME, HOOKS_SOCKET_DIRECTORY, NULL), before,
        ANNOTATIONS_POD, NULL);
}

/* Returns, for each number below limit, whether a network binding's sidecar has it. KubeVirt
 * numbers its bindings from 0, or from the end of the list if it knows the annotation. Owned by the
 * caller. */
static bool *find_binding_numbers(const json_t *containers, size_t limit)
{
    bool *taken = xcalloc(limit, sizeof(*taken));
    size_t index = 0;
    json_t *container = NULL;
    json_array_foreach (containers, index, container) {
        long number = annotations_sidecar_number(container);
        if (number >= 0 && (size_t)number < limit &&
            annotations_container_has_env(container, "NETWORK_BINDING_PLUGIN_NAME"))
            taken[number] = true;
    }
    return taken;
}

/* Gives the sidecars, in order, the numbers that no network binding has. Bindings are recognized by
 * their environment, so rendering again gives the same numbers. */
static void require_sidecars(
    struct annotations_draft *draft, const struct annotations_list *list, const char *shim_image)
{
    size_t limit = list->count + json_array_size(draft->containers);
    auto_free bool *taken = find_binding_numbers(draft->containers, limit);
    size_t number = 0;
    for (size_t i = 0; i < list->count; i++) {
        while (taken[number])
            number++;
        annotations_sidecar_require(draft, &list->sidecars[i], (long)i, number++, shim_image);
    }
}

/* The number of containers that create a socket: ours and those of network bindings. */
static size_t count_sidecars(const json_t *containers)
{
    size_t count = 0;
    size_t index = 0;
    json_t *container = NULL;
    json_array_foreach (containers, index, container) {
        if (annotations_sidecar_number(container) >= 0)
            count++;
    }
    return count;
}

/* Tells the program that calls the hooks about the sidecars. */
static void require_manager(struct annotations_draft *draft, const json_t *pod,
    const struct annotations_render_options *options)
{
    size_t count = count_sidecars(draft->containers);
    enum annotations_launcher launcher = options->launcher;
    if (launcher == ANNOTATIONS_LAUNCHER_AUTO)
        launcher = annotations_launcher_detect(pod);
    if (launcher == ANNOTATIONS_LAUNCHER_BUILTIN)
        annotations_flag_set(draft, draft->compute, ANNOTATIONS_SIDECARS_FLAG, count);
    if (launcher == ANNOTATIONS_LAUNCHER_PLUGIN) {
        annotations_plugin_require(draft,
            text_or(options->manager_image, ANNOTATIONS_MANAGER_IMAGE), options->annotation_key,
            count);
    }
    if (launcher == ANNOTATIONS_LAUNCHER_STANDALONE)
        annotations_standalone_require(draft, options->annotation_key, count);
}

json_t *annotations_render(const json_t *pod, const struct annotations_list *list,
    const struct annotations_render_options *options, struct findings *findings)
{
    static const struct annotations_render_options defaults = {0};
    if (options == NULL)
        options = &defaults;
    /* json_incref does not take a const value */
    if (list->count == 0 || annotations_pod_is_provisioning(pod))
        return json_incref((json_t *)pod);

    size_t errors = findings->errors;
    struct annotations_draft draft;
    if (annotations_draft_init(&draft, pod, findings) == 0) {
        require_sockets(&draft);
        require_sidecars(&draft, list, text_or(options->shim_image, ANNOTATIONS_SHIM_IMAGE));
        require_manager(&draft, pod, options);
    }
    json_t *rendered = findings->errors == errors ? json_incref(draft.pod) : NULL;
    annotations_draft_clear(&draft);
    return rendered;
}
