#include "cli/appliance/creation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "appliance/expand.h"
#include "appliance/name.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/appliance/findings.h"
#include "cli/appliance/local.h"
#include "cli/appliance/password.h"
#include "cli/appliance/rbac.h"
#include "cli/appliance/ssh_keys.h"
#include "cli/print.h"

/* The operands: an appliance has a slash in its name, and a VM has not. */
struct names {
    const char *source; /* NULL: the only one */
    const char *vm; /* NULL: one is made */
};

static int take_names(
    const struct cli_arguments *arguments, struct names *names, struct error **err)
{
    for (size_t i = 0; i < arguments->operand_count; i++) {
        const char *name = arguments->operands[i];
        bool is_source = strchr(name, '/') != NULL;
        const char **place = is_source ? &names->source : &names->vm;
        if (*place != NULL)
            return error_set(err, ERROR_USAGE, "%s and %s: there is one %s only", *place, name,
                is_source ? "appliance, NS/NAME" : "name of the VM; an appliance is NS/NAME");
        *place = name;
    }
    if (names->source == NULL && cli_cluster_is_needed(arguments))
        return error_set(
            err, ERROR_USAGE, "which appliance? Give NS/NAME of a DataSource, or files with -f");
    return 0;
}

static int take_secrets(
    struct cli_creation *creation, const struct cli_create_options *options, struct error **err)
{
    if (options->password_file != NULL && options->password != NULL)
        return error_set(err, ERROR_USAGE, "--password %s and --password-file exclude each other",
            options->password);
    if (cli_ssh_keys_add(&creation->ssh_keys, &options->ssh_keys, err) < 0)
        return error_wrap(err, "--ssh-key");
    if (options->password_file == NULL)
        return 0;
    creation->password = cli_password_read(options->password_file, err);
    return creation->password != NULL ? 0 : error_wrap(err, "--password-file");
}

static enum appliance_password password_of(
    const struct cli_creation *creation, const struct cli_create_options *options)
{
    if (creation->password != NULL)
        return APPLIANCE_PASSWORD_GIVEN;
    return streq(text_or(options->password, ""), "keep") ? APPLIANCE_PASSWORD_KEEP
                                                         : APPLIANCE_PASSWORD_GENERATE;
}

/* Completes, again as long as that wants more objects. The findings of the last time go to the
 * report. */
static int complete(
    struct cli_creation *creation, const struct cli_create_options *options, struct error **err)
{
    const struct appliance_request request = {
        .namespace = creation->namespace,
        .name = creation->name,
        .parameters = &options->parameters,
        .instancetype = options->instancetype,
        .preference = options->preference,
        .run_strategy = options->run_strategy,
        .ssh_keys = &creation->ssh_keys,
        .password = password_of(creation, options),
        .given_password = creation->password,
        .repair = options->repair,
    };
    struct appliance_report report = {0};
    int more = 0;
    do {
        appliance_report_clear(&report);
        appliance_completion_clear(&creation->completion);
        appliance_complete(
            creation->source, &creation->set.objects, &request, &creation->completion, &report);
        more = cli_appliance_set_read(&creation->set, err);
    } while (more > 0);
    if (more == 0)
        cli_appliance_findings_add(&report, &creation->report);
    appliance_report_clear(&report);
    return more == 0 && creation->report.errors == 0 ? 0 : -1;
}

/* Completes with a password of the terminal, which is asked for only if it has a place. */
static int complete_asking(
    struct cli_creation *creation, const struct cli_create_options *options, struct error **err)
{
    if (complete(creation, options, err) < 0)
        return -1;
    if (!streq(text_or(options->password, ""), "ask"))
        return 0;
    if (creation->completion.password == NULL)
        return error_set(err, ERROR_INPUT,
            "--password ask: the boilerplate has no password that could be replaced");
    creation->password = cli_password_ask(err);
    if (creation->password == NULL)
        return -1;
    cli_report_clear(&creation->report);
    return complete(creation, options, err);
}

/* What excludes what. */
static int check_options(const struct cli_create_options *options, struct error **err)
{
    if (options->local == NULL && options->sources.count > 0)
        return error_set(err, ERROR_USAGE, "--source needs --local DIR, whose disks it is for");
    if (options->local != NULL && (options->apply || options->expand || options->print_rbac))
        return error_set(err, ERROR_USAGE, "--local and --%s exclude each other",
            options->apply    ? "apply"
            : options->expand ? "expand"
                              : "print-rbac");
    return 0;
}

int cli_creation_make(struct cli_creation *creation, const struct cli_arguments *arguments,
    const char *default_namespace, struct error **err)
{
    const struct cli_create_options *options = arguments->options;
    struct names names = {0};
    if (check_options(options, err) < 0 || take_names(arguments, &names, err) < 0 ||
        take_secrets(creation, options, err) < 0)
        return -1;
    cli_appliance_set_load(&creation->set, arguments, &creation->report);
    if (creation->report.unreadable)
        return -1;
    creation->source = cli_appliance_set_choose(&creation->set, names.source, err);
    if (creation->source == NULL)
        return -1;
    creation->namespace = text_or(options->namespace, default_namespace);
    creation->name = names.vm != NULL ? xstrdup(names.vm)
                                      : appliance_name_generate(
                                            creation->source->name, &(struct appliance_random){0});
    return complete_asking(creation, options, err);
}

/* The VMI that the VM makes, without an identity, which hook-launcher gives it: the same each time.
 * New reference, or NULL with errors in the report. */
static json_t *make_instance(struct cli_creation *creation)
{
    struct machine_expansion expansion = {0};
    struct findings findings = {0};
    const json_t *vm = creation->completion.vm;
    json_t *vmi = appliance_expand(vm, &creation->set.objects.known, NULL, &expansion, &findings);
    cli_appliance_findings_add_vm(vm, &findings, &creation->report);
    findings_clear(&findings);
    machine_expansion_clear(&expansion);
    return vmi;
}

/* The VM, or the VMI that it makes, and the objects that it needs. New reference, or NULL with
 * errors in the report. */
static json_t *all_objects(struct cli_creation *creation, bool expand)
{
    json_t *first = expand ? make_instance(creation) : json_incref(creation->completion.vm);
    if (first == NULL)
        return NULL;
    json_t *all = json_array();
    json_array_append_new(all, first);
    json_array_extend(all, creation->completion.objects);
    return all;
}

static int print_rbac(
    struct cli_creation *creation, const struct cli_create_options *options, struct error **err)
{
    const struct appliance_completion *completion = &creation->completion;
    if (completion->right_count == 0) {
        fputs("No rights are needed: nothing is cloned from another namespace.\n", stderr);
        return 0;
    }
    const struct cli_rbac_for whom = {
        .namespace = creation->namespace,
        .service_account = cli_rbac_service_account(completion->vm),
    };
    auto_json json_t *objects =
        cli_rbac_objects(completion->rights, completion->right_count, &whom);
    return cli_print_objects(objects, options->output, err);
}

static int make_local(
    struct cli_creation *creation, const struct cli_create_options *options, struct error **err)
{
    const struct option_texts *files = &options->cluster.common.filenames;
    const struct appliance_local_request request = {
        .directory = options->local,
        .vm = creation->completion.vm,
        .objects = creation->completion.objects,
        .known = &creation->set.objects.known,
        .sources = &options->sources,
    };
    return cli_appliance_local(
        &request, files->count > 0 ? files->items[0] : NULL, &creation->report, err);
}

int cli_creation_print(
    struct cli_creation *creation, const struct cli_create_options *options, struct error **err)
{
    if (options->print_rbac)
        return print_rbac(creation, options, err);
    if (options->local != NULL)
        return make_local(creation, options, err);
    auto_json json_t *objects = all_objects(creation, options->expand);
    return objects != NULL ? cli_print_objects(objects, options->output, err) : -1;
}

void cli_creation_say_secrets(
    const struct cli_creation *creation, const struct cli_arguments *arguments)
{
    const struct cli_create_options *options = arguments->options;
    const char *password = creation->completion.password;
    const char *key = NULL;
    json_t *value = NULL;
    auto_free char *title = cli_command_title(arguments);
    if (options->print_rbac)
        return; /* no VM was made, and another run makes other ones */
    if (password != NULL)
        fprintf(stderr, "%s: the password of %s is %s; it is not shown again\n", title,
            creation->name, password);
    json_object_foreach (creation->completion.generated, key, value) {
        char *shown = text_printable(
            json_string_value(value), json_string_length(value), json_string_length(value));
        fprintf(stderr, "%s: the parameter %s of %s is %s, which was generated\n", title, key,
            creation->name, shown);
        free_secret(shown, strlen(shown));
    }
}

int cli_creation_end(const struct cli_creation *creation, const struct cli_arguments *arguments,
    int result, struct error *take_error)
{
    cli_report_print(&creation->report, stderr, cli_report_colour(STDERR_FILENO));
    if (take_error != NULL)
        return cli_fail(arguments, take_error);
    int status = cli_report_exit_status(&creation->report);
    return result < 0 && status == 0 ? error_exit_status(ERROR_INTERNAL) : status;
}

void cli_creation_clear(struct cli_creation *creation)
{
    appliance_completion_clear(&creation->completion);
    cli_password_free(creation->password);
    cli_ssh_keys_clear(&creation->ssh_keys);
    free(creation->name);
    cli_report_clear(&creation->report);
    cli_appliance_set_clear(&creation->set);
    *creation = (struct cli_creation){0};
}
