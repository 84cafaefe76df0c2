/* hookctl appliance create from a cluster, and in one. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/yaml_dump.h"
#include "cli/appliance/creation.h"
#include "cli/online/apply.h"
#include "cli/online/rights.h"
#include "cli/online/runs.h"
#include "cli/online/set.h"

/* Writes the roles to standard error. */
static void show_roles(const json_t *roles)
{
    size_t index = 0;
    const json_t *role = NULL;
    json_array_foreach (roles, index, role) {
        auto_free char *text = yaml_dump(role, NULL);
        fprintf(stderr, "%s%s", index > 0 ? "---\n" : "", text);
    }
}

/* Creates the objects. */
static int apply(struct cli_creation *creation, struct cli_cluster *cluster, struct error **err)
{
    const struct appliance_completion *completion = &creation->completion;
    auto_json json_t *roles = NULL;
    auto_free char *who = NULL;
    auto_free char *from = xasprintf("%s/%s", creation->source->namespace, creation->source->name);
    int lacking = cli_rights_check(cluster, completion, creation->namespace, &roles, &who, err);
    if (lacking < 0)
        return -1;
    if (lacking == 0)
        return cli_apply(cluster, completion, from, err);
    show_roles(roles);
    return error_set(err, ERROR_POLICY,
        "%s may not clone its disks (create datavolumes/source): these roles allow it", who);
}

static int create_in(struct cli_creation *creation, const struct cli_arguments *arguments,
    struct cli_cluster *cluster, struct error **err)
{
    const struct cli_create_options *options = arguments->options;
    if (cli_cluster_is_needed(arguments))
        cli_online_set_read_from(&creation->set, cluster);
    if (cli_creation_make(creation, arguments, cli_cluster_namespace(cluster), err) < 0)
        return -1;
    return options->apply && !options->print_rbac ? apply(creation, cluster, err)
                                                  : cli_creation_print(creation, options, err);
}

int cli_online_create(const struct cli_arguments *arguments)
{
    struct cli_creation creation = {0};
    struct error *error = NULL;
    struct cli_cluster *cluster = cli_online_open(arguments, &error);
    if (cluster == NULL)
        return cli_fail(arguments, error);
    int result = create_in(&creation, arguments, cluster, &error);
    int status = cli_creation_end(&creation, arguments, result, error);
    if (status == 0)
        cli_creation_say_secrets(&creation, arguments);
    cli_creation_clear(&creation);
    cli_cluster_close(cluster);
    return status;
}
