/* hookctl appliance snapshot: its options. The run is in cli/online/snapshot.c. */
#include "cli/appliance/verbs.h"

static const struct option_row rows[] = {
    {"deadline", OPTION_DURATION, offsetof(struct cli_snapshot_options, deadline_ms),
        .argument = "DURATION", .help = "how long KubeVirt tries (default: 5m)"},
    CLI_VERB_ROWS("10m"),
    CLI_HELP_ROW,
};

const struct cli_command cli_appliance_snapshot_command = {
    .name = "snapshot",
    .summary = "take a snapshot of a virtual machine",
    .description =
        "Makes a VirtualMachineSnapshot (by default called VM-YYYYMMDD-HHMMSS) and waits\n"
        "until it is ready to use. Says what limits it: that the VM was running without\n"
        "a guest agent, and which volumes are not in it.\n"
        "\n"
        "Exit status: 0 done, 1 refused, 2 wrong usage, 3 a local failure, 4 it failed in\n"
        "the cluster, 5 not done in time, 6 interrupted.",
    .options = CLI_TABLE(rows),
    .options_size = sizeof(struct cli_snapshot_options),
    .operand = "[NAMESPACE/]VM",
    .operand_required = true,
    .operand_next = "NAME",
    .operand_most = 2,
};
