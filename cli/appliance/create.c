/* hookctl appliance create: a virtual machine out of a DataSource. */
#include "appliance/run_strategy.h"
#include "base/text.h"
#include "cli/appliance/creation.h"
#include "cli/print.h"

static const char *const passwords[] = {"generate", "keep", "ask", NULL};

static int check_run_strategy(const char *text, struct error **err)
{
    if (appliance_run_strategy_is_valid(text) || streq(text, APPLIANCE_WAIT_AS_RECEIVER))
        return 0;
    auto_free char *message = appliance_run_strategy_refuse(text);
    return error_set(err, ERROR_USAGE, "%s", message);
}

#define MEMBER(name) offsetof(struct cli_create_options, name)

static const struct option_row rows[] = {
    CLI_FILENAME_ROW,
    {"namespace", OPTION_TEXT, MEMBER(namespace), 'n', .argument = "NS",
        .help = "the namespace of the VM (default: that of the context;\n"
                "with files, default)"},
    {"param", OPTION_PAIRS, MEMBER(parameters), 'p', .argument = "NAME=VALUE",
        .help = "the value of a parameter"},
    {"instancetype", OPTION_TEXT, MEMBER(instancetype), .argument = "[KIND/]NAME",
        .help = "the instance type, in place of the appliance's own"},
    {"preference", OPTION_TEXT, MEMBER(preference), .argument = "[KIND/]NAME",
        .help = "the preference, in place of the appliance's own"},
    {"run-strategy", OPTION_TEXT, MEMBER(run_strategy), .argument = "STRATEGY",
        .check = check_run_strategy, .help = "the run strategy, in place of the appliance's own"},
    {"ssh-key", OPTION_TEXTS, MEMBER(ssh_keys), .argument = "FILE|KEY", .is_path = true,
        .help = "a public key that may log in, or a file of them"},
    {"password", OPTION_CHOICE, MEMBER(password), .choices = passwords,
        .help = "what to do with a literal password in the user data:\n"
                "replace it by a new one, which is said once; keep it; or\n"
                "ask for one (default: generate)"},
    {"password-file", OPTION_TEXT, MEMBER(password_file), .argument = "FILE|-", .is_path = true,
        .dash_is_stdin = true, .help = "a file with the password in its place"},
    {"repair", OPTION_SWITCH, MEMBER(repair),
        .help = "mend faults of the boilerplate that are unambiguous"},
    {"expand", OPTION_SWITCH, MEMBER(expand),
        .help = "print the VirtualMachineInstance that hook-launcher runs"},
    {"print-rbac", OPTION_SWITCH, MEMBER(print_rbac),
        .help = "print the roles that allow the VM to clone its disks"},
    {"apply", OPTION_SWITCH, MEMBER(apply), .help = "create the objects in the cluster"},
    {"local", OPTION_TEXT, MEMBER(local), .argument = "DIR", .is_path = true,
        .help = "create the machine on this one: DIR with its disks, and the\n"
                "script DIR/run that boots it with hook-launcher"},
    {"source", OPTION_PAIRS, MEMBER(sources), .argument = "NAME=PATH", .is_path = true,
        .help = "with --local, the image of the DataSource, claim or volume\n"
                "NAME (default: NAME.qcow2, .img or .raw beside the file of\n"
                "-f), or the directory with the data of a Secret; repeatable"},
    CLI_OUTPUT_ROW(MEMBER(output)),
    CLI_CLUSTER_ROWS,
    CLI_HELP_ROW,
};

static bool needs_online(const struct cli_arguments *arguments)
{
    const struct cli_create_options *options = arguments->options;
    return (options->apply && options->local == NULL) || cli_cluster_is_needed(arguments);
}

static int create(const struct cli_arguments *arguments)
{
    struct cli_creation creation = {0};
    struct error *error = NULL;
    int result = cli_creation_make(&creation, arguments, "default", &error);
    if (result == 0)
        result = cli_creation_print(&creation, arguments->options, &error);
    int status = cli_creation_end(&creation, arguments, result, error);
    if (status == 0)
        cli_creation_say_secrets(&creation, arguments);
    cli_creation_clear(&creation);
    return status;
}

const struct cli_command cli_appliance_create_command = {
    .name = "create",
    .summary = "complete an appliance to a virtual machine",
    .description =
        "Prints the VirtualMachine that the appliance NS/NAME makes, with the Secrets and\n"
        "ConfigMaps that it needs; with --apply, creates them in the cluster. Its disks\n"
        "are clones of the appliance's; names, passwords and addresses are its own. VM is\n"
        "its name; without it, one is made of the appliance's. A DataSource without a\n"
        "boilerplate, a golden image, makes a machine with one disk.\n"
        "\n"
        "With -f, all objects come from the files, and no cluster is needed; NS/NAME\n"
        "chooses among their DataSources and may be left out if there is one. Instance\n"
        "types and preferences that are not in them come from the catalogue of KubeVirt\n"
        "1.9. On an error, nothing is printed or created.\n"
        "\n"
        "Exit status: 0 created, 1 errors, or not allowed, 2 wrong usage, 3 input that\n"
        "cannot be read, 4 the cluster failed.",
    .options = CLI_TABLE(rows),
    .options_size = sizeof(struct cli_create_options),
    .operand = "NS/NAME",
    .operand_or_files = true,
    .operand_next = "VM",
    .run = create,
    .needs_online = needs_online,
};
