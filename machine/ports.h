/* The guest's ports that are reachable from outside. User networking alone lets nothing in; a port
 * that an interface lists is forwarded from the same port of this machine, as under KubeVirt from
 * the pod's, unless its user says from which. */
#ifndef MACHINE_PORTS_H
#define MACHINE_PORTS_H

#include <jansson.h>
#include <stdbool.h>

struct machine_port {
    const char *interface; /* the name; its device's alias is "ua-" and the name; borrowed */
    bool udp; /* else TCP */
    int number; /* 1 to 65535 */
    int here; /* of this machine; as listed, the same */
    size_t interface_index; /* its place in the VMI: interfaces[interface_index].ports[index] */
    size_t index;
};

/* Lists all ports of a checked VMI, in its order. Returns how many; *out is owned by the caller. */
size_t machine_ports_list(const json_t *vmi, struct machine_port **out);

#endif
