/* A hook's chain: a document is passed through the hook's subscribers, one after another. */
#ifndef MANAGER_CHAIN_H
#define MANAGER_CHAIN_H

#include "base/bytes.h"
#include "manager/state.h"

/* Starts the chain as the manager's operation, after manager_begin; see manager_chain. */
void manager_chain_start(
    struct manager *manager, enum hooks_point hook, struct bytes document, struct bytes vmi);

#endif
