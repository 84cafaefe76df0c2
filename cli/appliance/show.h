/* What hookctl appliance show does with its objects, wherever they come from. */
#ifndef CLI_APPLIANCE_SHOW_H
#define CLI_APPLIANCE_SHOW_H

#include "cli/appliance/set.h"

/* Shows the DataSource that the operand names. Returns the exit status. */
int cli_appliance_show(const struct cli_arguments *arguments, struct cli_appliance_set *set);

#endif
