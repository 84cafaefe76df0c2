#include "cli/appliance/push.h"

#include "cli/files.h"

#define MEMBER(name) offsetof(struct cli_push_options, name)

static const struct option_row rows[] = {
    CLI_FILENAME_ROW,
    {"disk", OPTION_PAIRS, MEMBER(disks), 'd', .argument = "NAME=PATH",
        .help = "the image of a disk, raw or qcow2; NAME is that of its\n"
                "claim, or of the volume in the VM"},
    {"platform", OPTION_TEXT, CLI_REGISTRY_MEMBER(platform), .argument = "linux/ARCH",
        .help = "the architecture (default: the VM's own, or amd64)"},
    {"containerdisk", OPTION_SWITCH, MEMBER(containerdisk),
        .help = "make a container image for a containerDisk instead, with\n"
                "the one image as /disk/NAME"},
    {"output", OPTION_TEXT, MEMBER(output), 'o', .argument = "DIR", .is_path = true,
        .help = "keep what is pushed in this new directory, as an OCI layout"},
    {"layout", OPTION_TEXT, MEMBER(layout), .argument = "DIR", .is_path = true,
        .help = "push this OCI layout as it is, such as one that -o has kept"},
    {"mount-from", OPTION_TEXT, MEMBER(mount_from), .argument = "REPOSITORY",
        .help = "another repository of the registry, which may have some of\n"
                "the blobs"},
    {"chunk-size", OPTION_SIZE, MEMBER(chunk), .argument = "MIB", .least = 1, .most = 1 << 20,
        .help = "upload blobs in chunks of this size (default: in one piece)"},
    CLI_REGISTRY_ROWS,
    CLI_HELP_ROW,
};

const struct cli_command cli_appliance_push_command = {
    .name = "push",
    .summary = "push a virtual machine with its disks to a registry",
    .description =
        "Packs the VirtualMachine or VirtualMachineTemplate of the manifest, and the\n"
        "images of its disks, as the OCI artifact that KubeVirt 1.9 exports, and pushes\n"
        "it to a registry. Prints the reference with the digest. Blobs that the registry\n"
        "has are not sent again. REF is REGISTRY/REPOSITORY:TAG, or oci-archive:FILE for\n"
        "a tar archive.\n"
        "\n"
        "The password goes to the registry, and to the token server that it names: one on\n"
        "another host gets it only if both connections are encrypted. Programs that keep\n"
        "credentials (credHelpers, credsStore) are not run.\n"
        "\n"
        "Packing needs room for the compressed images, and for qcow2 images for the raw\n"
        "ones, in $TMPDIR (default: /var/tmp).\n"
        "\n"
        "Exit status: 0 pushed, 1 errors in the input, or not allowed, 2 wrong usage,\n"
        "3 a local failure, 4 the registry failed, 5 it was silent for too long.",
    .options = CLI_TABLE(rows),
    .options_size = sizeof(struct cli_push_options),
    .operand = "REF",
    .operand_required = true,
};
