#include "machine/topology.h"

#include <stddef.h>

#include "base/memory.h"
#include "base/text.h"
#include "machine/value.h"

enum { DEFAULT_RATIO = 2, THREADS_PER_CORE = 2 };

/* Each name twice: the second is deprecated. */
const char *const machine_topology_names[] = {"sockets", "preferSockets", "cores", "preferCores",
    "threads", "preferThreads", "any", "preferAny", "spread", "preferSpread", NULL};

const char *const machine_topology_spreads[] = {
    "SocketsCores", "CoresThreads", "SocketsCoresThreads", NULL};

static size_t index_of(const char *name, const char *const *names)
{
    for (size_t i = 0; name != NULL && names[i] != NULL; i++) {
        if (streq(name, names[i]))
            return i;
    }
    return 0;
}

struct machine_topology machine_topology_of(const json_t *preference)
{
    /* in the order of the names; the last is spread */
    static const enum machine_topology_kind kinds[] = {MACHINE_TOPOLOGY_SOCKETS,
        MACHINE_TOPOLOGY_CORES, MACHINE_TOPOLOGY_THREADS, MACHINE_TOPOLOGY_ANY};
    const char *name = machine_string(preference, "/cpu/preferredCPUTopology");
    const char *across = machine_string(preference, "/cpu/spreadOptions/across");
    size_t index = index_of(name, machine_topology_names) / 2;
    long long ratio = machine_integer(preference, "/preferSpreadSocketToCoreRatio", 0);
    if (ratio == 0)
        ratio = DEFAULT_RATIO;
    ratio = machine_integer(preference, "/cpu/spreadOptions/ratio", ratio);
    if (index < ARRAY_SIZE(kinds))
        return (struct machine_topology){kinds[index], 1};
    return (struct machine_topology){
        MACHINE_TOPOLOGY_SOCKETS_CORES +
            (enum machine_topology_kind)index_of(across, machine_topology_spreads),
        ratio};
}

bool machine_topology_is_valid(const struct machine_topology *topology)
{
    return topology->kind != MACHINE_TOPOLOGY_CORES_THREADS || topology->ratio == THREADS_PER_CORE;
}

long long machine_topology_unit(const struct machine_topology *topology)
{
    return topology->kind == MACHINE_TOPOLOGY_SOCKETS_CORES_THREADS
               ? topology->ratio * THREADS_PER_CORE
               : topology->ratio;
}

bool machine_topology_divide(
    const struct machine_topology *topology, long long count, struct machine_processors *out)
{
    long long ratio = topology->ratio;
    *out = (struct machine_processors){1, 1, 1};
    if (count % machine_topology_unit(topology) != 0)
        return false;
    if (count == 1)
        return true;
    switch (topology->kind) {
    case MACHINE_TOPOLOGY_CORES:
        out->cores = count;
        break;
    case MACHINE_TOPOLOGY_THREADS:
        out->threads = count;
        break;
    case MACHINE_TOPOLOGY_SOCKETS_CORES:
        *out = (struct machine_processors){count / ratio, ratio, 1};
        break;
    case MACHINE_TOPOLOGY_CORES_THREADS:
        *out = (struct machine_processors){1, count / ratio, ratio};
        break;
    case MACHINE_TOPOLOGY_SOCKETS_CORES_THREADS:
        *out =
            (struct machine_processors){count / THREADS_PER_CORE / ratio, ratio, THREADS_PER_CORE};
        break;
    case MACHINE_TOPOLOGY_SOCKETS:
    case MACHINE_TOPOLOGY_ANY:
        out->sockets = count;
        break;
    }
    return true;
}
