/* The flags of hook-launcher. */
#ifndef LAUNCHER_FLAGS_H
#define LAUNCHER_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/log.h"
#include "machine/volume.h"

enum { LAUNCHER_COLLECT_TIMEOUT_MS = 300 * 1000 }; /* KubeVirt waits for 240 to 359 s */

#define LAUNCHER_TERMINATION_LOG "/dev/termination-log" /* Kubernetes' default */

/* What the command line says. Strings are borrowed from it, but for the mappings. */
struct launcher_flags {
    const char *vmi; /* path */
    size_t sidecars;
    int64_t timeout_ms;
    const char *socket_directory; /* NULL: the default */
    const char *annotation_file; /* path; NULL: the VMI's own annotation */
    const char *connect; /* libvirt URI; NULL: the embedded driver */
    struct machine_mappings container_disks; /* owned, as are the next two */
    struct machine_mappings pvcs;
    struct machine_mappings directories;
    const char *console; /* path, "-", or NULL */
    const char *trace; /* path, or NULL */
    const char *temporary_directory; /* path; NULL: $TMPDIR, or /tmp */
    const char *schema; /* path */
    const char *termination_log; /* path; NULL: LAUNCHER_TERMINATION_LOG where it exists */
    const char *ready_file; /* path, or NULL: made while the guest runs */
    int64_t slow_chain_ms; /* 0: the default */
    bool dry_run;
    enum log_format log_format;
    enum log_level log_level;
    bool help;
    bool version;
};

/* Parses the command line. Returns 0, or -1 with a usage error; launcher_flags_clear is due either
 * way. */
int launcher_flags_parse(int argc, char **argv, struct launcher_flags *out, struct error **err);
void launcher_flags_clear(struct launcher_flags *flags);

/* Writes a line or two for each flag. */
void launcher_flags_describe(FILE *out);

#endif
