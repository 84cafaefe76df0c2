/* Which sidecar brought which part of a domain (domain/parts.h), for a message about two that do
 * not go together. */
#ifndef MANAGER_ORIGIN_H
#define MANAGER_ORIGIN_H

#include <stdbool.h>

#include "base/bytes.h"
#include "manager/sidecar.h"

/* The parts of one document. Zeroed means none. */
struct manager_origins {
    struct manager_origin *parts; /* a hash by name; owned */
};
void manager_origins_clear(struct manager_origins *origins);

/* Reads the parts of a valid document that a sidecar returned (NULL: the one before any hook;
 * borrowed). What before has too keeps its origin; the rest is the sidecar's. *out, empty before,
 * is owned by the caller. Returns whether something is there more than once. */
bool manager_origins_read(const struct manager_origins *before, struct bytes xml,
    const struct manager_sidecar *sidecar, struct manager_origins *out);

/* Who brought a part that a sidecar's result has once more: "the other is from sidecar
 * hook-sidecar-0 (index 0)". Owned by the caller. */
char *manager_origins_describe(const struct manager_origins *origins, const char *part);

#endif
