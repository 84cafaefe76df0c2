/* hookctl appliance upload: its options. The run is in cli/online/upload.c. */
#include "base/text.h"
#include "cli/appliance/verbs.h"

static const char *const volume_modes[] = {"Block", "Filesystem", NULL};

/* An option's check. */
static int check_access_mode(const char *text, struct error **err)
{
    static const char *const modes[] = {"ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod"};
    if (text_index(text, modes, ARRAY_SIZE(modes)) >= 0)
        return 0;
    auto_free char *list = text_list(modes, ARRAY_SIZE(modes));
    auto_free char *hint = suggest_hint(text, modes, ARRAY_SIZE(modes));
    return error_set(err, ERROR_USAGE, "cannot be \"%s\": use %s%s", text, list, hint);
}

#define MEMBER(name) offsetof(struct cli_upload_options, name)

static const struct option_row rows[] = {
    {"proxy", OPTION_TEXT, MEMBER(proxy), .argument = "URL",
        .help = "CDI's upload proxy (default: as CDIConfig says)"},
    {"proxy-ca", OPTION_TEXT, MEMBER(proxy_ca), .argument = "FILE", .is_path = true,
        .help = "the CA certificates of the proxy (default: as CDIConfig\n"
                "says, else those of this system)"},
    {"proxy-name", OPTION_TEXT, MEMBER(proxy_name), .argument = "NAME",
        .help = "the name in the proxy's certificate, if not the URL's"},
    {"insecure", OPTION_SWITCH, MEMBER(insecure), .help = "do not verify the proxy's certificate"},
    {"datasource", OPTION_BOOLEAN, MEMBER(data_source), .initial = "true", .bare = "true",
        .argument = "true|false", .help = "make the DataSource; --datasource=false: a disk alone"},
    {"raw", OPTION_SWITCH, MEMBER(raw), .help = "take a file of unknown contents as a raw disk"},
    {"size", OPTION_TEXT, MEMBER(size), .argument = "SIZE",
        .help = "the size of the disk, such as 10Gi (default: as the\n"
                "image says; compressed ones do not)"},
    {"storage-class", OPTION_TEXT, MEMBER(storage_class), .argument = "NAME",
        .help = "the storage class (default: the cluster's)"},
    {"access-mode", OPTION_TEXT, MEMBER(access_mode), .argument = "MODE",
        .check = check_access_mode,
        .help = "ReadWriteOnce, ReadWriteMany or ReadWriteOncePod\n"
                "(default: as the storage profile says)"},
    {"volume-mode", OPTION_CHOICE, MEMBER(volume_mode), .choices = volume_modes,
        .help = "(default: as the storage profile says)"},
    {"instancetype", OPTION_TEXT, MEMBER(instancetype), .argument = "NAME",
        .help = "the default instance type of VMs made of it"},
    {"preference", OPTION_TEXT, MEMBER(preference), .argument = "NAME",
        .help = "the default preference of VMs made of it"},
    CLI_VERB_ROWS("10m"),
    CLI_HELP_ROW,
};

const struct cli_command cli_appliance_upload_command = {
    .name = "upload",
    .summary = "upload a disk image as a DataSource",
    .description =
        "Makes a DataVolume for an upload, sends the file to CDI's upload proxy, waits\n"
        "until CDI has made a disk of it, and makes the DataSource. Takes qcow2, raw,\n"
        "ISO, vmdk, vdi, vhd and vhdx images, and these compressed with gzip, xz or zstd.\n"
        "A second run goes on where the first was interrupted.\n"
        "\n"
        "Exit status: 0 done, 1 refused, 2 wrong usage, 3 a local failure, 4 it failed in\n"
        "the cluster, 5 not done in time, 6 interrupted.",
    .options = CLI_TABLE(rows),
    .options_size = sizeof(struct cli_upload_options),
    .operand = "FILE",
    .operand_is_path = true,
    .operand_required = true,
    .operand_next = "[NAMESPACE/]NAME",
    .operand_next_required = true,
    .operand_most = 2,
};
