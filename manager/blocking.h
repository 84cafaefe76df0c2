/* A manager with its own event loop and gRPC core, whose operations block until they are done. */
#ifndef MANAGER_BLOCKING_H
#define MANAGER_BLOCKING_H

#include "manager/manager.h"

struct manager_blocking;

/* What options points to is borrowed until manager_blocking_free. Returns the manager, owned by the
 * caller, or NULL with an internal error. */
struct manager_blocking *manager_blocking_new(
    const struct manager_options *options, struct error **err);
void manager_blocking_free(struct manager_blocking *blocking); /* NULL is allowed */

/* The manager inside, for its sidecars. Borrowed. */
const struct manager *manager_blocking_manager(const struct manager_blocking *blocking);

/* manager_collect and manager_shutdown. Return 0, or -1 with their error. */
int manager_blocking_collect(struct manager_blocking *blocking, struct error **err);
int manager_blocking_shutdown(struct manager_blocking *blocking, struct error **err);

/* manager_chain. *output, owned by the caller, is the result or, on failure, the document before
 * the hop that failed. Returns 0, or -1 with an error. */
int manager_blocking_chain(struct manager_blocking *blocking, enum hooks_point hook,
    struct bytes document, struct bytes vmi, char **output, size_t *output_length,
    struct error **err);

/* Makes the running operation, and every later one, fail with ERROR_CANCELED. Any thread may call
 * it while the manager exists. */
void manager_blocking_interrupt(struct manager_blocking *blocking);

#endif
