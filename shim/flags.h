/* The flags of sidecar-shim. */
#ifndef SHIM_FLAGS_H
#define SHIM_FLAGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/log.h"

/* What to print instead of serving. */
enum shim_print { SHIM_PRINT_NOTHING, SHIM_PRINT_HELP, SHIM_PRINT_VERSION };

/* The values from the command line. */
struct shim_flags {
    const char *version; /* of the hook protocol; static; NULL: not given */
    char *socket_directory; /* owned */
    bool use_stdin;
    int64_t timeout_ms; /* 0: the caller's deadline or, without one, a minute */
    int64_t kill_grace_ms;
    enum log_format log_format;
    enum log_level log_level;
    bool build_version, help;
    enum shim_print print; /* the last of the two that was given */
    int operands; /* the index of the first word that is not a flag */
};

/* Parses the command line. Returns 0, or -1 with a usage error for the first wrong word; the flags
 * before it are set. Call shim_flags_clear either way. */
int shim_flags_parse(int argc, char **argv, struct shim_flags *out, struct error **err);
void shim_flags_clear(struct shim_flags *flags);

/* Writes the help for each flag. */
void shim_flags_describe(FILE *out);

#endif
