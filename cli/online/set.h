/* The objects of a subcommand of appliance, read from a cluster. */
#ifndef CLI_ONLINE_SET_H
#define CLI_ONLINE_SET_H

#include "cli/appliance/set.h"
#include "cli/online/cluster.h"

/* Opens the cluster of the arguments, whose options begin with a struct cli_cluster_options. Owned
 * by the caller, or NULL with an error. */
struct cli_cluster *cli_online_open(const struct cli_arguments *arguments, struct error **err);

/* Makes the set read what is wanted from the cluster, which is borrowed. */
void cli_online_set_read_from(struct cli_appliance_set *set, struct cli_cluster *cluster);

/* Runs the subcommand with a set of the cluster's objects. Returns the exit status. */
int cli_online_run_with_set(const struct cli_arguments *arguments,
    int (*run)(const struct cli_arguments *arguments, struct cli_appliance_set *set));

#endif
