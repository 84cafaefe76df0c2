/* How the processors of an instance type become sockets, cores and threads, as a preference would
 * have it. */
#ifndef MACHINE_TOPOLOGY_H
#define MACHINE_TOPOLOGY_H

#include <jansson.h>
#include <stdbool.h>

enum machine_topology_kind {
    MACHINE_TOPOLOGY_SOCKETS, /* the default */
    MACHINE_TOPOLOGY_CORES,
    MACHINE_TOPOLOGY_THREADS,
    MACHINE_TOPOLOGY_SOCKETS_CORES, /* the others are spread */
    MACHINE_TOPOLOGY_CORES_THREADS,
    MACHINE_TOPOLOGY_SOCKETS_CORES_THREADS,
    MACHINE_TOPOLOGY_ANY,
};

struct machine_topology {
    enum machine_topology_kind kind;
    long long ratio; /* of what is spread: cores of a socket, or threads of a core; 1 or more */
};

struct machine_processors {
    long long sockets, cores, threads;
};

/* The topology that the spec of a checked preference asks for; NULL: none.
 * Source: KubeVirt API reference, CPUPreferences and SpreadOptions. */
struct machine_topology machine_topology_of(const json_t *preference);

/* The names of preferredCPUTopology and of spreadOptions.across, NULL at the end. */
extern const char *const machine_topology_names[];
extern const char *const machine_topology_spreads[];

/* Whether cores have as many threads as KubeVirt allows, if they are spread across both: two. */
bool machine_topology_is_valid(const struct machine_topology *topology);

/* Divides count processors. Returns false if it is not a multiple of the unit. One processor is one
 * socket with one core and thread. */
bool machine_topology_divide(
    const struct machine_topology *topology, long long count, struct machine_processors *out);

/* What the number of processors must be a multiple of. */
long long machine_topology_unit(const struct machine_topology *topology);

#endif
