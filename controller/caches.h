/* The informer caches of VMIs and launcher pods. Every replica keeps them; changes go to the
 * reconciler and, on the leader, become Events about sidecars. */
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
    void (*on_synced)(void *user); /* controller_caches_synced may have changed */
    void *user;
};

/* Owned by the caller. Waits for the kind VirtualMachineInstance if the cluster lacks it; launches
 * nothing if it is KubeVirt's (controller/launch/machine_kind.h). */
struct controller_caches *controller_caches_new(const struct controller_caches_options *options);
void controller_caches_free(struct controller_caches *caches); /* NULL is allowed */

/* Whether all that the caches need has been read, were it only who launches VMIs. */
bool controller_caches_loaded(const struct controller_caches *caches);

/* Whether the reconciler may start: the caches are synced, and VMIs are ours to launch. */
bool controller_caches_synced(const struct controller_caches *caches);

/* Why VMIs are somebody else's to launch; NULL if they are not. Static. */
const char *controller_caches_obstacle(const struct controller_caches *caches);

/* Tells whether this replica leads. */
void controller_caches_lead(struct controller_caches *caches, bool leads);

struct controller_caches_figures {
    size_t machines, pods;
    unsigned long restarts; /* of watches */
};
struct controller_caches_figures controller_caches_figures(const struct controller_caches *caches);

#endif
