/* hookctl: hook sidecars and appliances, as far as no network is needed. Run as kubectl-hookline it
 * is "kubectl hookline"; run as kubectl_complete-hookline it completes that command. */
#include "cli/commands.h"

int main(int argc, char **argv)
{
    return cli_commands_main(argc, argv, NULL, 0);
}
