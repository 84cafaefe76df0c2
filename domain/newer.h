/* What KubeVirt's form of a domain may have that older versions of libvirt do not know, such as
 * Debian 12's. libvirt's schema tells whether it does, but not in words that help. */
#ifndef DOMAIN_NEWER_H
#define DOMAIN_NEWER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Finds such parts of a domain document. Returns their names, such as "a pool of I/O threads and
 * the panic device pvpanic", or NULL, with an error only if the document cannot be read. *rest gets
 * the document without them, and *dispensable whether a guest only performs worse without them.
 * Names and rest are owned by the caller. */
char *domain_newer_find(const char *xml, size_t length, char **rest, size_t *rest_length,
    bool *dispensable, struct error **err);

#endif
