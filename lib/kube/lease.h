/* Leader election with a coordination.k8s.io/v1 Lease, as client-go does it: the leader renews the
 * lease; others take it if it was not renewed for its duration, by their own clock. */
#ifndef KUBE_LEASE_H
#define KUBE_LEASE_H

#include "kube/client.h"

struct kube_lease;

/* Strings are copied. The callbacks come from the loop; they must not release or free the lease. */
struct kube_lease_options {
    const char *namespace;
    const char *name;
    const char *identity; /* of this process: its pod's name and something random; not "" */
    int64_t duration_ms; /* 0: 15 s; whole seconds on the wire */
    int64_t renew_deadline_ms; /* a leader that cannot renew it gives up then; 0: 10 s */
    int64_t retry_ms; /* between tries; 0: 2 s */
    void (*on_acquired)(void *user);
    void (*on_lost)(void *user); /* not on release; it stays in the election */
    void (*on_leader)(void *user, const char *identity); /* who leads now; or NULL */
    void *user;
};

/* Starts to stand for election. Owned by the caller; free it before the client. */
struct kube_lease *kube_lease_new(
    struct kube_client *client, const struct kube_lease_options *options);

/* Releases the lease, so that another can take it at once. released is called when that has
 * succeeded or failed, within renew_deadline_ms; if the lease was neither held nor about to be,
 * before this returns. released may free the lease. No other callback is called after this. */
void kube_lease_release(struct kube_lease *lease, void (*released)(void *user), void *user);

void kube_lease_free(struct kube_lease *lease); /* NULL is allowed; without a release */

#endif
