/* One hook call to one collected sidecar. If the connection turns out to be dead, the hop
 * reconnects once, since the sidecar may have restarted. */
#ifndef MANAGER_HOP_H
#define MANAGER_HOP_H

#include "hooks/message.h"
#include "manager/state.h"

struct manager_hop;

/* response is borrowed for the callback; NULL when there is an error (remote or timeout), which the
 * callee owns. The error does not name the sidecar. gone marks a remote error that means that the
 * sidecar no longer runs. */
typedef void manager_hop_done(
    void *user, const ProtobufCMessage *response, struct error *take_error, bool gone);

/* Calls the hook of the sidecar at a position with fields, whose data must stay valid until the hop
 * ends. timeout_ms covers everything, including reconnecting. Returns the hop, which frees itself
 * after done returns. */
struct manager_hop *manager_hop_start(struct manager *manager, size_t position,
    enum hooks_point hook, const struct hooks_field *fields, size_t count, int64_t timeout_ms,
    manager_hop_done *done, void *user);

/* Cancels and frees the hop; done is not called. NULL is allowed. */
void manager_hop_cancel(struct manager_hop *hop);

#endif
