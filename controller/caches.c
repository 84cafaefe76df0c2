#include "controller/caches.h"

#include <ev.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
#include "controller/launcher_pod.h"
#include "controller/sidecar_watch.h"

#define LAUNCHER_SELECTOR "kubevirt.io=virt-launcher"

/* How long to wait before asking again whether the cluster knows VMIs, seconds. */
static const double CRD_RETRY = 5;

struct controller_caches {
    struct controller_caches_options options;
    struct kube_informer *machines, *pods; /* owned; machines is NULL until the CRD is there */
    struct kube_call *probe; /* whether it is there, or NULL */
    ev_timer retry;
    bool crd_missing;
    bool leads;
};

static void probe_machines(struct controller_caches *caches);

static json_t *prune_pod(void *user, json_t *pod)
{
    const struct controller_caches *caches = user;
    return controller_pods_prune(caches->options.annotation_key, pod);
}

static void machine_changed(void *user, const char *key, const json_t *before, const json_t *after)
{
    (void)before;
    (void)after;
    struct controller_caches *caches = user;
    controller_launch_machine_changed(caches->options.launch, key);
}

static void pod_changed(void *user, const char *key, const json_t *before, const json_t *after)
{
    struct controller_caches *caches = user;
    if (caches->leads && after != NULL)
        controller_sidecar_watch(caches->options.events, before, after);
    if (caches->options.launch != NULL)
        controller_launch_pod_changed(caches->options.launch, key, before, after);
}

static void synced(void *user)
{
    struct controller_caches *caches = user;
    if (controller_caches_synced(caches))
        caches->options.on_synced(caches->options.user);
}

static void watch_machines(struct controller_caches *caches)
{
    struct kube_informer_options options = {
        .resource = &kube_virtual_machine_instances,
        .label_selector = CONTROLLER_LAUNCH_LABEL "=true",
        .prune = controller_launch_prune_machine,
        .on_change = machine_changed,
        .on_synced = synced,
        .user = caches,
    };
    caches->machines = kube_informer_new(caches->options.client, &options);
    controller_launch_watch(caches->options.launch, caches->machines, caches->pods);
}

static void probe_answered(void *user, const struct kube_answer *answer)
{
    struct controller_caches *caches = user;
    caches->probe = NULL;
    if (answer->failure == NULL || answer->failure->reason != KUBE_NOT_FOUND) {
        caches->crd_missing = false;
        watch_machines(caches); /* which says what else may be wrong */
        return;
    }
    if (!caches->crd_missing)
        log_warning("the cluster knows no VirtualMachineInstances (kubevirt.io/v1): nothing is "
                    "launched until their CustomResourceDefinition is there");
    caches->crd_missing = true;
    ev_timer_set(&caches->retry, CRD_RETRY, 0);
    ev_timer_start(EV_DEFAULT, &caches->retry);
}

static void probe_again(EV_P_ ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    probe_machines(timer->data);
}

static void probe_machines(struct controller_caches *caches)
{
    struct kube_request request = {
        .verb = KUBE_LIST,
        .resource = &kube_virtual_machine_instances,
        .label_selector = CONTROLLER_LAUNCH_LABEL "=true",
        .limit = 1,
    };
    caches->probe = kube_call_start(caches->options.client, &request, probe_answered, caches);
}

struct controller_caches *controller_caches_new(const struct controller_caches_options *options)
{
    struct controller_caches *caches = xcalloc(1, sizeof(*caches));
    caches->options = *options;
    ev_init(&caches->retry, probe_again);
    caches->retry.data = caches;
    struct kube_informer_options pods = {
        .resource = &kube_pods,
        .label_selector = LAUNCHER_SELECTOR,
        .prune = prune_pod,
        .on_change = pod_changed,
        .on_synced = synced,
        .user = caches,
    };
    caches->pods = kube_informer_new(options->client, &pods);
    if (options->launch != NULL)
        probe_machines(caches);
    return caches;
}

void controller_caches_free(struct controller_caches *caches)
{
    if (caches == NULL)
        return;
    ev_timer_stop(EV_DEFAULT, &caches->retry);
    if (caches->probe != NULL)
        kube_call_cancel(caches->probe);
    kube_informer_free(caches->machines);
    kube_informer_free(caches->pods);
    free(caches);
}

bool controller_caches_synced(const struct controller_caches *caches)
{
    bool machines = caches->options.launch == NULL ||
                    (caches->machines != NULL && kube_informer_synced(caches->machines));
    return machines && kube_informer_synced(caches->pods);
}

bool controller_caches_ready(const struct controller_caches *caches, const char **why_not)
{
    if (!kube_informer_synced(caches->pods))
        *why_not = "the launcher pods have not been listed yet";
    else if (!controller_caches_synced(caches) && !caches->crd_missing)
        *why_not = "the VirtualMachineInstances have not been listed yet";
    else
        return true;
    return false;
}

static void tell_of_pod(void *user, const char *key, const json_t *pod)
{
    (void)key;
    const struct controller_caches *caches = user;
    controller_sidecar_watch(caches->options.events, NULL, pod);
}

void controller_caches_lead(struct controller_caches *caches, bool leads)
{
    /* what happened while nobody led is not lost: events say again how things stand */
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
    if (caches->machines != NULL) {
        figures.machines = kube_informer_count(caches->machines);
        figures.restarts += kube_informer_restarts(caches->machines);
    }
    return figures;
}
