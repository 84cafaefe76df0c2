/* hookctl appliance show: what an appliance is and needs. */
#include "cli/appliance/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/appliance/findings.h"
#include "cli/appliance/summary.h"
#include "cli/cluster_options.h"
#include "cli/print.h"

static const char *const outputs[] = {"text", "yaml", "json", NULL};

struct options {
    struct cli_cluster_options cluster;
    char *output;
};

static const struct option_row rows[] = {
    CLI_FILENAME_ROW,
    {"output", OPTION_CHOICE, offsetof(struct options, output), 'o', .initial = "text",
        .choices = outputs, .help = "the format (default: text)"},
    CLI_CLUSTER_ROWS,
    CLI_HELP_ROW,
};

/* The text of a member, as it can be printed. Owned by the caller. */
static char *shown(const json_t *object, const char *key)
{
    const char *text = text_or(json_get_string(object, key), "");
    return text_printable(text, strlen(text), 200);
}

static void print_reference(const char *title, const json_t *reference)
{
    if (reference == NULL)
        return;
    auto_free char *name = shown(reference, "name");
    auto_free char *kind = shown(reference, "kind");
    auto_free char *volume = shown(reference, "inferFromVolume");
    printf("%s: ", title);
    if (volume[0] != '\0')
        printf("that of the disk %s", volume);
    else
        printf("%s%s%s%s", name, kind[0] != '\0' ? " (" : "", kind, kind[0] != '\0' ? ")" : "");
    puts(json_get_string(reference, "label") != NULL ? ", by a label" : "");
}

static void print_parameters(const json_t *parameters)
{
    size_t index = 0;
    const json_t *parameter = NULL;
    if (json_array_size(parameters) > 0)
        puts("Parameters:");
    json_array_foreach (parameters, index, parameter) {
        auto_free char *name = shown(parameter, "name");
        auto_free char *value = shown(parameter, "value");
        auto_free char *from = shown(parameter, "from");
        auto_free char *about = shown(parameter, "description");
        bool is_required = json_is_true(json_object_get(parameter, "required"));
        printf("  %s", name);
        if (value[0] != '\0')
            printf("=%s", value);
        else if (from[0] != '\0')
            printf(", made as %s", from);
        else if (is_required)
            printf(", required");
        printf("%s%s\n", about[0] != '\0' ? ": " : "", about);
    }
}

static void print_disks(const json_t *disks)
{
    size_t index = 0;
    const json_t *disk = NULL;
    puts("Disks:");
    json_array_foreach (disks, index, disk) {
        auto_free char *name = shown(disk, "name");
        auto_free char *type = shown(disk, "type");
        auto_free char *size = shown(disk, "size");
        auto_free char *from = shown(disk, "from");
        printf("  %s: %s%s%s%s%s\n", name, type, size[0] != '\0' ? ", " : "", size,
            from[0] != '\0' ? ", from " : "", from);
    }
}

static void print_text(const json_t *summary)
{
    const json_t *data_source = json_object_get(summary, "dataSource");
    auto_free char *namespace = shown(data_source, "namespace");
    auto_free char *name = shown(data_source, "name");
    auto_free char *run_strategy = shown(summary, "runStrategy");
    printf("%s/%s: %s\n", namespace, name, json_get_string(summary, "kind"));
    print_reference("Instance type", json_object_get(summary, "instancetype"));
    print_reference("Preference", json_object_get(summary, "preference"));
    printf("Run strategy: %s\n", run_strategy);
    print_parameters(json_object_get(summary, "parameters"));
    print_disks(json_object_get(summary, "disks"));
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach (json_object_get(summary, "owned"), index, item) {
        auto_free char *owned = shown(item, "name");
        printf("%s  %s %s\n", index == 0 ? "Owned:\n" : "", json_get_string(item, "kind"), owned);
    }
    json_array_foreach (json_object_get(summary, "rights"), index, item) {
        auto_free char *where = shown(item, "namespace");
        printf("%s  create datavolumes/source in %s\n",
            index == 0 ? "Rights, for a VM in another namespace:\n" : "", where);
    }
}

/* The summary, made again as long as that wants more objects. New reference, or NULL with an error,
 * which is not set if the report has the errors. */
static json_t *summarize(struct cli_appliance_set *set, const struct appliance_object *object,
    struct cli_report *report, struct error **err)
{
    struct appliance_report findings = {0};
    struct appliance_source source = {0};
    json_t *summary = NULL;
    int result = appliance_source_read(&source, object, &findings);
    int more = result < 0 ? 0 : 1;
    while (more > 0) {
        json_decref(summary);
        summary = cli_summary_make(&source, &set->objects);
        more = cli_appliance_set_read(set, err);
    }
    if (more < 0) {
        json_decref(summary);
        summary = NULL;
    }
    cli_appliance_findings_add(&findings, report);
    appliance_source_clear(&source);
    appliance_report_clear(&findings);
    return summary;
}

static int show_chosen(const struct cli_arguments *arguments, struct cli_appliance_set *set,
    struct cli_report *report, struct error **err)
{
    const struct options *options = arguments->options;
    const struct appliance_object *object = cli_appliance_set_choose(set, arguments->operand, err);
    if (object == NULL)
        return -1;
    auto_json json_t *summary = summarize(set, object, report, err);
    if (summary == NULL)
        return -1;
    if (streq(options->output, "text")) {
        print_text(summary);
        return 0;
    }
    auto_json json_t *list = json_pack("[O]", summary);
    return cli_print_objects(list, options->output, err);
}

int cli_appliance_show(const struct cli_arguments *arguments, struct cli_appliance_set *set)
{
    struct cli_report report = {0};
    struct error *error = NULL;
    cli_appliance_set_load(set, arguments, &report);
    if (!report.unreadable)
        show_chosen(arguments, set, &report, &error);
    cli_report_print(&report, stderr, cli_report_colour(STDERR_FILENO));
    int status = error != NULL ? cli_fail(arguments, error) : cli_report_exit_status(&report);
    cli_report_clear(&report);
    return status;
}

static int show(const struct cli_arguments *arguments)
{
    struct cli_appliance_set set = {0};
    int status = cli_appliance_show(arguments, &set);
    cli_appliance_set_clear(&set);
    return status;
}

const struct cli_command cli_appliance_show_command = {
    .name = "show",
    .summary = "describe an appliance",
    .description =
        "Shows what the appliance NS/NAME is: its parameters, its disks with their sizes,\n"
        "its instance type and preference, what it owns, and the rights that cloning it\n"
        "needs. With -f, everything comes from the files, among whose DataSources NS/NAME\n"
        "chooses; it may be left out if there is one.\n"
        "\n"
        "Exit status: 0 shown, 1 errors, 2 wrong usage, 3 input that cannot be read,\n"
        "4 the cluster failed.",
    .options = CLI_TABLE(rows),
    .options_size = sizeof(struct options),
    .operand = "NS/NAME",
    .operand_or_files = true,
    .run = show,
    .needs_online = cli_cluster_is_needed,
};
