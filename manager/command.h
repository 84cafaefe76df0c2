/* The subcommands of hook-manager. */
#ifndef MANAGER_COMMAND_H
#define MANAGER_COMMAND_H

#include "manager/flags.h"

struct manager_command {
    const char *name;
    const char *summary; /* one line */
    const char *description; /* lines of at most 80 columns */
    unsigned sets; /* of enum manager_flag_set */
    int (*run)(const struct manager_flags *flags); /* returns the exit status */
};

extern const struct manager_command manager_command_collect;
extern const struct manager_command manager_command_on_define_domain;
extern const struct manager_command manager_command_pre_cloud_init_iso;
extern const struct manager_command manager_command_shutdown;
extern const struct manager_command manager_command_serve;

#endif
