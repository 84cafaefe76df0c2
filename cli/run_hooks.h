/* The run of a machine's hooks, as `hookctl run` does it: all inputs are read, then the hooks run
 * in their sandboxes, then the result is shown. */
#ifndef CLI_RUN_HOOKS_H
#define CLI_RUN_HOOKS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/hops.h"
#include "cli/machine.h"
#include "cli/progress.h"
#include "cli/sandbox.h"
#include "cli/session.h"
#include "cli/volumes.h"

/* The directories of a repeatable flag. */
struct cli_stand_ins {
    struct cli_stand_in *items; /* owned */
    size_t count;
};

struct cli_run {
    const char *program; /* as the user calls it; borrowed */

    /* what is run */
    struct cli_machine machine;
    char *domain; /* NULL: none, and OnDefineDomain hooks are not called */
    size_t domain_length;
    char *cloud_init; /* NULL: none, and PreCloudInitIso hooks are not called */
    size_t cloud_init_length;
    struct cli_stand_ins hooks; /* by index of the sidecar */
    struct cli_stand_ins claims; /* by name of the claim */
    struct domain_schema *schema; /* NULL: none */
    const char *trace_directory; /* borrowed; NULL: none */
    const char *sandbox_wish; /* one of cli_sandbox_wishes; borrowed */
    bool twice;
    bool verbose;

    /* while it runs */
    char *shim;
    enum cli_sandbox sandbox;
    char *directory; /* temporary; holds everything the run makes */
    struct cli_session *session;
    struct cli_progress *progress;

    /* the result */
    struct cli_hops hops;
};

/* Whether a sidecar may have a hook of this point, as far as its mounts tell before it runs. */
bool cli_run_may_have(const struct cli_run *run, enum hooks_point point);

/* Checks that each directory given for a sidecar has an executable hook, and warns of files with
 * the name of one that are not executable. Returns 0, or -1 with an input error. */
int cli_run_check_hooks(struct cli_run *run, struct error **err);

/* Runs the hooks and shows progress, warnings and notes. *domain and *cloud_init are the results,
 * owned by the caller, or NULL. Leaves no process, socket or temporary file behind, even on
 * failure, but for mount points in the directories of hostPaths and claims. Returns 0, or -1 with an
 * error. */
int cli_run_hooks(struct cli_run *run, char **domain, size_t *domain_length, char **cloud_init,
    size_t *cloud_init_length, struct error **err);

/* Writes a line about the run to standard error. */
void cli_run_say(struct cli_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
