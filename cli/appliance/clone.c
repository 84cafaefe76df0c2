/* hookctl appliance clone: a VM like another. With files, the run is in cli/appliance/copy.c; in a
 * cluster, in cli/online/clone.c. */
#include "cli/appliance/copy.h"
#include "cli/appliance/verbs.h"
#include "cli/files.h"

static const struct option_row rows[] = {
    CLI_FILENAME_ROW,
    CLI_VERB_ROWS("30m"),
    CLI_HELP_ROW,
};

const struct cli_command cli_appliance_clone_command = {
    .name = "clone",
    .summary = "clone a virtual machine",
    .description =
        "Makes a VirtualMachineClone and waits until the new VM is there. The new VM has\n"
        "its own MAC addresses, firmware UUID and serial, takes its name as its hostname,\n"
        "and is stopped. All its disks must be on storage that has snapshots. A second\n"
        "run waits for the clone of the first.\n"
        "\n"
        "With -f, prints a machine like VM of the files, called NEWNAME: without what\n"
        "identifies VM (UUIDs, MAC addresses, host name), with disks that are copied from\n"
        "the claims of VM. What several machines can use at once is shared. A Secret with\n"
        "user data, if the files have it, is copied.\n"
        "\n"
        "Exit status: 0 cloned, 1 errors, 2 wrong usage, 3 input that cannot be read, 4\n"
        "the cluster failed, 5 not done in time, 6 interrupted.",
    .options = CLI_TABLE(rows),
    .options_size = sizeof(struct cli_clone_options),
    .operand = "[NS/]VM",
    .operand_required = true,
    .operand_next = "NEWNAME",
    .operand_next_required = true,
    .operand_most = 2,
    .run = cli_appliance_copy,
    .needs_online = cli_cluster_is_needed,
};
