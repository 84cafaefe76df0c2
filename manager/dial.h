/* One try to reach a sidecar: connects to a socket and asks for Info. */
#ifndef MANAGER_DIAL_H
#define MANAGER_DIAL_H

#include "proto/info.pb-c.h"
#include "rpc/client.h"

enum { MANAGER_INFO_TIMEOUT_MS = 1000 }; /* one try of Info; tried again until the deadline */

struct manager_dial;

/* What came of it. Either channel, which the callee owns, and answer, borrowed for the time of
 * the callback; or error, which the callee owns. A remote error is the sidecar's last word; any
 * other may be over at the next try. */
typedef void manager_dial_done(void *user, struct rpc_channel *take_channel,
    const Kubevirt__Hooks__Info__InfoResult *answer, struct error *take_error);

/* timeout_ms is for the answer. Returns the dial under way, which ends by itself when done has
 * returned; or NULL with an io error when nothing listens at path, and then done is not called. */
struct manager_dial *manager_dial_start(struct rpc *rpc, const char *path, int64_t timeout_ms,
    manager_dial_done *done, void *user, struct error **err);

/* Calls it off; done is not called. NULL is allowed. */
void manager_dial_cancel(struct manager_dial *dial);

/* What a call's status means as an error: a deadline, ours or one that the peer tells of, a
 * timeout; a lost connection io; anything else remote. The message, on one line, is the status and
 * what the peer said; timeout_ms is what the call had. */
int manager_status_error(const struct rpc_result *result, int64_t timeout_ms, struct error **err);

#endif
