/* hookctl validate: every fault of the annotations in some files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/check.h"
#include "cli/command.h"
#include "cli/manifest.h"
#include "hostpath/policy_parse.h"

DEFINE_CLEANUP(policy, struct hostpath_policy *, hostpath_policy_free);

enum { FLAG_POLICY = CLI_FLAG_FIRST, FLAG_STRICT, FLAG_ANNOTATION_KEY };

static const char *const outputs[] = {"text", "json", NULL};

static const struct cli_flag flags[] = {
    CLI_FILENAME_FLAG,
    {FLAG_POLICY, "policy", "FILE|-", .is_path = true,
        .help = "also hold the sidecars against a HostPathPolicy; when it\n"
                "cannot be read, every sidecar is denied"},
    {FLAG_STRICT, "strict", .help = "unknown fields are errors, not warnings"},
    {FLAG_ANNOTATION_KEY, "annotation-key", "KEY",
        .help = "the one annotation to look at (default: " ANNOTATIONS_KEY_KUBEVIRT
                "\nor " ANNOTATIONS_KEY_HOOKLINE ")"},
    {'o', "output", .choices = outputs, .help = "how findings are shown (default: text)"},
};

static void print(const struct cli_arguments *arguments, const struct cli_report *report)
{
    if (streq(cli_flag_value(arguments, 'o', "text"), "json")) {
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

static int validate(const struct cli_arguments *arguments)
{
    struct cli_manifest manifest = {0};
    struct cli_report report = {0};
    struct error *error = NULL;
    const char *policy_path = cli_flag_value(arguments, FLAG_POLICY, NULL);
    auto_cleanup(policy) struct hostpath_policy *policy =
        policy_path != NULL ? hostpath_policy_read(policy_path, &error) : NULL;
    if (error != NULL)
        cli_report_add_unreadable(&report, policy_path, steal(&error));
    if (cli_manifest_load_given(&manifest, arguments, &report, &error) < 0) {
        cli_report_clear(&report);
        return cli_fail(arguments, error);
    }
    const struct cli_check_options options = {
        .strict = cli_flag_given(arguments, FLAG_STRICT),
        .annotation_key = cli_flag_value(arguments, FLAG_ANNOTATION_KEY, NULL),
        .policy = policy,
    };
    for (size_t i = 0; i < manifest.count; i++) {
        if (!cli_kind_has_sidecars(manifest.objects[i].kind))
            continue;
        auto_annotations_list struct annotations_list *list =
            cli_check_object(&manifest.objects[i], &options, NULL, &report);
    }
    print(arguments, &report);
    int status = cli_report_exit_status(&report);
    cli_report_clear(&report);
    cli_manifest_clear(&manifest);
    return status;
}

const struct cli_command cli_validate_command = {
    .name = "validate",
    .summary = "find what is wrong with the hook sidecars of manifests",
    .description =
        "Reads YAML and JSON manifests with VirtualMachineInstances, VirtualMachines,\n"
        "VirtualMachineInstanceReplicaSets, VirtualMachinePools, Pods, Lists of them, or\n"
        "the array of sidecars alone, and reports everything that is wrong with their\n"
        "annotation " ANNOTATIONS_KEY_KUBEVIRT ", each with its file, line and\n"
        "column. Without -f it reads standard input.\n"
        "\n"
        "Exit status: 0 no errors, 1 errors, 2 wrong usage, 3 input that cannot be read.",
    .flags = flags,
    .flag_count = ARRAY_SIZE(flags),
    .run = validate,
};
