/* The hops of a run: what each sidecar did to the document, as a table and as diffs. */
#ifndef CLI_HOPS_H
#define CLI_HOPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "domain/diff.h"
#include "hooks/protocol.h"
#include "manager/manager.h"

/* One hook of one sidecar, called. */
struct cli_hop {
    char *sidecar; /* owned */
    enum hooks_point hook;
    size_t call; /* which chain it belongs to, from 1 */
    double milliseconds;
    bool failed;
    bool ignored; /* it failed, and its failurePolicy is Ignore */
    struct domain_change change;
    char *diff; /* of what went in and what came out; owned; NULL when it failed */
};

/* Zeroed is empty. */
struct cli_hops {
    struct cli_hop *items; /* owned */
    size_t count;
};

/* Adds a hop from its event of the kind MANAGER_EVENT_HOP_DONE. Returns it, borrowed until the
 * next is added. */
const struct cli_hop *cli_hops_add(struct cli_hops *hops, const struct manager_event *event);

/* What changed, in a word or two: "+3 -1", "unchanged", "failed", "failed, ignored". Owned by the
 * caller. */
char *cli_hop_change(const struct cli_hop *hop);

/* Writes the table of the hops, with a line also for each of the sidecars that has none. */
void cli_hops_print_table(const struct cli_hops *hops, const char *const *sidecars,
    size_t sidecar_count, FILE *stream, bool colour);

/* Writes the diffs, one after the other. */
void cli_hops_print_diffs(const struct cli_hops *hops, FILE *stream, bool colour);

void cli_hops_clear(struct cli_hops *hops);

#endif
