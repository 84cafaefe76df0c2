/* The cluster that hookctl-online talks to, from the user's kubeconfig, one request at a time. */
#ifndef CLI_ONLINE_CLUSTER_H
#define CLI_ONLINE_CLUSTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "appliance/objects.h"
#include "base/error.h"
#include "kube/request.h"
#include "kube/status.h"

struct cli_cluster; /* opaque */

/* Reads the kubeconfig: kubeconfig (NULL: as kubectl finds it), context (NULL: the current one).
 * Nothing is sent. Until it is closed, interrupts cancel the request or the wait in progress,
 * or else the next one, and do not end the process. Owned by the caller, or NULL with an error. */
struct cli_cluster *cli_cluster_open(
    const char *kubeconfig, const char *context, struct error **err);
void cli_cluster_close(struct cli_cluster *cluster); /* NULL is allowed */

/* The namespace of the context, or "default". Borrowed. */
const char *cli_cluster_namespace(const struct cli_cluster *cluster);

/* Makes one request and waits for its answer. Returns 0 with *answer (unless answer is NULL), a new
 * reference; or -1 with an error of class remote, policy (forbidden) or input (invalid) that names
 * the request, and *reason (unless NULL). */
int cli_cluster_call(struct cli_cluster *cluster, const struct kube_request *request,
    json_t **answer, enum kube_reason *reason, struct error **err);

/* The resource of a kind: group, version and plural. Static. */
const struct kube_resource *cli_cluster_resource(enum appliance_kind kind);

/* Looks at an object each time that it changes; NULL: it is not there. Returns 1: it is done; 0: wait
 * on; -1: it failed, with an error. */
typedef int cli_cluster_look(void *user, const json_t *object, struct error **err);

/* Watches the object until look says that it is done. Returns 0, or -1 with look's error, a timeout
 * error that names the object, or a remote one. */
int cli_cluster_wait(struct cli_cluster *cluster, const struct kube_resource *resource,
    const char *namespace, const char *name, cli_cluster_look *look, void *user, int64_t timeout_ms,
    struct error **err);

/* Reads all that the set wants into it, list by list and object by object; what may not be read is
 * noted as absent with the reason. Returns 1 if there was something to read, 0 if not, -1 with an
 * error. */
int cli_cluster_read_wanted(
    struct cli_cluster *cluster, struct appliance_objects *objects, struct error **err);

#endif
