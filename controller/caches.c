#include "controller/caches.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
#include "base/unused.h"
#include "controller/launch/pod_input.h"
#include "controller/launch/machine.h"
#include "controller/launch/machine_kind.h"
#include "controller/launch/pod_owner.h"
#include "controller/metrics.h"
#include "controller/watch/pod_prune.h"
#include "controller/watch/sidecar_events.h"

#define LAUNCHER_SELECTOR "kubevirt.io=virt-launcher"

struct controller_caches {
    struct controller_caches_options options;
    struct controller_machine_kind *kind; /* owned; NULL: no VMIs are cached */
    struct kube_informer *machines, *pods; /* owned; machines is NULL until their kind is ours */
    bool leads;
};

static json_t *prune_pod(void *user, json_t *pod)
{
    const struct controller_caches *caches = user;
    return controller_pod_prune(caches->options.annotation_key, pod);
}

static void machine_changed(
    void *user, const char *key, UNUSED const json_t *before, UNUSED const json_t *after)
{
    struct controller_caches *caches = user;
    controller_launch_machine_changed(caches->options.launch, key);
}

/* Whether a pod may speak for the VMI that it names. One that we launch has only the pod that we
 * created; we do not know the pods of other VMIs. */
static bool is_believed(const struct controller_caches *caches, const json_t *pod)
{
    const char *name = json_get_string(controller_pod_owner_reference(pod), "name");
    if (name == NULL || caches->machines == NULL)
        return name != NULL;
    auto_free char *key = xasprintf("%s/%s", kube_namespace(pod), name);
    auto_json json_t *machine = kube_informer_read(caches->machines, key);
    return machine == NULL || controller_pod_owner_is(pod, machine);
}

static void pod_changed(
    void *user, UNUSED const char *key, const json_t *before, const json_t *after)
{
    struct controller_caches *caches = user;
    if (caches->leads && after != NULL && is_believed(caches, after))
        controller_sidecar_events_record(caches->options.events, before, after);
    if (caches->options.launch != NULL)
        controller_launch_pod_changed(caches->options.launch, before, after);
}

static void synced(void *user)
{
    struct controller_caches *caches = user;
    caches->options.on_synced(caches->options.user);
}

/* Whether the kind VirtualMachineInstance is not ours, so that somebody else launches VMIs. */
static bool is_foreign(const struct controller_caches *caches)
{
    enum controller_machine_kind_state state = controller_machine_kind_state(caches->kind);
    return state == CONTROLLER_MACHINE_KIND_KUBEVIRTS || state == CONTROLLER_MACHINE_KIND_STRANGE;
}

static void tell_unreadable(struct controller_caches *caches, const struct kube_resource *resource,
    const json_t *stub, const char *why)
{
    controller_metrics_unreadable(resource->plural);
    if (caches->leads && kube_uid(stub)[0] != '\0')
        kube_event(caches->options.events, resource, stub, KUBE_EVENT_WARNING, "Unreadable",
            "hook-controller cannot read this object and goes by its last readable version: %s",
            why);
}

static void machine_unreadable(void *user, const json_t *stub, const char *why)
{
    tell_unreadable(user, &kube_virtual_machine_instances, stub, why);
}

static void pod_unreadable(void *user, const json_t *stub, const char *why)
{
    tell_unreadable(user, &kube_pods, stub, why);
}

static void watch_machines(struct controller_caches *caches)
{
    struct kube_informer_options options = {
        .resource = &kube_virtual_machine_instances,
        .label_selector = CONTROLLER_LAUNCH_LABEL "=true",
        .keep = controller_machine_kept,
        .prune = controller_machine_prune,
        .on_change = machine_changed,
        .on_unreadable = machine_unreadable,
        .on_synced = synced,
        .user = caches,
    };
    caches->machines = kube_informer_new(caches->options.client, &options);
    controller_launch_watch(caches->options.launch, caches->machines, caches->pods);
}

/* The kind VirtualMachineInstance has come, gone, or changed its owner. */
static void kind_changed(void *user)
{
    struct controller_caches *caches = user;
    const char *obstacle = controller_machine_kind_obstacle(caches->kind);
    if (obstacle != NULL)
        log_write(is_foreign(caches) ? LOG_ERROR : LOG_WARNING,
            json_pack("{s:s}", "reason", "NotLaunching"), "nothing is launched: %s", obstacle);
    else
        log_info("the kind VirtualMachineInstance is Hookline's: launching its machines");
    if (obstacle == NULL && caches->machines == NULL)
        watch_machines(caches);
    caches->options.on_synced(caches->options.user);
}

struct controller_caches *controller_caches_new(const struct controller_caches_options *options)
{
    struct controller_caches *caches = xcalloc(1, sizeof(*caches));
    caches->options = *options;
    struct kube_informer_options pods = {
        .resource = &kube_pods,
        .label_selector = LAUNCHER_SELECTOR,
        .keep = controller_pod_kept,
        .prune = prune_pod,
        .on_change = pod_changed,
        .on_unreadable = pod_unreadable,
        .on_synced = synced,
        .user = caches,
    };
    caches->pods = kube_informer_new(options->client, &pods);
    if (options->launch != NULL)
        caches->kind = controller_machine_kind_new(options->client, kind_changed, caches);
    return caches;
}

void controller_caches_free(struct controller_caches *caches)
{
    if (caches == NULL)
        return;
    controller_machine_kind_free(caches->kind);
    kube_informer_free(caches->machines);
    kube_informer_free(caches->pods);
    free(caches);
}

bool controller_caches_synced(const struct controller_caches *caches)
{
    bool machines =
        caches->kind == NULL ||
        (caches->machines != NULL && kube_informer_synced(caches->machines) && !is_foreign(caches));
    return machines && kube_informer_synced(caches->pods);
}

bool controller_caches_loaded(const struct controller_caches *caches)
{
    bool kind = caches->kind == NULL ||
                controller_machine_kind_state(caches->kind) != CONTROLLER_MACHINE_KIND_UNKNOWN;
    bool machines = caches->machines == NULL || kube_informer_synced(caches->machines);
    return kind && machines && kube_informer_synced(caches->pods);
}

const char *controller_caches_obstacle(const struct controller_caches *caches)
{
    bool foreign = caches->kind != NULL && is_foreign(caches);
    return foreign ? controller_machine_kind_obstacle(caches->kind) : NULL;
}

static void tell_of_pod(void *user, UNUSED const char *key, const json_t *pod)
{
    const struct controller_caches *caches = user;
    if (is_believed(caches, pod))
        controller_sidecar_events_record(caches->options.events, NULL, pod);
}

void controller_caches_lead(struct controller_caches *caches, bool leads)
{
    /* report the current state again: nothing is lost that happened without a leader */
    if (leads && !caches->leads)
        kube_informer_each(caches->pods, tell_of_pod, caches);
    caches->leads = leads;
}

struct controller_caches_figures controller_caches_figures(const struct controller_caches *caches)
{
    struct controller_caches_figures figures = {
        .pods = kube_informer_count(caches->pods),
        .restarts = kube_informer_restarts(caches->pods),
    };
    if (caches->kind != NULL)
        figures.restarts += controller_machine_kind_restarts(caches->kind);
    if (caches->machines != NULL) {
        figures.machines = kube_informer_count(caches->machines);
        figures.restarts += kube_informer_restarts(caches->machines);
    }
    return figures;
}
