/* hookctl appliance export: its options. The run is in cli/online/export.c. */
#include "cli/appliance/verbs.h"

static const char *const formats[] = {"raw", "gzip", NULL};

#define MEMBER(name) offsetof(struct cli_export_options, name)

static const struct option_row rows[] = {
    {"output", OPTION_TEXT, MEMBER(output), 'o', .argument = "DIR|FILE.tar", .is_path = true,
        .missing = "where the VM goes", .help = "where to write the VM; it must not exist"},
    {"with-identity", OPTION_SWITCH, MEMBER(with_identity),
        .help = "keep MAC addresses, firmware UUID and serial, and the\n"
                "hostname in the manifest: for recovery, not for copies"},
    {"snapshot", OPTION_TEXT, MEMBER(snapshot), .argument = "NAME",
        .help = "export this snapshot of the VM, which may be running"},
    {"format", OPTION_CHOICE, MEMBER(format), .initial = "raw", .choices = formats,
        .help = "raw (the default): downloads that break are resumed;\n"
                "gzip: less to transfer, but not resumed"},
    {"internal", OPTION_SWITCH, MEMBER(internal), .help = "use the link inside the cluster"},
    {"server", OPTION_TEXT, MEMBER(server), .argument = "HOST:PORT",
        .help = "where that link can be reached from here, such as a port\n"
                "that kubectl port-forward forwards"},
    CLI_VERB_ROWS("10m"),
    CLI_HELP_ROW,
};

const struct cli_command cli_appliance_export_command = {
    .name = "export",
    .summary = "download the disks and the manifest of a virtual machine",
    .description =
        "Makes a VirtualMachineExport with a token of its own, downloads the disks over\n"
        "HTTPS, and removes the export. Writes a directory with vm.yaml and CLAIM.raw for\n"
        "each disk, or an OCI archive as KubeVirt's own exports are. The VM must be\n"
        "stopped, or give a snapshot of it. In the manifest the disks are claims of\n"
        "their names; it has no identity unless you ask for it.\n"
        "\n"
        "Exit status: 0 done, 1 refused, 2 wrong usage, 3 a local failure, 4 it failed in\n"
        "the cluster, 5 not done in time, 6 interrupted.",
    .options = CLI_TABLE(rows),
    .options_size = sizeof(struct cli_export_options),
    .operand = "[NAMESPACE/]VM",
    .operand_required = true,
};
