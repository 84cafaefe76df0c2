/* What a manager collects, and how it calls. */
#ifndef MANAGER_OPTIONS_H
#define MANAGER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "annotations/sidecar.h"
#include "manager/event.h"

struct domain_schema;

enum {
    MANAGER_PRESENT_TIMEOUT_MS = 5 * 1000, /* for collecting before Shutdown */
    MANAGER_SLOW_CHAIN_MS = 15000, /* a chain that takes longer is warned about */
    MANAGER_MAX_SIDECARS = 256, /* the annotation's 64, plus network bindings */
};

struct manager_options {
    const char *directory; /* NULL: HOOKS_SOCKET_DIRECTORY */
    size_t sidecars; /* how many to collect */
    bool present_only; /* collects those that listen now instead, however many */
    int64_t timeout_ms; /* for collecting all */
    int64_t slow_chain_ms; /* a chain that takes longer is warned about; 0: MANAGER_SLOW_CHAIN_MS */
    const struct annotations_list *list; /* timeoutSeconds and failurePolicy by index; or NULL */
    const struct domain_schema *schema; /* to validate every domain against; or NULL */
    const char *trace_directory; /* where to record every hop; or NULL */
    manager_observer *observer; /* or NULL */
    void *user; /* of the observer */
};

#endif
