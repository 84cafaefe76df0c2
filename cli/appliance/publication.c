#include "cli/appliance/publication.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/appliance/findings.h"
#include "cli/appliance/operand.h"
#include "cli/print.h"

/* Splits NS/NAME. */
static int split_operand(
    struct cli_publication *publication, const char *operand, struct error **err)
{
    const char *slash = strchr(operand, '/');
    if (slash == NULL || slash == operand || slash[1] == '\0' || strchr(slash + 1, '/') != NULL)
        return error_set(err, ERROR_USAGE, "%s: must be NAMESPACE/NAME of the DataSource", operand);
    publication->namespace = xstrndup(operand, (size_t)(slash - operand));
    publication->name = xstrdup(slash + 1);
    return cli_appliance_operand_check(publication->namespace, publication->name, err);
}

/* One VM of the files. */
static bool count_vm(void *user, const struct appliance_object *object)
{
    (void)object;
    ++*(size_t *)user;
    return true;
}

/* Only files were looked in: nothing is to be read from the cluster for that. */
static void forget_wants(struct appliance_objects *objects)
{
    struct appliance_wanted wanted;
    while (appliance_objects_next_want(objects, &wanted))
        ;
}

/* The VM to publish; *vm is NULL if the files have none, but the DataSource. */
static int choose_vm(struct cli_publication *publication, const char *asked,
    const struct appliance_object **vm, struct error **err)
{
    struct appliance_objects *objects = &publication->set.objects;
    size_t count = 0;
    *vm = NULL;
    if (publication->set.read != NULL && publication->set.files.count == 0 && asked != NULL) {
        const char *slash = strchr(asked, '/');
        auto_free char *namespace = slash != NULL ? xstrndup(asked, (size_t)(slash - asked))
                                                  : xstrdup(publication->namespace);
        const char *name = slash != NULL ? slash + 1 : asked;
        *vm = appliance_objects_find(objects, APPLIANCE_VM, namespace, name);
        if (*vm == NULL && publication->set.read(publication->set.user, objects, err) < 0)
            return -1;
        *vm = appliance_objects_find(objects, APPLIANCE_VM, namespace, name);
        return *vm != NULL ? 0
                           : error_set(err, ERROR_INPUT, "there is no VirtualMachine %s/%s",
                                 namespace, name);
    }
    if (publication->set.read != NULL && publication->set.files.count == 0)
        return error_set(
            err, ERROR_USAGE, "say which VM: one of the cluster with --vm, or files with -f");
    appliance_objects_each(objects, APPLIANCE_VM, NULL, count_vm, &count);
    bool is_needed = count > 0 || asked != NULL || publication->set.files.count == 0;
    if (is_needed)
        *vm = appliance_objects_choose(objects, APPLIANCE_VM, asked, err);
    forget_wants(objects);
    return is_needed && *vm == NULL ? -1 : 0;
}

static int publish_once(struct cli_publication *publication,
    const struct cli_publish_options *options, const struct appliance_object *vm,
    struct appliance_report *report, struct error **err)
{
    const struct appliance_publish_request request = {
        .namespace = publication->namespace,
        .name = publication->name,
        .source = options->source,
        .instancetype = options->instancetype,
        .preference = options->preference,
        .password = options->password != NULL && streq(options->password, "keep")
                        ? APPLIANCE_PUBLISH_KEEP
                        : APPLIANCE_PUBLISH_PARAMETER,
        .in_cluster = publication->set.read != NULL,
        .fills_owner = options->apply,
    };
    appliance_report_clear(report);
    appliance_publication_clear(&publication->publication);
    appliance_publish(vm, &publication->set.objects, &request, &publication->publication, report);
    return cli_appliance_set_read(&publication->set, err);
}

static int publish(struct cli_publication *publication, const struct cli_publish_options *options,
    struct error **err)
{
    const struct appliance_object *vm = NULL;
    struct appliance_report report = {0};
    int more = 1;
    if (choose_vm(publication, options->vm, &vm, err) < 0)
        return -1;
    while (more > 0)
        more = publish_once(publication, options, vm, &report, err);
    if (more == 0)
        cli_appliance_findings_add(&report, &publication->report);
    appliance_report_clear(&report);
    return more;
}

int cli_publication_make(
    struct cli_publication *publication, const struct cli_arguments *arguments, struct error **err)
{
    if (split_operand(publication, arguments->operand, err) < 0)
        return -1;
    cli_appliance_set_load(&publication->set, arguments, &publication->report);
    return publication->report.unreadable ? 0 : publish(publication, arguments->options, err);
}

int cli_publication_print(const struct cli_publication *publication,
    const struct cli_publish_options *options, struct error **err)
{
    if (publication->publication.data_source == NULL || publication->report.errors > 0)
        return 0;
    auto_json json_t *objects = json_pack("[O]", publication->publication.data_source);
    json_array_extend(objects, publication->publication.owned);
    return cli_print_objects(objects, options->output, err);
}

int cli_publication_end(struct cli_publication *publication, const struct cli_arguments *arguments,
    int result, struct error *take_error)
{
    cli_report_print(&publication->report, stderr, cli_report_colour(STDERR_FILENO));
    return result < 0 ? cli_fail(arguments, take_error)
                      : cli_report_exit_status(&publication->report);
}

void cli_publication_clear(struct cli_publication *publication)
{
    appliance_publication_clear(&publication->publication);
    cli_report_clear(&publication->report);
    cli_appliance_set_clear(&publication->set);
    free(publication->namespace);
    free(publication->name);
}
