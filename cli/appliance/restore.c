/* hookctl appliance restore: its options. The run is in cli/online/restore.c. */
#include "cli/appliance/verbs.h"

static const struct option_row rows[] = {
    {"stop", OPTION_SWITCH, offsetof(struct cli_restore_options, stop),
        .help = "stop the VM first; it stays stopped"},
    CLI_VERB_ROWS("30m"),
    CLI_HELP_ROW,
};

const struct cli_command cli_appliance_restore_command = {
    .name = "restore",
    .summary = "put a virtual machine back to a snapshot",
    .description =
        "Makes a VirtualMachineRestore and waits until it is complete. The VM must be\n"
        "stopped. A name that no VM has becomes a new VM out of the snapshot. A second\n"
        "run waits for the restore of the first.\n"
        "\n"
        "Exit status: 0 done, 1 refused, 2 wrong usage, 3 a local failure, 4 it failed in\n"
        "the cluster, 5 not done in time, 6 interrupted.",
    .options = CLI_TABLE(rows),
    .options_size = sizeof(struct cli_restore_options),
    .operand = "[NAMESPACE/]VM",
    .operand_required = true,
    .operand_next = "SNAPSHOT",
    .operand_next_required = true,
    .operand_most = 2,
};
