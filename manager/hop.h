/* One hook call to one collected sidecar. A connection that turns out to be dead is made anew
 * once, for a sidecar that was restarted. */
#ifndef MANAGER_HOP_H
#define MANAGER_HOP_H

#include "hooks/message.h"
#include "manager/state.h"

struct manager_hop;

/* response is borrowed for the time of the callback; NULL when there is an error, which the
 * callee owns: remote, or timeout. It does not say which sidecar. *gone tells a remote error that
 * means that nobody is there any more. */
typedef void manager_hop_done(
    void *user, const ProtobufCMessage *response, struct error *take_error, bool gone);

/* Calls the hook of the sidecar at a position with fields, whose data stays as it is until the
 * end. timeout_ms is for all of it. Returns the call under way, which ends by itself when done has
 * returned. */
struct manager_hop *manager_hop_start(struct manager *manager, size_t position,
    enum hooks_point hook, const struct hooks_field *fields, size_t count, int64_t timeout_ms,
    manager_hop_done *done, void *user);

/* Calls it off; done is not called. NULL is allowed. */
void manager_hop_cancel(struct manager_hop *hop);

#endif
