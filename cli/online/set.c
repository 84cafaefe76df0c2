#include "cli/online/set.h"

#include "cli/cluster_options.h"

struct cli_cluster *cli_online_open(const struct cli_arguments *arguments, struct error **err)
{
    const struct cli_cluster_options *options = arguments->options;
    return cli_cluster_open(options->kubeconfig, options->context, err);
}

static int read_wanted(void *user, struct appliance_objects *objects, struct error **err)
{
    return cli_cluster_read_wanted(user, objects, err);
}

void cli_online_set_read_from(struct cli_appliance_set *set, struct cli_cluster *cluster)
{
    set->read = read_wanted;
    set->user = cluster;
}

int cli_online_run_with_set(const struct cli_arguments *arguments,
    int (*run)(const struct cli_arguments *arguments, struct cli_appliance_set *set))
{
    struct cli_appliance_set set = {0};
    struct error *error = NULL;
    struct cli_cluster *cluster = cli_online_open(arguments, &error);
    if (cluster == NULL)
        return cli_fail(arguments, error);
    cli_online_set_read_from(&set, cluster);
    int status = run(arguments, &set);
    cli_appliance_set_clear(&set);
    cli_cluster_close(cluster);
    return status;
}
