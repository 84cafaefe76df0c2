/* The trace: every hop recorded as files, to show what a sidecar did.
 *
 *   DIRECTORY/01-OnDefineDomain/00-hook-sidecar-1/input.xml     what the sidecar was given
 *                                                 output.xml    what it returned
 *                                                 change.diff   from one to the other
 *                                                 hop.json      who, how long, what went wrong
 *
 * Each chain call has its own directory, numbered after the existing ones. Documents may hold
 * secrets: directories have mode 0700, files 0600. */
#ifndef MANAGER_TRACE_H
#define MANAGER_TRACE_H

#include "manager/event.h"

/* The trace of one chain call. */
struct manager_trace;

/* A finished hop. All of it is borrowed. */
struct manager_trace_hop {
    const struct manager_sidecar *sidecar;
    const char *input;
    size_t input_length;
    const char *output; /* what the sidecar returned, even if it was refused; NULL if nothing */
    size_t output_length;
    double milliseconds;
    const struct error *error; /* NULL on success */
    bool ignored; /* failurePolicy Ignore kept the input */
};

/* Creates the directory of the next chain call below directory, which is created if missing.
 * Returns the trace, owned by the caller, or NULL with an io error. */
struct manager_trace *manager_trace_open(
    const char *directory, enum hooks_point hook, struct error **err);

/* Records the next hop. Returns 0, or -1 with an io error. */
int manager_trace_keep(
    struct manager_trace *trace, const struct manager_trace_hop *hop, struct error **err);

void manager_trace_close(struct manager_trace *trace); /* NULL is allowed */

#endif
