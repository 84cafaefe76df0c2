/* The run of hookctl appliance restore. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "appliance/restore.h"
#include "appliance/snapshot.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/online/resources.h"
#include "cli/online/runs.h"
#include "cli/online/verb.h"

enum { MAX_SEEN = 500 }; /* restores among which an earlier run's is looked for */

/* Finds a restore of the same snapshot to the same VM that has not ended. Returns 0 with *name, owned
 * by the caller, NULL if there is none; or -1 with an error. */
static int find_earlier(
    struct cli_verb *verb, const char *snapshot, char **name, struct error **err)
{
    const struct kube_request request = {
        .verb = KUBE_LIST,
        .resource = &cli_restores,
        .namespace = verb->namespace,
        .limit = MAX_SEEN,
    };
    size_t index;
    json_t *restore;
    auto_json json_t *list = NULL;
    if (cli_cluster_call(verb->cluster, &request, &list, NULL, err) < 0)
        return -1;
    json_array_foreach (json_object_get(list, "items"), index, restore) {
        if (*name == NULL && appliance_restore_is_under_way(restore, verb->name, snapshot))
            *name = xstrdup(kube_name(restore));
    }
    return 0;
}

/* Makes a restore. Returns 0 with *name, owned by the caller, or -1 with an error. */
static int create(struct cli_verb *verb, const char *snapshot, char **name, struct error **err)
{
    const struct cli_restore_options *options = verb->arguments->options;
    auto_json json_t *object = NULL;
    auto_json json_t *source = NULL;
    auto_json json_t *vm = NULL;
    if (cli_verb_get(verb, &cli_snapshots, snapshot, &source, err) < 0 ||
        cli_verb_get(verb, cli_cluster_resource(APPLIANCE_VM), verb->name, &vm, err) < 0)
        return -1;
    if (source == NULL)
        return error_set(err, ERROR_INPUT, "there is no VirtualMachineSnapshot %s/%s",
            verb->namespace, snapshot);
    if (appliance_restore_check(source, verb->name, vm, options->stop, err) < 0)
        return -1;
    *name = appliance_snapshot_name(verb->name, time(NULL));
    object = appliance_restore_new(verb->namespace, verb->name, snapshot, *name, options->stop);
    return cli_verb_create(verb, &cli_restores, object, NULL, NULL, err) < 0 ? -1 : 0;
}

static int make(struct cli_verb *verb, const char *snapshot, struct error **err)
{
    auto_free char *name = NULL;
    if (find_earlier(verb, snapshot, &name, err) < 0)
        return -1;
    if (name != NULL)
        cli_verb_tell(
            verb, "VirtualMachineRestore %s/%s is under way already", verb->namespace, name);
    else if (create(verb, snapshot, &name, err) < 0)
        return -1;
    if (verb->options->dry_run || !verb->options->wait)
        return 0;
    if (cli_verb_wait(
            verb, &cli_restores, name, appliance_restore_look, "the same command", NULL, err) < 0)
        return -1;
    printf("VirtualMachine %s/%s is restored to %s, and stopped: virtctl start %s -n %s\n",
        verb->namespace, verb->name, snapshot, verb->name, verb->namespace);
    return 0;
}

int cli_online_restore(const struct cli_arguments *arguments)
{
    struct cli_verb verb;
    struct error *error = NULL;
    if (cli_verb_open(&verb, arguments, arguments->operand, &error) == 0)
        make(&verb, arguments->operands[1], &error);
    return cli_verb_close(&verb, error);
}
