/* The ports of a guest that are to be reached from outside. User networking lets nothing in by
 * itself; a port that an interface names is forwarded from the same port of this machine, which
 * is where it is under KubeVirt too: at the pod's address. */
#ifndef MACHINE_PORTS_H
#define MACHINE_PORTS_H

#include <jansson.h>
#include <stdbool.h>

struct machine_port {
    const char *interface; /* the name; its device's alias is "ua-" and this; borrowed */
    bool udp; /* else TCP */
    int number; /* 1 to 65535 */
    size_t interface_index; /* where it stands in the VMI: interfaces[this].ports[index] */
    size_t index;
};

/* All ports of a checked VMI, in its order. Returns how many; *out is owned by the caller. */
size_t machine_ports_list(const json_t *vmi, struct machine_port **out);

#endif
