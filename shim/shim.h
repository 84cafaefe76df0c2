/* A sidecar that runs executables as its hooks: it serves Info and the Callbacks service of every
 * protocol version on a socket, as KubeVirt's sidecar-shim does, and logs each call. */
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

/* Creates a socket and serves on it. loop is libev's default loop; options and what it points to
 * are borrowed until shim_free. Returns the shim, owned by the caller, or NULL with an error and no
 * socket left behind. */
struct shim *shim_start(
    struct ev_loop *loop, const struct shim_options *options, struct error **err);

/* Starts shutting down, as a Shutdown call does: removes the socket at once, ends running hooks and
 * what earlier ones left running and, when that has ended and their callers have been answered,
 * breaks the loop (EVBREAK_ALL). */
void shim_stop(struct shim *shim);

/* Frees a shim that has stopped. NULL is allowed. */
void shim_free(struct shim *shim);

#endif
