/* The flags of sidecar-shim. */
#ifndef SHIM_FLAGS_H
#define SHIM_FLAGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/log.h"

/* What is printed instead of serving. */
enum shim_print { SHIM_PRINT_NOTHING, SHIM_PRINT_HELP, SHIM_PRINT_VERSION };

/* What the command line says. */
struct shim_flags {
    const char *version; /* of the hook protocol; static; NULL: it was not given */
    char *socket_directory; /* owned */
    bool use_stdin;
    int64_t timeout_ms; /* 0: the caller's deadline, or a minute */
    int64_t kill_grace_ms;
    enum log_format log_format;
    enum log_level log_level;
    bool build_version, help;
    enum shim_print print; /* the last of the two */
    int operands; /* the index of the first word that is no flag */
};

/* Parses the command line. Returns 0, or -1 with a usage error for the first word that is wrong;
 * what is before it is set. shim_flags_clear is due either way. */
int shim_flags_parse(int argc, char **argv, struct shim_flags *out, struct error **err);
void shim_flags_clear(struct shim_flags *flags);

/* Writes a line for each flag. */
void shim_flags_describe(FILE *out);

#endif
