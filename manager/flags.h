/* The flags of hook-manager's subcommands. */
#ifndef MANAGER_FLAGS_H
#define MANAGER_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/log.h"

/* The values from the command line. Strings are owned. */
struct manager_flags {
    size_t sidecars;
    int64_t timeout_ms;
    char *socket_directory; /* NULL: the default */
    char *vmi; /* path, or NULL */
    char *annotation_file; /* path, or NULL */
    char *schema; /* path, or NULL: no check */
    char *trace; /* path, or NULL */
    int64_t slow_chain_ms; /* 0: the default */
    char *timings; /* path, or NULL */
    char *plugin_socket; /* path; passed manager_plugin_socket_check */
    char *launcher_socket; /* path, or NULL */
    int64_t grace_ms;
    enum log_format log_format;
    enum log_level log_level;
    bool help;
};

/* Which flags a subcommand has besides the common ones. */
enum manager_flag_set {
    MANAGER_FLAGS_COLLECT = 1 << 0, /* waits for sidecars: --sidecars must be given */
    MANAGER_FLAGS_PRESENT = 1 << 1, /* takes the sidecars that listen now */
    MANAGER_FLAGS_VMI = 1 << 2, /* hands a VMI to hooks */
    MANAGER_FLAGS_DOMAIN = 1 << 3, /* hands a domain to hooks */
    MANAGER_FLAGS_SERVE = 1 << 4, /* waits for sidecars and serves: --plugin-socket too */
};

/* Parses a subcommand's flags; argv[0] is the subcommand's name. Returns 0, or -1 with a usage
 * error; call manager_flags_clear either way. */
int manager_flags_parse(
    int argc, char **argv, unsigned sets, struct manager_flags *out, struct error **err);

/* The required flags, as a usage line shows them: "--sidecars N ". Owned by the caller. */
char *manager_flags_required(unsigned sets);

/* Writes the help for each flag. */
void manager_flags_describe(FILE *out, unsigned sets);

void manager_flags_clear(struct manager_flags *flags);

#endif
