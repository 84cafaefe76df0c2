/* hookctl appliance publish: a virtual machine as an appliance. */
#include "cli/appliance/publication.h"
#include "cli/print.h"

static const char *const passwords[] = {"parameter", "keep", NULL};

#define MEMBER(name) offsetof(struct cli_publish_options, name)

static const struct option_row rows[] = {
    CLI_FILENAME_ROW,
    {"vm", OPTION_TEXT, MEMBER(vm), .argument = "[NS/]VM",
        .help = "the machine to publish, if the files have several, or it\n"
                "is to be read from the cluster"},
    {"source", OPTION_TEXT, MEMBER(source), .argument = "KIND/NS/NAME",
        .help = "what the DataSource is about: a sealed copy of the root\n"
                "disk, pvc/NS/NAME or snapshot/NS/NAME (default: as it is,\n"
                "else the machine's own disk)"},
    {"instancetype", OPTION_TEXT, MEMBER(instancetype), .argument = "[KIND/]NAME",
        .help = "the default instance type (default: the machine's)"},
    {"preference", OPTION_TEXT, MEMBER(preference), .argument = "[KIND/]NAME",
        .help = "the default preference (default: the machine's)"},
    {"password", OPTION_CHOICE, MEMBER(password), .choices = passwords,
        .help = "what to do with a literal password in the user data:\n"
                "make it the parameter PASSWORD, or keep it for everyone\n"
                "to read (default: parameter)"},
    {"apply", OPTION_SWITCH, MEMBER(apply),
        .help = "apply the DataSource in the cluster, and make it the owner\n"
                "of what it is to own"},
    CLI_OUTPUT_ROW(MEMBER(output)),
    CLI_CLUSTER_ROWS,
    CLI_HELP_ROW,
};

static bool needs_online(const struct cli_arguments *arguments)
{
    const struct cli_publish_options *options = arguments->options;
    return options->apply || cli_cluster_is_needed(arguments);
}

static int publish(const struct cli_arguments *arguments)
{
    struct cli_publication publication = {0};
    struct error *error = NULL;
    int result = cli_publication_make(&publication, arguments, &error);
    if (result == 0)
        result = cli_publication_print(&publication, arguments->options, &error);
    int status = cli_publication_end(&publication, arguments, result, error);
    cli_publication_clear(&publication);
    return status;
}

const struct cli_command cli_appliance_publish_command = {
    .name = "publish",
    .summary = "make an appliance of a virtual machine",
    .description =
        "Prints the DataSource NS/NAME with the boilerplate of the VirtualMachine of the\n"
        "files: without what identifies one machine (UUIDs, MAC addresses, host name,\n"
        "passwords), with its root disk made from the DataSource. What the files have of\n"
        "the DataSource, its claims, Secrets and ConfigMaps is used: other disks are\n"
        "copies of claims that the DataSource owns, or empty. Owner references get the\n"
        "DataSource's uid, if the files have it, or with --apply. Without a machine in\n"
        "the files, only the owner references are put right.\n"
        "\n"
        "The disk should be sealed first: hookctl appliance seal.\n"
        "\n"
        "Exit status: 0 published, 1 errors, 2 wrong usage, 3 input that cannot be read,\n"
        "4 the cluster failed.",
    .options = CLI_TABLE(rows),
    .options_size = sizeof(struct cli_publish_options),
    .operand = "NS/NAME",
    .operand_required = true,
    .run = publish,
    .needs_online = needs_online,
};
