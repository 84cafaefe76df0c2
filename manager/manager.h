/* The hook manager: collects the sidecars of one launcher, and chains domain XML and cloud-init
 * data through them. Asynchronous, on a libev loop; manager/hookline.h wraps it in a blocking
 * library for other launchers. */
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

/* Creates a manager that has collected nothing yet. What options points to is borrowed until
 * manager_free. Owned by the caller. */
struct manager *manager_new(
    struct ev_loop *loop, struct rpc *rpc, const struct manager_options *options);

/* Cancels the running operation, closes the connections and frees the manager. NULL is allowed. */
void manager_free(struct manager *manager);

/* Finds the sidecars and calls Info on each. Errors: timeout, naming the sidecars that answered,
 * those that are missing and each one's last error; remote, when a sidecar's Info fails for good;
 * input, when there are more sidecars than expected. Call it again only after it failed. */
void manager_collect(struct manager *manager, manager_done *done, void *user);

/* The sidecars in index order, after manager_collect. Borrowed. */
const struct manager_sidecar *manager_sidecars(const struct manager *manager, size_t *count);

/* Chains a document through the sidecars that announce the hook point. vmi is JSON. Inputs are
 * copied. After the last sidecar a domain is finished (manager/document.h): here, since only the
 * manager knows who brought what, and for every launcher alike. Errors: input, when the document
 * itself is wrong; remote or timeout, when a sidecar is at fault. Absent cloud-init data (blank
 * text or null) is returned unchanged without a call. */
void manager_chain(struct manager *manager, enum hooks_point hook, struct bytes document,
    struct bytes vmi, manager_done *done, void *user);

/* Sends Shutdown to all subscribers at once. A sidecar that is gone is not an error. */
void manager_shutdown(struct manager *manager, manager_done *done, void *user);

/* Until the next operation, reports a WARNING to the observer when a sidecar closes its connection,
 * as it does when it ends. */
void manager_watch(struct manager *manager);

/* Cancels the running operation, if any; its done is not called. */
void manager_cancel(struct manager *manager);

#endif
