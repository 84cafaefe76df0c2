#include "cli/run_hooks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/documents.h"
#include "cli/report.h"
#include "domain/form.h"
#include "domain/identity.h"
#include "domain/schema.h"
#include "machine/plan.h"
#include "manager/cloud_init.h"

struct options {
    struct cli_options common;
    char *domain;
    char *name;
    struct option_texts hooks; /* INDEX=DIR */
    struct option_texts claims; /* NAME=DIR */
    char *cloud_init, *cloud_init_output;
    struct pairs directories; /* NAME=PATH */
    bool twice, diff, schema, verbose;
    char *trace;
    char *sandbox;
    char *annotation_key;
};

#define MEMBER(name) offsetof(struct options, name)

static const struct option_row rows[] = {
    CLI_FILENAME_ROW,
    {"domain", OPTION_TEXT, MEMBER(domain), .argument = "FILE|-", .dash_is_stdin = true,
        .is_path = true,
        .help = "the libvirt domain XML that the first hook gets (default:\n"
                "the one that hook-launcher makes from the machine)"},
    {"name", OPTION_TEXT, MEMBER(name), .argument = "NAME",
        .help = "the virtual machine, if the manifests have several"},
    {"hook", OPTION_TEXTS, MEMBER(hooks), .argument = "INDEX=DIR", .is_path = true,
        .help = "put DIR first in the PATH of the sidecar at INDEX, for a\n"
                "hook that is in its image, which does not run here"},
    {"pvc", OPTION_TEXTS, MEMBER(claims), .argument = "NAME=DIR", .is_path = true,
        .help = "the directory to use for a persistent volume claim"},
    {"cloud-init", OPTION_TEXT, MEMBER(cloud_init), .argument = "FILE|-", .dash_is_stdin = true,
        .is_path = true,
        .help = "the cloud-init data that the first PreCloudInitIso hook\n"
                "gets, KubeVirt's CloudInitData as JSON (default: made\n"
                "from the machine's cloud-init volume)"},
    {"cloud-init-output", OPTION_TEXT, MEMBER(cloud_init_output), .argument = "FILE|-",
        .is_path = true,
        .help = "where to write the resulting cloud-init data; - is\n"
                "standard output, if no hook changes the domain"},
    {"volume-dir", OPTION_PAIRS, MEMBER(directories), .argument = "NAME=PATH", .is_path = true,
        .help = "the directory with the files of the Secret of a cloud-init\n"
                "volume or, as SECRET-access-cred, of an access credential"},
    {"twice", OPTION_SWITCH, MEMBER(twice),
        .help = "chain the result once more, and fail when a hook changes it\n"
                "again: KubeVirt calls hooks up to three times per boot"},
    {"diff", OPTION_SWITCH, MEMBER(diff), .help = "show what each hook changed"},
    {"trace", OPTION_TEXT, MEMBER(trace), .argument = "DIR", .is_path = true,
        .help = "keep the input, output and diff of every call in DIR"},
    {"schema", OPTION_SWITCH, MEMBER(schema),
        .help = "validate every domain against libvirt's schema\n(" DOMAIN_SCHEMA_PATH ")"},
    {"sandbox", OPTION_CHOICE, MEMBER(sandbox), .initial = CLI_SANDBOX_AUTO,
        .choices = cli_sandbox_wishes,
        .help = "what the hooks run in: bubblewrap; auto, as root also\n"
                "without user namespaces; or none: then they run as you,\n"
                "with their mounts below $HOOKLINE_ROOT"},
    {"annotation-key", OPTION_TEXT, MEMBER(annotation_key), .argument = "KEY",
        .help = "the only annotation to read (default: " ANNOTATIONS_KEY_KUBEVIRT
                "\nor " ANNOTATIONS_KEY_HOOKLINE ")"},
    {"verbose", OPTION_SWITCH, MEMBER(verbose), 'v',
        .help = "show what the sidecars write to standard error"},
    CLI_HELP_ROW,
};

/* Parses the values of an option that takes NAME=DIR. */
static int read_stand_ins(const struct option_texts *texts, const char *option,
    struct cli_stand_ins *out, struct error **err)
{
    out->items = xcalloc(texts->count + 1, sizeof(*out->items));
    for (; out->count < texts->count; out->count++) {
        if (cli_stand_in_parse(texts->items[out->count], option, &out->items[out->count], err) < 0)
            return -1;
    }
    return 0;
}

static void stand_ins_clear(struct cli_stand_ins *stand_ins)
{
    for (size_t i = 0; i < stand_ins->count; i++)
        cli_stand_in_clear(&stand_ins->items[i]);
    free(stand_ins->items);
}

/* Checks the indexes that --hook names, and rewrites them in plain decimal. */
static int read_hook_indexes(struct cli_run *run, struct error **err)
{
    size_t count = run->machine.list->count;
    for (size_t i = 0; i < run->hooks.count; i++) {
        struct cli_stand_in *hook = &run->hooks.items[i];
        long index = 0;
        if (!text_parse_int(hook->name, 0, ANNOTATIONS_MAX_SIDECARS - 1, &index) ||
            (size_t)index >= count)
            return error_set(err, ERROR_USAGE,
                "--hook cannot be %s=%s: the annotation has %zu entries, counted from 0",
                hook->name, hook->directory, count);
        auto_free char *name = xasprintf("%ld", index);
        xstrset(&hook->name, name);
    }
    return 0;
}

static int read_cloud_init(struct cli_run *run, const char *path, struct error **err)
{
    if (file_read(
            path, HOOKS_CLOUD_INIT_MAX_BYTES, &run->cloud_init, &run->cloud_init_length, err) < 0)
        return -1;
    if (manager_cloud_init_check((struct bytes){run->cloud_init, run->cloud_init_length}, err) < 0)
        return error_wrap(err, "%s", streq(path, "-") ? "standard input" : path);
    return 0;
}

/* Puts the domain in the form in which KubeVirt hands it out, which hooks are written for. One that
 * is too large for that is left as it is. */
static int take_form(struct cli_run *run, const char *source, struct error **err)
{
    if (run->domain_length > DOMAIN_TREE_MAX_BYTES) {
        cli_run_say(run,
            "note: %s is too large to be put in KubeVirt's form: hooks get it as it is", source);
        return 0;
    }
    size_t length = 0;
    char *form = domain_form(run->domain, run->domain_length, &length, err);
    if (form == NULL)
        return -1;
    if (length != run->domain_length || memcmp(form, run->domain, length) != 0)
        cli_run_say(run,
            "note: %s is not in KubeVirt's form: hooks get it as virt-launcher writes it, with "
            "tabs, double quotes, end tags, and empty <bios>, <baseBoard> and <chassis>",
            source);
    free(run->domain);
    run->domain = form;
    run->domain_length = length;
    return 0;
}

static int read_domain(struct cli_run *run, const char *path, struct error **err)
{
    const char *source = streq(path, "-") ? "standard input" : path;
    if (file_read(path, DOMAIN_MAX_BYTES, &run->domain, &run->domain_length, err) < 0)
        return -1;
    if (domain_identify(run->domain, run->domain_length, NULL, err) < 0 ||
        take_form(run, source, err) < 0)
        return error_wrap(err, "%s", source);
    return 0;
}

/* Takes what was made of the machine and is not given. Returns 0, or -1 when something is missing
 * that hooks need. */
static int take_documents(struct cli_run *run, struct cli_documents *documents,
    const struct cli_documents_wish *wish, struct error **err)
{
    const char *name = run->machine.object->name;
    if (wish->needs_domain && documents->domain == NULL)
        return error_set(err, ERROR_INPUT,
            "%s cannot be converted to a domain here: give its domain XML with --domain FILE, such "
            "as that of a running machine (kubectl exec POD -- virsh dumpxml 1)",
            name);
    if (wish->cloud_init && documents->cloud_init == NULL)
        return error_set(err, ERROR_INPUT,
            "the cloud-init data of %s cannot be made here: give them with --cloud-init FILE",
            name);
    if (wish->domain && documents->domain == NULL)
        cli_run_say(run, "warning: there is no domain, which no hook here changes: give it with "
                         "--domain FILE");
    if (wish->domain && documents->domain != NULL) {
        run->domain = steal(&documents->domain);
        run->domain_length = documents->domain_length;
        if (documents->emulated && cli_run_may_have(run, HOOKS_ON_DEFINE_DOMAIN))
            cli_run_say(run, "note: the domain is made for emulation, because KVM does not work on "
                             "this machine");
    }
    if (wish->cloud_init) {
        run->cloud_init = steal(&documents->cloud_init);
        run->cloud_init_length = strlen(run->cloud_init);
    }
    return 0;
}

/* Whether the cloud-init data that result go to standard output, in the place of a domain. */
static bool prints_cloud_init(const struct options *options)
{
    return options->cloud_init_output != NULL && streq(options->cloud_init_output, "-");
}

/* What is to be made from the machine, as no option gives it. Where no hook can change the domain,
 * the run can do without. */
static struct cli_documents_wish wish_of(const struct cli_run *run, const struct options *options)
{
    bool has_sidecars = run->machine.list->count > 0;
    bool changes_domain = cli_run_may_have(run, HOOKS_ON_DEFINE_DOMAIN);
    bool wants_domain = run->domain == NULL && (changes_domain || !prints_cloud_init(options));
    return (struct cli_documents_wish){
        .domain = wants_domain,
        .needs_domain = wants_domain && (!has_sidecars || changes_domain),
        .cloud_init =
            run->cloud_init == NULL && machine_plan_has_cloud_init(run->machine.vmi) &&
            (options->cloud_init_output != NULL || cli_run_may_have(run, HOOKS_PRE_CLOUD_INIT_ISO)),
    };
}

/* Makes the documents that no option gives from the machine. */
static int make_documents(struct cli_run *run, const struct options *options, struct error **err)
{
    const struct cli_documents_wish wish = wish_of(run, options);
    if (!wish.domain && !wish.cloud_init)
        return 0;
    if (run->machine.object->kind == CLI_ANNOTATION)
        return error_set(err, ERROR_USAGE,
            "--domain is missing: an annotation alone has no machine from which to make it");
    struct cli_documents documents = {0};
    struct cli_report report = {0};
    cli_documents_make(&documents, &run->machine, &wish, &options->directories, &report);
    cli_report_print(&report, stderr, cli_report_colour(STDERR_FILENO));
    cli_report_clear(&report);
    int result = take_documents(run, &documents, &wish, err);
    cli_documents_clear(&documents);
    return result;
}

/* Checks that the cloud-init data that are asked for exist, and can go there. */
static int check_output(
    const struct cli_run *run, const struct options *options, struct error **err)
{
    if (options->cloud_init_output == NULL)
        return 0;
    if (run->cloud_init == NULL)
        return error_set(err, ERROR_USAGE,
            "--cloud-init-output needs --cloud-init: %s has no cloud-init data",
            run->machine.object->name);
    if (prints_cloud_init(options) && run->domain != NULL)
        return error_set(err, ERROR_USAGE,
            "--cloud-init-output cannot be -: the domain goes to standard output");
    return 0;
}

/* Reads the documents and directories that the options name. */
static int read_inputs(struct cli_run *run, const struct options *options, struct error **err)
{
    if ((options->domain != NULL && read_domain(run, options->domain, err) < 0) ||
        (options->cloud_init != NULL && read_cloud_init(run, options->cloud_init, err) < 0))
        return -1;
    if (read_stand_ins(&options->hooks, "--hook", &run->hooks, err) < 0 ||
        read_stand_ins(&options->claims, "--pvc", &run->claims, err) < 0 ||
        read_hook_indexes(run, err) < 0 || cli_run_check_hooks(run, err) < 0 ||
        make_documents(run, options, err) < 0)
        return -1;
    if (check_output(run, options, err) < 0)
        return -1;
    run->trace_directory = options->trace;
    run->sandbox_wish = options->sandbox;
    run->twice = options->twice;
    run->verbose = options->verbose;
    if (options->schema)
        run->schema = domain_schema_load(DOMAIN_SCHEMA_PATH, err);
    return options->schema && run->schema == NULL ? -1 : 0;
}

/* Writes a document to standard output, on a terminal with a final newline. */
static int print_document(struct bytes text, struct error **err)
{
    bool ends_line = text.length > 0 && text.data[text.length - 1] == '\n';
    if (file_write_all(STDOUT_FILENO, text.data, text.length, err) < 0 ||
        (!ends_line && isatty(STDOUT_FILENO) && file_write_all(STDOUT_FILENO, "\n", 1, err) < 0))
        return error_wrap(err, "standard output");
    return 0;
}

/* Whether a hook has changed the cloud-init data, beyond their form. */
static bool changes_cloud_init(const struct cli_run *run)
{
    for (size_t i = 0; i < run->hops.count; i++) {
        const struct cli_hop *hop = &run->hops.items[i];
        if (hop->hook == HOOKS_PRE_CLOUD_INIT_ISO && hop->change.added + hop->change.removed > 0)
            return true;
    }
    return false;
}

/* Writes the cloud-init data where they are asked for, and then the domain, if there is one, to
 * standard output. */
static int write_results(struct cli_run *run, const struct options *options, struct bytes domain,
    struct bytes cloud_init, struct error **err)
{
    if (prints_cloud_init(options))
        return print_document(cloud_init, err);
    if (options->cloud_init_output != NULL &&
        file_write(options->cloud_init_output, cloud_init.data, cloud_init.length, 0600, err) < 0)
        return -1;
    if (options->cloud_init_output == NULL && !options->diff && changes_cloud_init(run))
        cli_run_say(run, "note: hooks have changed the cloud-init data: --cloud-init-output FILE "
                         "writes them, and --diff shows what has changed");
    return print_document(domain, err);
}

static void show_hops(const struct cli_run *run, bool with_diffs)
{
    bool colour = cli_report_colour(STDERR_FILENO);
    auto_free const char **names = cli_machine_sidecar_names(&run->machine);
    cli_hops_print_table(&run->hops, names, run->machine.list->count, stderr, colour);
    if (with_diffs)
        cli_hops_print_diffs(&run->hops, stderr, colour);
}

/* Reports the hooks that changed their own result. Returns -1 if there are any. */
static int check_idempotence(struct cli_run *run, struct error **err)
{
    size_t count = 0;
    for (size_t i = 0; i < run->hops.count; i++) {
        const struct cli_hop *hop = &run->hops.items[i];
        if (hop->call != 2 || hop->hook != HOOKS_ON_DEFINE_DOMAIN ||
            hop->change.added + hop->change.removed == 0)
            continue;
        auto_free char *change = cli_hop_change(hop);
        cli_run_say(run,
            "%s is not idempotent: called again on the result, its %s changed lines: "
            "%s",
            hop->sidecar, hooks_point_name(hop->hook), change);
        count++;
    }
    if (count == 0)
        return 0;
    return error_set(err, ERROR_INPUT,
        "%zu of the hooks %s not idempotent; KubeVirt calls hooks "
        "up to three times per boot",
        count, count == 1 ? "is" : "are");
}

static int run_machine(struct cli_run *run, const struct options *options, struct error **err)
{
    auto_free char *domain = NULL;
    auto_free char *cloud_init = NULL;
    size_t domain_length = 0;
    size_t cloud_init_length = 0;
    if (read_inputs(run, options, err) < 0)
        return -1;
    if (run->machine.list->count == 0)
        cli_run_say(run, "warning: %s has no hook sidecars", run->machine.object->name);
    int result = cli_run_hooks(run, &domain, &domain_length, &cloud_init, &cloud_init_length, err);
    if (result == 0)
        result = write_results(run, options, (struct bytes){domain, domain_length},
            (struct bytes){cloud_init, cloud_init_length}, err);
    if (run->hops.count > 0 || (result == 0 && run->machine.list->count > 0))
        show_hops(run, options->diff);
    return result < 0 ? -1 : check_idempotence(run, err);
}

static void run_clear(struct cli_run *run)
{
    cli_hops_clear(&run->hops);
    domain_schema_free(run->schema);
    stand_ins_clear(&run->hooks);
    stand_ins_clear(&run->claims);
    cli_machine_clear(&run->machine);
    free(run->domain);
    free(run->cloud_init);
    free(run->shim);
    free(run->directory);
}

static int run(const struct cli_arguments *arguments)
{
    const struct options *options = arguments->options;
    struct cli_run state = {.program = arguments->program->name};
    struct cli_report report = {0};
    struct error *error = NULL;
    bool ready = cli_machine_load(&state.machine, arguments, options->name, options->annotation_key,
                     &report, &error) == 0;
    cli_report_print(&report, stderr, cli_report_colour(STDERR_FILENO));
    if (ready)
        run_machine(&state, options, &error);
    int status = error != NULL ? cli_fail(arguments, error) : cli_report_exit_status(&report);
    cli_report_clear(&report);
    run_clear(&state);
    return status;
}

const struct cli_command cli_run_command = {
    .name = "run",
    .summary = "run the hooks of a virtual machine here, without a cluster",
    .description =
        "Chains the cloud-init data and the libvirt domain XML of a virtual machine, both\n"
        "made as hook-launcher makes them or given, through its hook sidecars, each\n"
        "under sidecar-shim in a bubblewrap sandbox with the mounts of the rendered pod:\n"
        "config maps from the same manifests, host paths of this machine, and this\n"
        "machine's /usr, read-only, as the image. The resulting domain goes to standard\n"
        "output, and a table of what each hook changed to standard error.\n"
        "\n"
        "Exit status: 0 success, 1 wrong input or a hook that is not idempotent, 2 wrong\n"
        "usage, 3 files or processes of this machine failed, 4 a hook failed, 5 a hook\n"
        "took too long, 6 interrupted.",
    .options = CLI_TABLE(rows),
    .options_size = sizeof(struct options),
    .run = run,
};
