/* The hops of a run: what each sidecar did to the document, as a table and as diffs. */
#ifndef CLI_HOPS_H
#define CLI_HOPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "domain/diff.h"
#include "hooks/protocol.h"
#include "manager/manager.h"

/* One call of one hook of one sidecar. */
struct cli_hop {
    char *sidecar; /* owned */
    enum hooks_point hook;
    size_t call; /* the chain that it belongs to, from 1 */
    double milliseconds;
    bool failed;
    bool ignored; /* it failed, and its failurePolicy is Ignore */
    struct domain_change change;
    char *diff; /* of input and output; owned; NULL when it failed */
};

/* Zeroed is empty. */
struct cli_hops {
    struct cli_hop *items; /* owned */
    size_t count;
};

/* Adds a hop from its MANAGER_EVENT_HOP_DONE event. Returns it, borrowed until the next one is
 * added. */
const struct cli_hop *cli_hops_add(struct cli_hops *hops, const struct manager_event *event);

/* What changed, in a word or two: "+3 -1", "unchanged", "failed", "failed, ignored". Owned by the
 * caller. */
char *cli_hop_change(const struct cli_hop *hop);

/* Writes a table of the hops, and a line for each sidecar that was not called. */
void cli_hops_print_table(const struct cli_hops *hops, const char *const *sidecars,
    size_t sidecar_count, FILE *stream, bool colour);

/* Writes the diffs, one after the other. */
void cli_hops_print_diffs(const struct cli_hops *hops, FILE *stream, bool colour);

void cli_hops_clear(struct cli_hops *hops);

#endif
