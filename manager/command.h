/* A subcommand of hook-manager. */
#ifndef MANAGER_COMMAND_H
#define MANAGER_COMMAND_H

#include "hooks/protocol.h"
#include "manager/flags.h"

struct manager_command {
    const char *name;
    const char *summary; /* one line */
    const char *description; /* lines of at most 80 columns */
    unsigned sets; /* of enum manager_flag_set */
    /* Returns the exit status. */
    int (*run)(const struct manager_command *command, const struct manager_flags *flags);
    enum hooks_point hook; /* for a subcommand that chains a document */
    const char *document; /* how messages name it */
};

#endif
