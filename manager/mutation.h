/* The MutateDomain requests of KubeVirt's Plugin API: each runs the OnDefineDomain chain, one at a
 * time, in order of arrival. When a request's caller is gone or its deadline has passed, it leaves
 * the queue or its chain stops.
 * Source: KubeVirt, pkg/hooks/plugins/v1alpha1/api.proto. */
#ifndef MANAGER_MUTATION_H
#define MANAGER_MUTATION_H

#include "manager/manager.h"
#include "rpc/server.h"

enum { MANAGER_MAX_MUTATIONS = 64 }; /* waiting or running; more are refused */

struct manager_mutations;

/* manager is borrowed; it has collected, and runs nothing else meanwhile. Owned by the caller. */
struct manager_mutations *manager_mutations_new(struct manager *manager);

/* Call it after the server of the requests is freed. NULL is allowed. */
void manager_mutations_free(struct manager_mutations *mutations);

/* The service, for rpc_server_new; mutations is borrowed. */
struct rpc_service manager_mutations_service(struct manager_mutations *mutations);

/* Refuses waiting and later requests; the one whose chain is running continues. */
void manager_mutations_close(struct manager_mutations *mutations);

#endif
