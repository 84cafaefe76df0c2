/* What hookctl appliance check does with its objects, wherever they come from. */
#ifndef CLI_APPLIANCE_CHECK_H
#define CLI_APPLIANCE_CHECK_H

#include "cli/appliance/set.h"

/* Checks the DataSource that the operand names; without one, all in the set. Prints the findings and
 * returns the exit status. */
int cli_appliance_check(const struct cli_arguments *arguments, struct cli_appliance_set *set);

#endif
