/* hookctl appliance check with the objects of a cluster. */
#include "cli/appliance/check.h"
#include "cli/online/runs.h"
#include "cli/online/set.h"

int cli_online_check(const struct cli_arguments *arguments)
{
    return cli_online_run_with_set(arguments, cli_appliance_check);
}
