/* The flags of hook-manager's subcommands. */
#ifndef MANAGER_FLAGS_H
#define MANAGER_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/log.h"

enum {
    MANAGER_MAX_SIDECARS = 256, /* the annotation's 64, and network bindings */
    MANAGER_COLLECT_TIMEOUT_MS = 300 * 1000, /* KubeVirt waits for 240 to 359 s */
    MANAGER_GRACE_MS = 10 * 1000, /* with the Shutdown calls half of what Kubernetes gives a pod */
};

/* What the command line says. Strings are borrowed from it. */
struct manager_flags {
    size_t sidecars;
    bool sidecars_given;
    int64_t timeout_ms;
    const char *socket_directory; /* NULL: the default */
    const char *vmi; /* path, or NULL */
    const char *annotation_file; /* path, or NULL */
    const char *schema; /* path, or NULL: no check */
    const char *trace; /* path, or NULL */
    int64_t slow_chain_ms; /* 0: the default */
    const char *timings; /* path, or NULL */
    const char *plugin_socket; /* path; keeps KubeVirt's rules */
    const char *launcher_socket; /* path, or NULL */
    int64_t grace_ms;
    enum log_format log_format;
    enum log_level log_level;
    bool help;
};

/* Which flags a subcommand has besides those that all have. */
enum manager_flag_set {
    MANAGER_FLAGS_COLLECT = 1 << 0, /* waits for sidecars: --sidecars must be given */
    MANAGER_FLAGS_PRESENT = 1 << 1, /* takes the sidecars that are there */
    MANAGER_FLAGS_VMI = 1 << 2, /* hands a VMI to hooks */
    MANAGER_FLAGS_DOMAIN = 1 << 3, /* hands a domain to hooks */
    MANAGER_FLAGS_SERVE = 1 << 4, /* waits for sidecars and serves: --plugin-socket too */
};

/* Parses the words after the subcommand's name; argv[0] is that name. Returns 0, or -1 with a
 * usage error. */
int manager_flags_parse(
    int argc, char **argv, unsigned sets, struct manager_flags *out, struct error **err);

/* Those that must be given, as a usage line shows them: "--sidecars N ". Static. */
const char *manager_flags_required(unsigned sets);

/* Writes a line or two for each flag. */
void manager_flags_describe(FILE *out, unsigned sets);

#endif
