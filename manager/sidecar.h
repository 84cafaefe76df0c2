/* A sidecar as the manager knows it, once it has answered Info. */
#ifndef MANAGER_SIDECAR_H
#define MANAGER_SIDECAR_H

#include <stdbool.h>
#include <stdint.h>

#include "annotations/sidecar.h"
#include "base/error.h"
#include "hooks/protocol.h"

/* A collected sidecar, from its answer to Info. Names and paths are safe to print: unprintable
 * bytes are escaped as \xNN. */
struct manager_sidecar {
    const char *name; /* of its container, the directory of its socket: "hook-sidecar-0" */
    long index; /* the number at the end of the name; -1 when it has none */
    const char *socket; /* path */
    const char *version; /* the newest that both support: "v1alpha3" */
    bool subscribed[HOOKS_POINTS];
    int32_t priority[HOOKS_POINTS];
    int timeout_seconds; /* of one hook call */
    enum annotations_failure_policy failure_policy;
};

/* Prefixes an error with the sidecar at fault: `sidecar hook-sidecar-1 (index 1): …`. Returns
 * -1. */
int manager_sidecar_blame(const struct manager_sidecar *sidecar, struct error **err);

#endif
