/* hookctl expand: virtual machines with their instance types and preferences applied. */
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/expansion.h"
#include "cli/print.h"

struct options {
    struct cli_options common;
    char *name;
    char *output;
};

#define MEMBER(name) offsetof(struct options, name)

static const struct option_row rows[] = {
    CLI_FILENAME_ROW,
    {"name", OPTION_TEXT, MEMBER(name), .argument = "NAME",
        .help = "the object to expand, if not all: NAME or NAMESPACE/NAME"},
    CLI_OUTPUT_ROW(MEMBER(output)),
    CLI_HELP_ROW,
};

/* Adds the object, expanded, to the list of results. */
static void expand_object(struct cli_manifest *manifest, const struct cli_object *object,
    struct cli_report *report, json_t *results)
{
    struct cli_expansion expansion;
    if (cli_expansion_make(&expansion, manifest, object, MACHINE_FOR_PRINT, report) == 0)
        json_array_append(results, (json_t *)expansion.object.value);
    cli_expansion_clear(&expansion);
}

static int expand_all(struct cli_manifest *manifest, const struct options *options,
    struct cli_report *report, json_t *results, struct error **err)
{
    if (options->name != NULL) {
        const struct cli_object *chosen = cli_manifest_choose(manifest, cli_expansion_is_for,
            options->name, "VirtualMachine or VirtualMachinePool", err);
        if (chosen == NULL)
            return -1;
        expand_object(manifest, chosen, report, results);
        return 0;
    }
    size_t count = 0;
    for (size_t i = 0; i < manifest->count; i++) {
        if (!cli_expansion_is_for(manifest->objects[i].kind))
            continue;
        expand_object(manifest, &manifest->objects[i], report, results);
        count++;
    }
    if (count == 0)
        return error_set(err, ERROR_INPUT, "there is no VirtualMachine or VirtualMachinePool");
    return 0;
}

static int expand_loaded(struct cli_manifest *manifest, const struct options *options,
    struct cli_report *report, struct error **err)
{
    auto_json json_t *results = json_array();
    if (expand_all(manifest, options, report, results, err) < 0)
        return -1;
    if (report->errors > 0)
        return 0;
    return cli_print_objects(results, options->output, err);
}

static int expand(const struct cli_arguments *arguments)
{
    struct cli_manifest manifest = {0};
    struct cli_report report = {0};
    struct error *error = NULL;
    int result = cli_manifest_load_given(&manifest, arguments, &report, &error);
    if (result == 0 && !report.unreadable)
        result = expand_loaded(&manifest, arguments->options, &report, &error);
    cli_report_print(&report, stderr, cli_report_colour(STDERR_FILENO));
    int status = result < 0 ? cli_fail(arguments, error) : cli_report_exit_status(&report);
    cli_report_clear(&report);
    cli_manifest_clear(&manifest);
    return status;
}

const struct cli_command cli_expand_command = {
    .name = "expand",
    .summary = "apply instance types and preferences to virtual machines",
    .description =
        "Prints each VirtualMachine and VirtualMachinePool of the manifests with its\n"
        "instance type and preference applied, as KubeVirt's expand-spec does: it refers\n"
        "to them no longer. They come from the same manifests; those that KubeVirt 1.9\n"
        "installs need not be given. The cluster's own defaults are left open. Prints\n"
        "nothing if there is an error.\n"
        "\n"
        "Exit status: 0 expanded, 1 errors, 2 wrong usage, 3 input that cannot be read.",
    .options = CLI_TABLE(rows),
    .options_size = sizeof(struct options),
    .run = expand,
};
