/* A hook's chain: a document handed through its subscribers, one after another. */
#ifndef MANAGER_CHAIN_H
#define MANAGER_CHAIN_H

#include "manager/state.h"

/* Starts it as the manager's operation, which has begun; see manager_chain. */
void manager_chain_start(struct manager *manager, enum hooks_point hook, const char *document,
    size_t length, const char *vmi, size_t vmi_length);

#endif
