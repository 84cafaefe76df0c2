/* The processors of the domain. */
#ifndef MACHINE_CPU_H
#define MACHINE_CPU_H

#include "machine/conversion.h"

/* The processors of a VMI, with KubeVirt's defaults. */
struct machine_topology {
    long long sockets, cores, threads; /* each at least 1 */
};

/* Reads the topology of spec.domain. Without one, the CPU limit, else the CPU request, is the
 * number of sockets. */
struct machine_topology machine_topology_read(const json_t *domain);

/* Writes <cpu> with its model and topology, and <vcpu>. */
void machine_cpu_convert(const struct machine_conversion *conversion);

#endif
