/* The hook manager: collects the sidecars of one launcher, and chains domain XML and cloud-init
 * data through them. Asynchronous on a libev loop; manager/hookline.h is the blocking library
 * around it for other launchers. */
#ifndef MANAGER_MANAGER_H
#define MANAGER_MANAGER_H

#include <ev.h>
#include <stddef.h>

#include "annotations/sidecar.h"
#include "base/bytes.h"
#include "base/error.h"
#include "domain/schema.h"
#include "manager/options.h"
#include "rpc/rpc.h"

struct manager;

/* A manager that has collected nothing yet. All that options points to is borrowed until
 * manager_free. Owned by the caller. */
struct manager *manager_new(
    struct ev_loop *loop, struct rpc *rpc, const struct manager_options *options);

/* Cancels what is under way, closes the connections, frees. NULL is allowed. */
void manager_free(struct manager *manager);

/* Finds the sidecars and asks each for its Info. Errors: the deadline's (timeout) names which came
 * and which are missing, and what the last try of each said; a sidecar whose Info is refused for
 * good (remote); more sidecars than expected (input). To be called again only when it failed. */
void manager_collect(struct manager *manager, manager_done *done, void *user);

/* The sidecars in index order, after manager_collect. Borrowed. */
const struct manager_sidecar *manager_sidecars(const struct manager *manager, size_t *count);

/* Chains a document through the sidecars that announce the hook point. vmi is JSON. Inputs are
 * copied. Errors: input when the document itself is wrong; remote or timeout where a sidecar is at
 * fault. With no cloud-init data (empty text or null) nothing is called and it comes back as it
 * is. */
void manager_chain(struct manager *manager, enum hooks_point hook, struct bytes document,
    struct bytes vmi, manager_done *done, void *user);

/* Sends Shutdown to every v1alpha3 subscriber at once. A sidecar that is gone is no error. */
void manager_shutdown(struct manager *manager, manager_done *done, void *user);

/* From now on until the next operation, tells the observer of a WARNING when a sidecar is gone, or
 * has closed its connection. */
void manager_watch(struct manager *manager);

/* Stops the operation under way, if any; its done is not called. */
void manager_cancel(struct manager *manager);

#endif
