/* The bridge that keeps hook sidecars working on KubeVirt's Plugin API: collects the sidecars,
 * serves MutateDomain on the plugin socket, and sends Shutdown to the sidecars at the end. */
#ifndef MANAGER_SERVE_H
#define MANAGER_SERVE_H

#include "manager/manager.h"

struct manager_serve_options {
    const char *socket; /* path of the plugin socket; passed manager_plugin_socket_check */
    const char *launcher_socket; /* of virt-launcher, whose end stops serving; NULL: not watched */
    int64_t grace_ms; /* for the request that is running at the end */
};

struct manager_serve;

/* Called from the loop, once, at the end. take_error, which the callee owns, is why serving failed;
 * NULL when it was stopped. */
typedef void manager_serve_done(void *user, struct error *take_error);

/* Removes a dead predecessor's socket and starts collecting. The socket is bound only after that,
 * so that it exists only while it is served. What manager and options point to is borrowed until
 * manager_serve_free. Returns it, owned by the caller, or NULL with an io error. */
struct manager_serve *manager_serve_new(struct ev_loop *loop, struct rpc *rpc,
    const struct manager_options *manager, const struct manager_serve_options *options,
    manager_serve_done *done, void *user, struct error **err);

/* Stops: removes the socket, refuses waiting requests, lets the running one continue for grace_ms,
 * then sends Shutdown to the sidecars (if still collecting, to those that listen). A second call
 * does nothing. */
void manager_serve_stop(struct manager_serve *serve);

/* done may call this. NULL is allowed. */
void manager_serve_free(struct manager_serve *serve);

#endif
