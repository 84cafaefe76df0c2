#include "cli/appliance/pull.h"

#define MEMBER(name) offsetof(struct cli_pull_options, name)

static const struct option_row rows[] = {
    {"output", OPTION_TEXT, MEMBER(output), 'o', .argument = "DIR", .is_path = true,
        .missing = "where the files go",
        .help = "the directory for the files; it must not be there yet"},
    {"platform", OPTION_TEXT, CLI_REGISTRY_MEMBER(platform), .argument = "linux/ARCH",
        .help = "which one, if there are several"},
    {"containerdisk", OPTION_SWITCH, MEMBER(containerdisk),
        .help = "the reference is a container image for a containerDisk"},
    CLI_REGISTRY_ROWS,
    CLI_HELP_ROW,
};

const struct cli_command cli_appliance_pull_command = {
    .name = "pull",
    .summary = "pull a virtual machine with its disks from a registry",
    .description =
        "Reads an OCI artifact that KubeVirt 1.9 has exported, or hookctl appliance push\n"
        "has pushed: writes DIR/vm.yaml (or template.yaml), and DIR/NAME.raw for each of\n"
        "its disks, named as its claim is. REF is REGISTRY/REPOSITORY:TAG or @DIGEST,\n"
        "oci-archive:FILE, or oci:DIR. With --containerdisk, writes the image in /disk of\n"
        "a container image.\n"
        "\n"
        "Everything is checked by its digest and its declared size. DIR appears when it\n"
        "is complete.\n"
        "\n"
        "Exit status: 0 pulled, 1 errors in the input, or not allowed, 2 wrong usage,\n"
        "3 a local failure, 4 the registry failed, 5 it was silent for too long.",
    .options = CLI_TABLE(rows),
    .options_size = sizeof(struct cli_pull_options),
    .operand = "REF",
    .operand_required = true,
};
