/* The bridge that keeps hook sidecars working on KubeVirt's Plugin API: collects the sidecars, then
 * serves MutateDomain on the plugin socket, and tells the sidecars Shutdown at the end. */
#ifndef MANAGER_SERVE_H
#define MANAGER_SERVE_H

#include "manager/manager.h"

struct manager_serve_options {
    const char *socket; /* path of the plugin socket, which keeps manager_plugin_socket_check */
    const char *launcher_socket; /* of virt-launcher, whose end ends this too; NULL: not watched */
    int64_t grace_ms; /* for the request under way at the end */
};

struct manager_serve;

/* Called from the loop, once: it is over. take_error, which the callee owns, is why it could not
 * serve, or NULL when it was stopped. */
typedef void manager_serve_done(void *user, struct error *take_error);

/* Removes a dead predecessor's socket and begins to collect; the socket is bound when that is
 * done, so that it is there only while it is served. All that manager and options point to is
 * borrowed until manager_serve_free. Returns it, owned by the caller, or NULL with an io error. */
struct manager_serve *manager_serve_new(struct ev_loop *loop, struct rpc *rpc,
    const struct manager_options *manager, const struct manager_serve_options *options,
    manager_serve_done *done, void *user, struct error **err);

/* Stops: removes the socket, refuses requests that wait, lets the one under way go on for the
 * grace, then sends Shutdown to the sidecars (while it still collects, to those that are there).
 * A second call does nothing. */
void manager_serve_stop(struct manager_serve *serve);

/* May come from done. NULL is allowed. */
void manager_serve_free(struct manager_serve *serve);

#endif
