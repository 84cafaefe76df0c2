/* The run of hookctl appliance snapshot. */
#include <stdio.h>
#include <stdlib.h>

#include "appliance/operation.h"
#include "appliance/snapshot.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/online/resources.h"
#include "cli/online/runs.h"
#include "cli/online/verb.h"

/* Says what is not going to be in the snapshot. */
static int check_vm(struct cli_verb *verb, struct error **err)
{
    auto_json json_t *vm = NULL;
    if (cli_verb_get(verb, cli_cluster_resource(APPLIANCE_VM), verb->name, &vm, err) < 0)
        return -1;
    if (vm == NULL)
        return error_set(
            err, ERROR_INPUT, "there is no VirtualMachine %s/%s", verb->namespace, verb->name);
    auto_free char *unfit = appliance_snapshot_unfit(vm);
    if (unfit != NULL)
        cli_verb_tell(verb, "warning: these disks are not going to be in the snapshot: %s", unfit);
    return 0;
}

static void report(struct cli_verb *verb, const char *name, const json_t *snapshot)
{
    size_t index;
    json_t *note;
    auto_json json_t *notes = appliance_snapshot_notes(snapshot);
    auto_free char *volumes = appliance_snapshot_included(snapshot);
    json_array_foreach (notes, index, note)
        cli_verb_tell(verb, "warning: %s", json_string_value(note));
    printf("VirtualMachineSnapshot %s/%s is ready to use (volumes: %s)\n", verb->namespace, name,
        volumes);
}

static int make(struct cli_verb *verb, const char *given, struct error **err)
{
    const struct cli_snapshot_options *options = verb->arguments->options;
    auto_json json_t *ready = NULL;
    auto_free char *made_up = appliance_snapshot_name(verb->name, time(NULL));
    const char *name = text_or(given, made_up);
    auto_free char *again =
        xasprintf("hookctl appliance snapshot %s/%s %s", verb->namespace, verb->name, name);
    auto_json json_t *object =
        appliance_snapshot_new(verb->namespace, verb->name, name, options->deadline_ms);
    if (check_vm(verb, err) < 0 ||
        cli_verb_create(verb, &cli_snapshots, object, appliance_operation_same, NULL, err) < 0)
        return -1;
    if (verb->options->dry_run)
        return 0;
    if (!verb->options->wait) {
        printf("VirtualMachineSnapshot %s/%s is being taken\n", verb->namespace, name);
        return 0;
    }
    if (cli_verb_wait(verb, &cli_snapshots, name, appliance_snapshot_look, again, &ready, err) < 0)
        return -1;
    report(verb, name, ready);
    return 0;
}

int cli_online_snapshot(const struct cli_arguments *arguments)
{
    struct cli_verb verb;
    struct error *error = NULL;
    if (cli_verb_open(&verb, arguments, arguments->operand, &error) == 0)
        make(&verb, arguments->operand_count > 1 ? arguments->operands[1] : NULL, &error);
    return cli_verb_close(&verb, error);
}
