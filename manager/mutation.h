/* The MutateDomain requests of KubeVirt's Plugin API: each runs the OnDefineDomain chain, one at a
 * time, in the order in which they came. One whose caller has gone, or whose deadline has passed,
 * leaves the queue or stops its chain.
 * Source: KubeVirt, pkg/hooks/plugins/v1alpha1/api.proto. */
#ifndef MANAGER_MUTATION_H
#define MANAGER_MUTATION_H

#include "manager/manager.h"
#include "rpc/server.h"

enum { MANAGER_MAX_MUTATIONS = 64 }; /* that are not answered yet; more are refused */

struct manager_mutations;

/* manager, which has collected and does nothing else meanwhile, is borrowed. Owned by the
 * caller. */
struct manager_mutations *manager_mutations_new(struct manager *manager);

/* Frees it when the server of its requests is freed. NULL is allowed. */
void manager_mutations_free(struct manager_mutations *mutations);

/* The service, for rpc_server_new; mutations is borrowed. */
struct rpc_service manager_mutations_service(struct manager_mutations *mutations);

/* Refuses those that wait, and those to come; the one whose chain runs goes on. */
void manager_mutations_close(struct manager_mutations *mutations);

#endif
