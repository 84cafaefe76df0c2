/* hookctl appliance check: all faults of appliances. */
#include "cli/appliance/check.h"

#include <stdio.h>
#include <unistd.h>

#include "appliance/check.h"
#include "appliance/complete.h"
#include "appliance/parameters.h"
#include "base/text.h"
#include "cli/appliance/findings.h"
#include "cli/cluster_options.h"

static const char *const outputs[] = {"text", "json", NULL};

struct options {
    struct cli_cluster_options cluster;
    char *output;
};

static const struct option_row rows[] = {
    CLI_FILENAME_ROW,
    {"output", OPTION_CHOICE, offsetof(struct options, output), 'o', .initial = "text",
        .choices = outputs, .help = "the format of the findings (default: text)"},
    CLI_CLUSTER_ROWS,
    CLI_HELP_ROW,
};

/* What there is to check. */
struct run {
    struct cli_appliance_set *set;
    struct cli_report *report;
    struct error *error; /* reading failed */
    size_t count; /* of the DataSources */
};

static void examine(const struct appliance_object *object, struct appliance_objects *objects,
    struct appliance_report *report)
{
    struct appliance_source source = {0};
    bool is_read = appliance_source_read(&source, object, report) == 0;
    if (source.vm != NULL) {
        struct findings *boilerplate = appliance_source_findings(&source, report);
        if (is_read) /* if not, the parameters are not known */
            appliance_parameters_substitute(source.vm, source.parameters, NULL, boilerplate);
        appliance_check(&source, source.vm, objects, report);
        appliance_check_memory(&source, source.vm, report);
    }
    appliance_complete_check(&source, objects, report);
    appliance_check_source(&source, objects, report);
    appliance_source_clear(&source);
}

/* Examines a DataSource, again as long as that wants more objects from the cluster. */
static bool check_one(void *user, const struct appliance_object *object)
{
    struct run *run = user;
    struct appliance_report report = {0};
    int more = 0;
    run->count++;
    do {
        appliance_report_clear(&report);
        examine(object, &run->set->objects, &report);
        more = cli_appliance_set_read(run->set, &run->error);
    } while (more > 0);
    cli_appliance_findings_add(&report, run->report);
    appliance_report_clear(&report);
    return more == 0;
}

static int check_all(struct run *run, const char *name, struct error **err)
{
    if (name == NULL && run->set->read == NULL) {
        appliance_objects_each(&run->set->objects, APPLIANCE_DATA_SOURCE, NULL, check_one, run);
        if (run->count == 0)
            return error_set(err, ERROR_INPUT, "there is no DataSource in the files");
    } else {
        const struct appliance_object *object = cli_appliance_set_choose(run->set, name, err);
        if (object == NULL)
            return -1;
        check_one(run, object);
    }
    return run->error != NULL ? error_move(err, run->error) : 0;
}

/* Prints the findings, and unless there was an error instead of a check, how many there are. */
static void print(
    const struct options *options, const struct cli_report *report, size_t count, bool is_done)
{
    if (streq(options->output, "json")) {
        json_t *value = cli_report_json(report);
        json_dumpf(value, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(value);
        return;
    }
    cli_report_print(report, stdout, cli_report_colour(STDOUT_FILENO));
    fflush(stdout);
    if (!is_done)
        return;
    fprintf(stderr, "%zu DataSource%s: %zu error%s, %zu warning%s\n", count, count == 1 ? "" : "s",
        report->errors, report->errors == 1 ? "" : "s", report->warnings,
        report->warnings == 1 ? "" : "s");
}

int cli_appliance_check(const struct cli_arguments *arguments, struct cli_appliance_set *set)
{
    struct cli_report report = {0};
    struct run run = {.set = set, .report = &report};
    struct error *error = NULL;
    cli_appliance_set_load(set, arguments, &report);
    int result = report.unreadable ? 0 : check_all(&run, arguments->operand, &error);
    print(arguments->options, &report, run.count, result == 0);
    int status = result < 0 ? cli_fail(arguments, error) : cli_report_exit_status(&report);
    cli_report_clear(&report);
    return status;
}

static int check(const struct cli_arguments *arguments)
{
    struct cli_appliance_set set = {0};
    int status = cli_appliance_check(arguments, &set);
    cli_appliance_set_clear(&set);
    return status;
}

const struct cli_command cli_appliance_check_command = {
    .name = "check",
    .summary = "find all faults of appliances",
    .description =
        "Reports every fault of an appliance: of its boilerplate and parameters with\n"
        "file, line and column, of its labels, of the source of its disk, and of what it\n"
        "owns. With -f, checks the DataSources of the files, or the one that NS/NAME\n"
        "names among them; everything that they refer to comes from the files, too.\n"
        "Without -f, checks the DataSource NS/NAME of the cluster.\n"
        "\n"
        "Exit status: 0 no errors, 1 errors, 2 wrong usage, 3 input that cannot be read,\n"
        "4 the cluster failed.",
    .options = CLI_TABLE(rows),
    .options_size = sizeof(struct options),
    .operand = "NS/NAME",
    .operand_or_files = true,
    .run = check,
    .needs_online = cli_cluster_is_needed,
};
