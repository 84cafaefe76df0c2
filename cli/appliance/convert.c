/* hookctl appliance convert: between VirtualMachineTemplates, appliances and virtual machines. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "appliance/template_source.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/appliance/findings.h"
#include "cli/appliance/operand.h"
#include "cli/appliance/set.h"
#include "cli/print.h"

static const char *const targets[] = {"template", "datasource", "vm", NULL};

struct options {
    struct cli_options common;
    char *to;
    char *from;
    struct pairs parameters;
    char *source;
    bool with_identity;
    char *output;
};

#define MEMBER(name) offsetof(struct options, name)

static const struct option_row rows[] = {
    CLI_FILENAME_ROW,
    {"to", OPTION_CHOICE, MEMBER(to), .choices = targets, .help = "what to make"},
    {"from", OPTION_TEXT, MEMBER(from), .argument = "[NS/]NAME",
        .help = "the object to convert, if the files have several"},
    {"param", OPTION_PAIRS, MEMBER(parameters), 'p', .argument = "NAME=VALUE",
        .help = "the value of a parameter, for --to vm"},
    {"source", OPTION_TEXT, MEMBER(source), .argument = "KIND/NS/NAME",
        .help = "what a new DataSource is about: pvc/NS/NAME,\n"
                "snapshot/NS/NAME (default: what the root disk is made of)"},
    {"with-identity", OPTION_SWITCH, MEMBER(with_identity),
        .help = "of a machine: keep its UUID, serial and MAC addresses"},
    CLI_OUTPUT_ROW(MEMBER(output)),
    CLI_HELP_ROW,
};

/* A conversion on its way. */
struct conversion {
    const struct options *options;
    struct cli_appliance_set set;
    struct cli_report report; /* for people */
    struct appliance_report findings;
    struct appliance_template_request request;
    json_t *results; /* array */
};

static void add_result(struct conversion *conversion, json_t *take_result)
{
    if (take_result != NULL)
        json_array_append_new(conversion->results, take_result);
}

static bool find_any(void *user, const struct appliance_object *object)
{
    *(const struct appliance_object **)user = object;
    return false;
}

/* Whether the files have an object of the kind. */
static bool has_kind(struct conversion *conversion, enum appliance_kind kind)
{
    const struct appliance_object *found = NULL;
    appliance_objects_each(&conversion->set.objects, kind, NULL, find_any, &found);
    return found != NULL;
}

static void convert_source(struct conversion *conversion, const struct appliance_object *object)
{
    struct appliance_source source = {0};
    json_t *template = NULL;
    if (appliance_source_read(&source, object, &conversion->findings) == 0)
        template =
            appliance_template_of_source(&source, &conversion->request, &conversion->findings);
    if (template != NULL) {
        findings_warning(appliance_report_about(&conversion->findings, object, NULL), "",
            "the template refers to the DataSource, which follows without the boilerplate: it must "
            "be there");
        add_result(conversion, template);
        add_result(conversion, appliance_template_bare_source(object));
    }
    appliance_source_clear(&source);
}

/* Makes a template of a VM, or else of a DataSource. */
static int to_template(struct conversion *conversion, struct error **err)
{
    bool of_vm = has_kind(conversion, APPLIANCE_VM);
    const struct appliance_object *object = appliance_objects_choose(&conversion->set.objects,
        of_vm ? APPLIANCE_VM : APPLIANCE_DATA_SOURCE, conversion->options->from, err);
    if (object == NULL)
        return -1;
    if (of_vm)
        add_result(conversion,
            appliance_template_of_vm(object, &conversion->request, &conversion->findings));
    else
        convert_source(conversion, object);
    return 0;
}

static int to_source(struct conversion *conversion, struct error **err)
{
    if (!has_kind(conversion, APPLIANCE_TEMPLATE) && has_kind(conversion, APPLIANCE_VM))
        return error_set(
            err, ERROR_USAGE, "hookctl appliance publish makes an appliance of a VirtualMachine");
    const struct appliance_object *object = appliance_objects_choose(
        &conversion->set.objects, APPLIANCE_TEMPLATE, conversion->options->from, err);
    if (object == NULL)
        return -1;
    add_result(conversion, appliance_template_to_source(object, &conversion->set.objects,
                               &conversion->request, &conversion->findings));
    return 0;
}

static int to_vm(struct conversion *conversion, struct error **err)
{
    if (!has_kind(conversion, APPLIANCE_TEMPLATE) && has_kind(conversion, APPLIANCE_DATA_SOURCE))
        return error_set(
            err, ERROR_USAGE, "hookctl appliance create makes a VirtualMachine of an appliance");
    const struct appliance_object *object = appliance_objects_choose(
        &conversion->set.objects, APPLIANCE_TEMPLATE, conversion->options->from, err);
    if (object == NULL)
        return -1;
    add_result(
        conversion, appliance_template_to_vm(object, &conversion->request, &conversion->findings));
    return 0;
}

static int convert_loaded(struct conversion *conversion, struct error **err)
{
    const char *to = conversion->options->to;
    int result = streq(to, "template")     ? to_template(conversion, err)
                 : streq(to, "datasource") ? to_source(conversion, err)
                                           : to_vm(conversion, err);
    cli_appliance_findings_add(&conversion->findings, &conversion->report);
    if (result < 0 || conversion->report.errors > 0)
        return result;
    return cli_print_objects(conversion->results, conversion->options->output, err);
}

/* Splits what the result is to be called: NAME or NS/NAME. Returns 0, or -1 with a usage error. */
static int split_operand(
    struct conversion *conversion, const char *operand, char **namespace, struct error **err)
{
    const char *slash = strchr(text_or(operand, ""), '/');
    const char *name = slash != NULL ? slash + 1 : operand;
    if (operand != NULL && (slash == operand || name[0] == '\0' || strchr(name, '/') != NULL))
        return error_set(err, ERROR_USAGE, "%s: must be NAME or NAMESPACE/NAME", operand);
    if (slash != NULL)
        *namespace = xstrndup(operand, (size_t)(slash - operand));
    conversion->request.namespace = *namespace;
    conversion->request.name = name;
    return name != NULL ? cli_appliance_operand_check(*namespace, name, err) : 0;
}

static int convert(const struct cli_arguments *arguments)
{
    const struct options *options = arguments->options;
    auto_free char *namespace = NULL;
    struct conversion conversion = {
        .options = options,
        .request =
            {
                .source = options->source,
                .with_identity = options->with_identity,
                .parameters = &options->parameters,
            },
        .results = json_array(),
    };
    struct error *error = NULL;
    int result = split_operand(&conversion, arguments->operand, &namespace, &error);
    if (result == 0 && options->to == NULL)
        result = error_set(&error, ERROR_USAGE, "say what to make, with --to");
    if (result == 0 && options->common.filenames.count == 0)
        result = error_set(&error, ERROR_USAGE, "say what to convert, with -f FILE");
    if (result == 0)
        cli_appliance_set_load(&conversion.set, arguments, &conversion.report);
    if (result == 0 && !conversion.report.unreadable)
        result = convert_loaded(&conversion, &error);
    cli_report_print(&conversion.report, stderr, cli_report_colour(STDERR_FILENO));
    int status =
        result < 0 ? cli_fail(arguments, error) : cli_report_exit_status(&conversion.report);
    json_decref(conversion.results);
    appliance_report_clear(&conversion.findings);
    cli_report_clear(&conversion.report);
    cli_appliance_set_clear(&conversion.set);
    return status;
}

const struct cli_command cli_appliance_convert_command = {
    .name = "convert",
    .summary = "convert to and from VirtualMachineTemplates",
    .description =
        "Prints what the object of the files becomes: a VirtualMachineTemplate\n"
        "(template.kubevirt.io) of a VirtualMachine or an appliance, with --to template;\n"
        "an appliance (a DataSource) of a template, with --to datasource; the\n"
        "VirtualMachine that a template gives, with --to vm. Parameters stay parameters.\n"
        "A machine's name becomes one, and what merely looks like one stays what it is,\n"
        "so that nothing is lost on the way there and back; but what identifies one\n"
        "machine is dropped without --with-identity. NAME is what the result is called.\n"
        "\n"
        "An appliance's template refers to its DataSource, which is printed after it; of\n"
        "both together, --to datasource makes the appliance again.\n"
        "\n"
        "Exit status: 0 converted, 1 errors, 2 wrong usage, 3 input that cannot be read.",
    .options = CLI_TABLE(rows),
    .options_size = sizeof(struct options),
    .operand = "[NS/]NAME",
    .run = convert,
};
