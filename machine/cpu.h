/* The guest's processors. */
#ifndef MACHINE_CPU_H
#define MACHINE_CPU_H

#include "machine/conversion.h"

/* The processors of a VMI, with KubeVirt's defaults. */
struct machine_topology {
    long long sockets, cores, threads; /* each at least 1 */
    long long max_sockets; /* with those that could be plugged in; 0: none can */
};

/* Reads the topology of spec.domain. Without one, the CPU limit, else the CPU request, is the
 * number of sockets. Source: KubeVirt's user guide, "CPU Hotplug" for the most sockets: four times
 * as many, unless that makes more than MACHINE_MAX_CPUS processors. */
struct machine_topology machine_topology_read(const json_t *domain);

/* Writes <cpu>, <vcpu> and, if processors could be plugged in, <vcpus>. */
void machine_cpu_convert(const struct machine_conversion *conversion);

#endif
