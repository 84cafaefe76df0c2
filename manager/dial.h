/* One attempt to reach a sidecar: connects to a socket and calls Info. */
#ifndef MANAGER_DIAL_H
#define MANAGER_DIAL_H

#include "proto/info.pb-c.h"
#include "rpc/client.h"

enum { MANAGER_INFO_TIMEOUT_MS = 1000 }; /* for one call of Info; retried until the deadline */

struct manager_dial;

/* The outcome: either take_channel, which the callee owns, with answer, borrowed for the callback;
 * or take_error, which the callee owns. A remote error is final; after any other, another attempt
 * may succeed. */
typedef void manager_dial_done(void *user, struct rpc_channel *take_channel,
    const Kubevirt__Hooks__Info__InfoResult *answer, struct error *take_error);

/* timeout_ms is for the answer. Returns the dial, which frees itself after done returns; or NULL
 * with an io error when nothing listens at path, in which case done is not called. */
struct manager_dial *manager_dial_start(struct rpc *rpc, const char *path, int64_t timeout_ms,
    manager_dial_done *done, void *user, struct error **err);

/* Cancels and frees the dial; done is not called. NULL is allowed. */
void manager_dial_cancel(struct manager_dial *dial);

/* Turns a call's status into an error: timeout for an exceeded deadline (ours, or one that the peer
 * reports), io for a lost connection, remote for anything else. The message is one line with the
 * status and the peer's message; timeout_ms is the call's timeout. Returns -1. */
int manager_status_error(const struct rpc_result *result, int64_t timeout_ms, struct error **err);

#endif
