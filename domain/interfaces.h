/* The network interfaces of a domain, as the guest finds them: by alias, with their addresses. */
#ifndef DOMAIN_INTERFACES_H
#define DOMAIN_INTERFACES_H

#include <stddef.h>

#include "base/error.h"

/* All of it is owned; each may be NULL where the document does not say it. */
struct domain_interface {
    char *alias;
    char *mac;
    char *pci; /* "0000:01:00.0": domain, bus, slot and function */
};

/* Zeroed is empty. */
struct domain_interfaces {
    struct domain_interface *items; /* owned */
    size_t count;
};

/* Lists the interfaces in the order of the document. Returns 0 with *out owned by the caller, or -1
 * with an input error if xml is not a domain (domain/identity.h), or has more than
 * DOMAIN_TREE_MAX_BYTES. */
int domain_interfaces_list(
    const char *xml, size_t length, struct domain_interfaces *out, struct error **err);
void domain_interfaces_clear(struct domain_interfaces *interfaces);

#endif
