/* A real hook-manager serve with the benchmark's shims, called like virt-launcher calls it. */
#ifndef BENCH_BRIDGE_H
#define BENCH_BRIDGE_H

#include "tests/bench/sidecars.h"

struct bridge;

/* Starts it for count listening sidecars, and connects to its socket. Exits on failure. The result
 * is owned by the caller. */
struct bridge *bridge_open(const struct bench *bench, size_t count);

/* One MutateDomain call with the sample domain. Exits if the domain is not returned. */
void bridge_call(struct bridge *bridge);

void bridge_close(struct bridge *bridge);

#endif
