/* The options of the subcommands that may reach a cluster. */
#ifndef CLI_CLUSTER_OPTIONS_H
#define CLI_CLUSTER_OPTIONS_H

#include "cli/command.h"

/* What their structs begin with. */
struct cli_cluster_options {
    struct cli_options common;
    char *kubeconfig; /* NULL: as kubectl finds it */
    char *context; /* NULL: the current one */
};

#define CLI_CLUSTER_ROWS                                                                           \
    {"kubeconfig", OPTION_TEXT, offsetof(struct cli_cluster_options, kubeconfig),                  \
        .argument = "FILE", .is_path = true,                                                       \
        .help = "how to reach the cluster (default: as kubectl finds it)"},                        \
    {                                                                                              \
        "context", OPTION_TEXT, offsetof(struct cli_cluster_options, context),                     \
            .argument = "NAME", .help = "a context of the kubeconfig, if not the current one"      \
    }

/* Whether a subcommand needs the cluster: no files are given with -f. */
bool cli_cluster_is_needed(const struct cli_arguments *arguments);

#endif
