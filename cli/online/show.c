/* hookctl appliance show with the objects of a cluster. */
#include "cli/appliance/show.h"
#include "cli/online/runs.h"
#include "cli/online/set.h"

int cli_online_show(const struct cli_arguments *arguments)
{
    return cli_online_run_with_set(arguments, cli_appliance_show);
}
