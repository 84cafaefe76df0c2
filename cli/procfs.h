/* The /proc of a sandbox: its own processes, and of the rest of the kernel's files nothing that can
 * be written or changed. A hook that runs for root is user 0 to the kernel, also in a user namespace,
 * so it owns these files: their modes do not stop it, mounts do. */
#ifndef CLI_PROCFS_H
#define CLI_PROCFS_H

#include "cli/words.h"

/* Adds the options of bwrap(1) that mount /proc: all that is not a process is read-only, and what a
 * container runtime hides is empty. /proc/sys must be there, or bwrap fails.
 * Source: Kubernetes API reference, SecurityContext, procMount, whose Default this is at least. */
void cli_procfs_add(struct cli_words *words);

#endif
