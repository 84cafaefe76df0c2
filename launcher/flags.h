/* The flags of hook-launcher. */
#ifndef LAUNCHER_FLAGS_H
#define LAUNCHER_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/log.h"
#include "base/pairs.h"

#define LAUNCHER_TERMINATION_LOG "/dev/termination-log" /* Kubernetes' default */

/* The values from the command line. All of it is owned. */
struct launcher_flags {
    char *vmi; /* path */
    size_t sidecars;
    int64_t timeout_ms;
    char *socket_directory; /* NULL: the default */
    char *annotation_file; /* path; NULL: the VMI's own annotation */
    char *connect; /* libvirt URI; NULL: the embedded driver */
    struct pairs container_disks;
    struct pairs pvcs;
    struct pairs overlays;
    struct pairs directories;
    struct pairs ports; /* of the guest, and of this machine */
    char *console; /* path, "-", or NULL */
    char *trace; /* path, or NULL */
    char *temporary_directory; /* path; NULL: $TMPDIR, or /tmp */
    char *schema; /* path */
    char *termination_log; /* path; NULL: LAUNCHER_TERMINATION_LOG if it exists */
    char *ready_file; /* path, or NULL; exists while the guest runs */
    int64_t slow_chain_ms; /* 0: the default */
    bool dry_run;
    bool twice; /* hooks get both documents that KubeVirt makes for a launch */
    enum log_format log_format;
    enum log_level log_level;
    bool help;
    bool version;
};

/* Parses the command line. Returns 0, or -1 with a usage error; call launcher_flags_clear either
 * way. */
int launcher_flags_parse(int argc, char **argv, struct launcher_flags *out, struct error **err);
void launcher_flags_clear(struct launcher_flags *flags);

/* Writes the help for each flag. */
void launcher_flags_describe(FILE *out);

#endif
