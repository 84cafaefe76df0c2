/* hookctl validate: every fault of the annotations in some files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/check.h"
#include "cli/command.h"
#include "cli/expansion.h"
#include "cli/manifest.h"
#include "hooks/protocol.h"
#include "hostpath/policy_parse.h"
#include "machine/plan.h"

DEFINE_CLEANUP(policy, struct hostpath_policy *, hostpath_policy_free);

static const char *const outputs[] = {"text", "json", NULL};

struct options {
    struct cli_options common;
    char *policy;
    bool strict;
    char *annotation_key;
    char *output;
};

#define MEMBER(name) offsetof(struct options, name)

static const struct option_row rows[] = {
    CLI_FILENAME_ROW,
    {"policy", OPTION_TEXT, MEMBER(policy), .argument = "FILE|-", .dash_is_stdin = true,
        .is_path = true,
        .help = "also check the sidecars against a HostPathPolicy; if it\n"
                "cannot be read, every sidecar is denied"},
    {"strict", OPTION_SWITCH, MEMBER(strict), .help = "unknown fields are errors, not warnings"},
    {"annotation-key", OPTION_TEXT, MEMBER(annotation_key), .argument = "KEY",
        .help = "the only annotation to read (default: " ANNOTATIONS_KEY_KUBEVIRT
                "\nor " ANNOTATIONS_KEY_HOOKLINE ")"},
    {"output", OPTION_CHOICE, MEMBER(output), 'o', .initial = "text", .choices = outputs,
        .help = "how findings are shown (default: text)"},
    CLI_HELP_ROW,
};

static void print(const struct cli_arguments *arguments, const struct cli_report *report)
{
    const struct options *options = arguments->options;
    if (streq(options->output, "json")) {
        auto_json json_t *json = cli_report_json(report);
        json_dumpf(json, stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        cli_report_print(report, stdout, cli_report_colour(STDOUT_FILENO));
    }
    auto_free char *summary = cli_report_summary(report);
    fflush(stdout);
    fprintf(stderr, "%s: %s\n", arguments->program->name, summary);
}

/* Reports what keeps an instance type or preference from being applied. */
static void check_expansion(
    struct cli_manifest *manifest, const struct cli_object *object, struct cli_report *report)
{
    struct cli_expansion expansion;
    cli_expansion_make(&expansion, manifest, object, MACHINE_FOR_LAUNCH, report);
    cli_expansion_clear(&expansion);
}

/* Warns of PreCloudInitIso hooks of a machine that has no cloud-init data. key is that of the
 * annotation. */
static void check_cloud_init(const struct cli_object *object, const char *key,
    const struct annotations_list *list, struct cli_report *report)
{
    if (!cli_kind_is_machine(object->kind) || object->kind == CLI_ANNOTATION || list == NULL)
        return;
    const char *executable = hooks_points[HOOKS_PRE_CLOUD_INIT_ISO].executable;
    auto_free char *path = xasprintf(HOOKS_EXECUTABLE_DIRECTORY "%s", executable);
    auto_json json_t *vmi = cli_object_vmi(object);
    struct findings findings = {0};
    for (size_t i = 0; i < list->count && !machine_plan_has_cloud_init(vmi); i++) {
        const struct annotations_config_map *config_map = list->sidecars[i].config_map;
        if (config_map == NULL || config_map->hook_path == NULL ||
            !streq(config_map->hook_path, path))
            continue;
        auto_free char *pointer = xasprintf("/%zu/configMap/hookPath", i);
        findings_warning(&findings, pointer,
            "the machine has no cloud-init volume, which this hook is for: KubeVirt's own hook "
            "manager crashes then");
    }
    cli_check_report(object, key, &findings, report);
    findings_clear(&findings);
}

static int validate(const struct cli_arguments *arguments)
{
    struct cli_manifest manifest = {0};
    struct cli_report report = {0};
    struct error *error = NULL;
    const struct options *given = arguments->options;
    auto_cleanup(policy) struct hostpath_policy *policy =
        given->policy != NULL ? hostpath_policy_read(given->policy, &error) : NULL;
    if (error != NULL)
        cli_report_add_unreadable(&report, given->policy, steal(&error));
    if (cli_manifest_load_given(&manifest, arguments, &report, &error) < 0) {
        cli_report_clear(&report);
        return cli_fail(arguments, error);
    }
    const struct cli_check_options options = {
        .strict = given->strict,
        .annotation_key = given->annotation_key,
        .policy = policy,
    };
    for (size_t i = 0; i < manifest.count; i++) {
        if (!cli_kind_has_sidecars(manifest.objects[i].kind))
            continue;
        const char *key = NULL;
        auto_annotations_list struct annotations_list *list =
            cli_check_object(&manifest.objects[i], &options, &key, &report);
        check_cloud_init(&manifest.objects[i], key, list, &report);
        check_expansion(&manifest, &manifest.objects[i], &report);
    }
    print(arguments, &report);
    int status = cli_report_exit_status(&report);
    cli_report_clear(&report);
    cli_manifest_clear(&manifest);
    return status;
}

const struct cli_command cli_validate_command = {
    .name = "validate",
    .summary = "find faults in the hook sidecars of manifests",
    .description =
        "Reads YAML and JSON manifests with VirtualMachineInstances, VirtualMachines,\n"
        "VirtualMachineInstanceReplicaSets, VirtualMachinePools, Pods, Lists of them, or\n"
        "a bare array of sidecars, and reports every fault of their "
        "annotation\n" ANNOTATIONS_KEY_KUBEVIRT " with its file, line and column. Of\n"
        "VirtualMachines, also what keeps their instance type and preference from being\n"
        "applied.\n"
        "Without -f, reads standard input.\n"
        "\n"
        "Exit status: 0 no errors, 1 errors, 2 wrong usage, 3 input that cannot be read.",
    .options = CLI_TABLE(rows),
    .options_size = sizeof(struct options),
    .run = validate,
};
