/* hookctl render: the launcher pod with the sidecars, or the patch that adds them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "annotations/launcher.h"
#include "annotations/minimal_pod.h"
#include "annotations/patch.h"
#include "annotations/render.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml_dump.h"
#include "cli/check.h"
#include "cli/command.h"
#include "cli/expansion.h"
#include "cli/manifest.h"

static const char *const launchers[] = {"auto", "builtin", "plugin", "standalone", NULL};
static const char *const outputs[] = {"yaml", "json", "patch", NULL};

struct options {
    struct cli_options common;
    char *pod;
    char *name;
    char *launcher;
    char *shim_image, *manager_image;
    char *annotation_key;
    char *output;
};

#define MEMBER(name) offsetof(struct options, name)

static const struct option_row rows[] = {
    CLI_FILENAME_ROW,
    {"pod", OPTION_TEXT, MEMBER(pod), .argument = "FILE|-", .dash_is_stdin = true, .is_path = true,
        .help = "the launcher pod to render into; without -f, its own\n"
                "annotation is rendered. Without --pod, a virtual machine\n"
                "is rendered into a pod with only a compute container"},
    {"name", OPTION_TEXT, MEMBER(name), .argument = "NAME",
        .help = "the object to render, if there are several: NAME or\n"
                "NAMESPACE/NAME"},
    {"launcher", OPTION_CHOICE, MEMBER(launcher), .initial = "auto", .choices = launchers,
        .help = "who calls the hooks: compute's built-in manager, a manager\n"
                "that serves KubeVirt's plugin socket, or compute running\n"
                "hook-manager itself (default: auto, detected from the pod)"},
    {"shim-image", OPTION_TEXT, MEMBER(shim_image), .argument = "IMAGE",
        .help =
            "the image of sidecars that do not name one\n(default: " ANNOTATIONS_SHIM_IMAGE ")"},
    {"manager-image", OPTION_TEXT, MEMBER(manager_image), .argument = "IMAGE",
        .help =
            "the image of the manager for a plugin launcher\n(default: " ANNOTATIONS_MANAGER_IMAGE
            ")"},
    {"annotation-key", OPTION_TEXT, MEMBER(annotation_key), .argument = "KEY",
        .help = "the only annotation to read (default: " ANNOTATIONS_KEY_KUBEVIRT
                "\nor " ANNOTATIONS_KEY_HOOKLINE ")"},
    {"output", OPTION_CHOICE, MEMBER(output), 'o', .initial = "yaml", .choices = outputs,
        .help = "the pod, or an RFC 6902 patch to it (default: yaml)"},
    CLI_HELP_ROW,
};

/* What is rendered, and into which pod. */
struct rendering {
    struct cli_manifest manifest; /* of -f */
    struct cli_manifest pod_manifest; /* of --pod */
    struct cli_report report;
    const struct cli_object *source; /* has the annotation */
    struct cli_expansion expansion; /* of the source, which is its object then */
    const struct cli_object *pod; /* NULL: a minimal one */
};

static bool is_pod(enum cli_kind kind)
{
    return kind == CLI_POD;
}

static bool is_source(enum cli_kind kind)
{
    return is_pod(kind) || cli_kind_is_machine(kind);
}

/* Sets source and pod from the files that were loaded. */
static int choose_objects(
    struct rendering *rendering, const struct cli_arguments *arguments, struct error **err)
{
    const struct options *options = arguments->options;
    const char *name = options->name;
    bool has_pod = options->pod != NULL;
    bool has_source = !has_pod || options->common.filenames.count > 0;
    if (has_pod) {
        rendering->pod = cli_manifest_choose(
            &rendering->pod_manifest, is_pod, has_source ? NULL : name, "pod", err);
        if (rendering->pod == NULL)
            return -1;
    }
    rendering->source = has_source ? cli_manifest_choose(&rendering->manifest, is_source, name,
                                         "virtual machine or pod", err)
                                   : rendering->pod;
    if (rendering->source == NULL)
        return -1;
    if (rendering->pod == NULL && rendering->source->kind == CLI_POD)
        rendering->pod = rendering->source;
    return 0;
}

static int load(
    struct rendering *rendering, const struct cli_arguments *arguments, struct error **err)
{
    const struct options *options = arguments->options;
    if (options->pod != NULL)
        cli_manifest_load(&rendering->pod_manifest, options->pod, &rendering->report);
    if (options->pod != NULL && options->common.filenames.count == 0)
        return 0;
    return cli_manifest_load_given(&rendering->manifest, arguments, &rendering->report, err);
}

/* Reports what annotations_render found, in the annotation and in the pod. */
static void report_findings(
    struct rendering *rendering, const char *key, const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        struct finding *finding = &findings->items[i];
        if (!text_starts_with(finding->pointer, "/pod")) {
            const struct findings one = {.items = finding, .count = 1};
            cli_check_report(rendering->source, key, &one, &rendering->report);
            continue;
        }
        const struct cli_object *pod = rendering->pod;
        auto_free char *path = finding_path(finding->pointer);
        struct cli_report_place place = {.path = path, .object = pod};
        if (pod != NULL) {
            place.file = pod->file;
            place.place = cli_object_place(pod, finding->pointer + strlen("/pod"));
        }
        cli_report_add(
            &rendering->report, finding->severity, finding->class, &place, "%s", finding->message);
    }
    const struct findings rest = {.errors = findings->errors, .warnings = findings->warnings};
    cli_check_report(rendering->source, key, &rest, &rendering->report);
}

/* Warns that the pod is left unchanged. why is the predicate of a sentence about the object. */
static void warn(struct rendering *rendering, const struct cli_object *object, const char *why)
{
    const struct cli_report_place place = {
        .file = object->file,
        .place = cli_object_place(object, ""),
        .object = object,
    };
    cli_report_add(&rendering->report, FINDING_WARNING, ERROR_INPUT, &place,
        "%s \"%s\" %s: the pod is left unchanged", cli_kind_name(object->kind), object->name, why);
}

static json_t *make_pod(const struct rendering *rendering, enum annotations_launcher launcher)
{
    if (rendering->pod != NULL)
        return json_deep_copy(rendering->pod->value);
    auto_json json_t *vmi = cli_object_vmi(rendering->source);
    return annotations_minimal_pod(vmi, launcher);
}

/* Renders into a copy of pod; NULL when there are errors in the report. */
static json_t *render_pod(struct rendering *rendering, const struct cli_arguments *arguments,
    struct annotations_render_options *options, json_t *pod)
{
    const char *key = NULL;
    const struct options *given = arguments->options;
    const struct cli_check_options check = {
        .annotation_key = given->annotation_key,
    };
    auto_annotations_list struct annotations_list *list =
        cli_check_object(rendering->source, &check, &key, &rendering->report);
    if (list == NULL)
        return NULL;
    if (annotations_pod_is_provisioning(pod)) {
        warn(rendering, rendering->pod, "is a temporary provisioning pod of KubeVirt");
        return json_incref(pod);
    }
    if (list->count == 0)
        warn(rendering, rendering->source, "has no hook sidecars");
    options->annotation_key = key;
    struct findings findings = {0};
    json_t *rendered = annotations_render(pod, list, options, &findings);
    report_findings(rendering, key, &findings);
    findings_clear(&findings);
    return rendered;
}

static int print(const char *output, const json_t *pod, const json_t *rendered, struct error **err)
{
    if (streq(output, "yaml")) {
        auto_free char *text = yaml_dump(rendered, err);
        if (text == NULL)
            return -1;
        fputs(text, stdout);
        return 0;
    }
    auto_json json_t *patch = streq(output, "patch") ? annotations_patch(pod, rendered) : NULL;
    json_dumpf(patch != NULL ? patch : rendered, stdout, JSON_INDENT(2));
    putchar('\n');
    return 0;
}

static int render_loaded(
    struct rendering *rendering, const struct cli_arguments *arguments, struct error **err)
{
    const struct options *given = arguments->options;
    struct annotations_render_options options = {
        .shim_image = given->shim_image,
        .manager_image = given->manager_image,
    };
    if (annotations_launcher_parse(given->launcher, &options.launcher, err) < 0 ||
        choose_objects(rendering, arguments, err) < 0)
        return -1;
    if (cli_expansion_make(&rendering->expansion, &rendering->manifest, rendering->source,
            MACHINE_FOR_LAUNCH, &rendering->report) < 0)
        return 0;
    if (rendering->pod != rendering->source)
        rendering->source = &rendering->expansion.object;
    auto_json json_t *pod = make_pod(rendering, options.launcher);
    auto_json json_t *rendered = render_pod(rendering, arguments, &options, pod);
    if (rendered == NULL)
        return 0;
    return print(given->output, pod, rendered, err);
}

static int render(const struct cli_arguments *arguments)
{
    struct rendering rendering = {0};
    struct error *error = NULL;
    int result = load(&rendering, arguments, &error);
    if (result == 0 && !rendering.report.unreadable)
        result = render_loaded(&rendering, arguments, &error);
    cli_report_print(&rendering.report, stderr, cli_report_colour(STDERR_FILENO));
    int status =
        result < 0 ? cli_fail(arguments, error) : cli_report_exit_status(&rendering.report);
    cli_report_clear(&rendering.report);
    cli_expansion_clear(&rendering.expansion);
    cli_manifest_clear(&rendering.manifest);
    cli_manifest_clear(&rendering.pod_manifest);
    return status;
}

const struct cli_command cli_render_command = {
    .name = "render",
    .summary = "show the launcher pod with its hook sidecars",
    .description =
        "Adds the sidecars of a virtual machine, and the volumes they need, to its\n"
        "launcher pod and writes the pod, or the patch to it, to standard output. Writes\n"
        "nothing if there is an error.\n"
        "\n"
        "Exit status: 0 rendered, 1 errors, 2 wrong usage, 3 input that cannot be read.",
    .options = CLI_TABLE(rows),
    .options_size = sizeof(struct options),
    .run = render,
};
