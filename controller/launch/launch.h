/* The reconciler: every VMI labelled hookline.dev/launch=true gets exactly one launcher pod, and a
 * status that follows it. */
#ifndef CONTROLLER_LAUNCH_LAUNCH_H
#define CONTROLLER_LAUNCH_LAUNCH_H

#include "controller/launch/options.h"
#include "kube/informer.h"
#include "kube/queue.h"

struct controller_launch;

/* Owned by the caller; paused until controller_launch_lead. */
struct controller_launch *controller_launch_new(const struct controller_launch_options *options);
void controller_launch_free(struct controller_launch *launch); /* NULL is allowed */

/* Sets the caches, borrowed: labelled VMIs, pruned by controller_machine_prune, and launcher pods,
 * pruned by controller_pod_prune. */
void controller_launch_watch(struct controller_launch *launch, const struct kube_informer *machines,
    const struct kube_informer *pods);

/* Tells whether this replica leads. When it stops leading, work in progress is canceled; the next
 * leader starts it again. Both caches must be synced when it leads. */
void controller_launch_lead(struct controller_launch *launch, bool leads);

/* To be called for every change in the caches, even while another replica leads. */
void controller_launch_machine_changed(struct controller_launch *launch, const char *key);
void controller_launch_pod_changed(
    struct controller_launch *launch, const json_t *before, const json_t *after);

/* To be called when the policy or the pod template has changed: what waits for them is tried
 * again. */
void controller_launch_rules_changed(struct controller_launch *launch);

/* For metrics; borrowed. */
struct kube_queue *controller_launch_queue(struct controller_launch *launch);

#endif
