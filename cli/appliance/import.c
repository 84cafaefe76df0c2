/* hookctl appliance import: a virtual machine from another system, or from KubeVirt's artifacts. */
#include "cli/appliance/import.h"

#define MEMBER(name) offsetof(struct cli_import_options, name)

static const struct option_row rows[] = {
    {"output", OPTION_TEXT, MEMBER(output), 'o', .argument = "DIR", .is_path = true,
        .missing = "where the files go",
        .help = "the directory for the files; it must not be there yet"},
    {"name", OPTION_TEXT, MEMBER(name), .argument = "NAME", .heading = "An OVA",
        .help = "the virtual machine's name (default: the descriptor's)"},
    {"namespace", OPTION_TEXT, MEMBER(namespace), 'n', .argument = "NAMESPACE",
        .help = "its namespace (default: none is written)"},
    {"system", OPTION_TEXT, MEMBER(system), .argument = "ID",
        .help = "which one, if there are several virtual systems"},
    {"network", OPTION_PAIRS, MEMBER(networks), .argument = "NETWORK=pod|[NAMESPACE/]NAME",
        .help = "what a network of the descriptor becomes: the pod\n"
                "network, or a NetworkAttachmentDefinition; repeatable"},
    {"platform", OPTION_TEXT, CLI_REGISTRY_MEMBER(platform), .argument = "linux/ARCH",
        .heading = "An artifact", .help = "which one, if there are several"},
    CLI_REGISTRY_ROWS,
    CLI_HELP_ROW,
};

const struct cli_command cli_appliance_import_command = {
    .name = "import",
    .summary = "import a virtual machine with its disks, as of an OVA",
    .description =
        "Reads a virtual machine from an OVA (or a descriptor, FILE.ovf, with its files\n"
        "beside it): checks the digests of its manifest, writes DIR/vm.yaml and, for each\n"
        "disk, DIR/CLAIM.qcow2, converted by qemu-img (qemu-utils). The machine refers to\n"
        "its disks by these names: upload them with hookctl appliance upload. What has\n"
        "no counterpart is said. Windows needs drivers for virtio: virt-v2v puts them in.\n"
        "\n"
        "Also reads what hookctl appliance pull reads: an OCI archive of KubeVirt, or REF\n"
        "in a registry; then DIR has raw images. DIR appears when it is complete.\n"
        "\n"
        "Exit status: 0 imported, 1 errors in the input, 2 wrong usage, 3 a local\n"
        "failure, 4 the registry failed, 5 it was silent for too long.",
    .options = CLI_TABLE(rows),
    .options_size = sizeof(struct cli_import_options),
    .operand = "FILE.ova|FILE.oci.tar|REF",
    .operand_is_path = true,
    .operand_required = true,
};
