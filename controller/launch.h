/* The reconciler: every VMI labelled hookline.dev/launch=true gets exactly one launcher pod, and a
 * status that follows it. */
#ifndef CONTROLLER_LAUNCH_H
#define CONTROLLER_LAUNCH_H

#include "controller/settings.h"
#include "kube/client.h"
#include "kube/events.h"
#include "kube/informer.h"
#include "kube/queue.h"

struct controller_launch;

struct controller_launch_options {
    struct kube_client *client;
    struct kube_informer
        *machines; /* of labelled VMIs; pruned by controller_launch_prune_machine */
    struct kube_informer *pods; /* of launcher pods; pruned by controller_pods_prune */
    struct kube_events *events;
    const struct controller_settings *settings;
};

/* What of a VMI stays in the cache: identity, deletion, generation, phase and conditions; the rest
 * is read from the API when a pod is to be made. */
json_t *controller_launch_prune_machine(void *user, json_t *machine);

/* Owned by the caller; paused until controller_launch_lead. */
struct controller_launch *controller_launch_new(const struct controller_launch_options *options);
void controller_launch_free(struct controller_launch *launch);

/* This replica leads, or does not any more. */
void controller_launch_lead(struct controller_launch *launch, bool leads);

/* To be called for every change of the caches. */
void controller_launch_machine_changed(struct controller_launch *launch, const char *key);
void controller_launch_pod_changed(
    struct controller_launch *launch, const json_t *before, const json_t *after);

struct kube_queue *controller_launch_queue(struct controller_launch *launch);

#endif
