/* A sidecar that runs executables as its hooks: it serves Info and the Callbacks of all protocol
 * versions on a socket, as KubeVirt's sidecar-shim does, and logs what it is called for. */
#ifndef SHIM_SHIM_H
#define SHIM_SHIM_H

#include <ev.h>

#include "shim/hook.h"

struct shim_options {
    const char *version; /* that Info announces: "v1alpha3" */
    const char *socket_directory;
    struct shim_hook_options hook; /* timeout_ms 0: the caller's deadline, or a minute */
};

struct shim;

/* Listens on a socket of its own and serves. loop is libev's default loop; options and what it
 * points to are borrowed until shim_free. Returns the shim, owned by the caller, or NULL with an
 * error and no socket left behind. */
struct shim *shim_start(
    struct ev_loop *loop, const struct shim_options *options, struct error **err);

/* Begins the end, as a Shutdown call does: the socket is removed at once, hooks that run are
 * ended, and when their callers have been answered the loop is left (EVBREAK_ALL). */
void shim_stop(struct shim *shim);

/* Frees a shim that has stopped. NULL is allowed. */
void shim_free(struct shim *shim);

#endif
