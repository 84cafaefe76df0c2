/* A real hook-manager serve over the benchmark's shims, called as virt-launcher calls it. */
#ifndef BENCH_BRIDGE_H
#define BENCH_BRIDGE_H

#include "tests/bench/sidecars.h"

struct bridge;

/* Starts it over count sidecars that listen, and connects to its socket. Fails by exiting. Returns
 * it, owned by the caller. */
struct bridge *bridge_open(const struct bench *bench, size_t count);

/* One MutateDomain call with the sample domain. Exits when the domain does not come back. */
void bridge_call(struct bridge *bridge);

void bridge_close(struct bridge *bridge);

#endif
