/* The caches of VMIs and launcher pods: they are kept true on every replica, and what changes in
 * them is told to the reconciler and, where this replica leads, as Events about sidecars. */
#ifndef CONTROLLER_CACHES_H
#define CONTROLLER_CACHES_H

#include "controller/launch/launch.h"
#include "kube/client.h"
#include "kube/events.h"

struct controller_caches;

struct controller_caches_options {
    struct kube_client *client;
    struct kube_events *events;
    struct controller_launch *launch; /* or NULL: no VMIs are cached */
    const char *annotation_key; /* the one key to look for, or NULL; borrowed for good */
    void (*on_synced)(void *user); /* controller_caches_synced may say something else now */
    void *user;
};

/* Owned by the caller. Where the cluster has no kind VirtualMachineInstance, it is waited for; where
 * it is KubeVirt's, nothing is launched (controller/machine_kind.h). */
struct controller_caches *controller_caches_new(const struct controller_caches_options *options);
void controller_caches_free(struct controller_caches *caches); /* NULL is allowed */

/* Whether the reconciler may begin: all is in the caches. */
bool controller_caches_synced(const struct controller_caches *caches);

/* The same, but that a kind that is missing is not waited for. *why_not is static. */
bool controller_caches_ready(const struct controller_caches *caches, const char **why_not);

/* This replica leads, or does not any more. */
void controller_caches_lead(struct controller_caches *caches, bool leads);

struct controller_caches_figures {
    size_t machines, pods;
    unsigned long restarts; /* of watches */
};
struct controller_caches_figures controller_caches_figures(const struct controller_caches *caches);

#endif
