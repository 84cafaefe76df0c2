/* Which sidecar brought which part of a domain (domain/parts.h), for a message about two that do
 * not go together. */
#ifndef MANAGER_ORIGIN_H
#define MANAGER_ORIGIN_H

#include "base/bytes.h"
#include "manager/sidecar.h"

/* Zeroed means empty. */
struct manager_origins {
    struct manager_origin *parts; /* a hash by name */
    size_t documents; /* noted so far */
};
void manager_origins_clear(struct manager_origins *origins);

/* Notes a valid document that a sidecar returned (NULL: the one before any hook; borrowed): parts
 * that were not in the one before are the sidecar's, and those that are gone are forgotten. */
void manager_origins_note(
    struct manager_origins *origins, struct bytes xml, const struct manager_sidecar *sidecar);

/* Who brought a part that a sidecar's result has once more: "the other is from sidecar
 * hook-sidecar-0 (index 0)". Owned by the caller. */
char *manager_origins_describe(const struct manager_origins *origins, const char *part);

#endif
