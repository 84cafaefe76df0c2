/* The ports of this machine that are forwarded to the guest. */
#ifndef LAUNCHER_PORTS_H
#define LAUNCHER_PORTS_H

#include "base/pairs.h"
#include "machine/ports.h"

/* Zeroed is empty. */
struct launcher_ports {
    struct machine_port *items; /* owned; refer to the VMI */
    size_t count;
};

/* Finds those that the interfaces of a checked VMI list, and those of --port, GUEST=HERE, which says
 * from which port of this machine a listed one is forwarded, or adds one to the first interface.
 * GUEST is a number, with /tcp or /udp or without (TCP). Returns 0, or -1 with a usage error. Call
 * launcher_ports_clear after it. */
int launcher_ports_find(
    struct launcher_ports *out, const json_t *vmi, const struct pairs *given, struct error **err);

void launcher_ports_clear(struct launcher_ports *ports);

#endif
