/* A hook's chain: a document handed through its subscribers, one after another. */
#ifndef MANAGER_CHAIN_H
#define MANAGER_CHAIN_H

#include "base/bytes.h"
#include "manager/state.h"

/* Starts it as the manager's operation, which has begun; see manager_chain. */
void manager_chain_start(
    struct manager *manager, enum hooks_point hook, struct bytes document, struct bytes vmi);

#endif
