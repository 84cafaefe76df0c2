/* The run of hookctl appliance clone in a cluster. */
#include <stdio.h>

#include "appliance/clone.h"
#include "appliance/snapshot.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/online/resources.h"
#include "cli/online/runs.h"
#include "cli/online/verb.h"

/* Whether there is a VM, and its disks can be cloned. *vm gets a new reference. */
static int check_vm(struct cli_verb *verb, json_t **vm, struct error **err)
{
    if (cli_verb_get(verb, cli_cluster_resource(APPLIANCE_VM), verb->name, vm, err) < 0)
        return -1;
    if (*vm == NULL)
        return error_set(
            err, ERROR_INPUT, "there is no VirtualMachine %s/%s", verb->namespace, verb->name);
    auto_free char *unfit = appliance_snapshot_unfit(*vm);
    if (unfit != NULL)
        return error_set(err, ERROR_POLICY,
            "VirtualMachine %s/%s cannot be cloned, because KubeVirt clones snapshots of disks: %s",
            verb->namespace, verb->name, unfit);
    return 0;
}

/* Whether the name is free. A VM of an earlier run is none that we would make: its clone is found
 * before. */
static int check_free(struct cli_verb *verb, const char *to, struct error **err)
{
    auto_json json_t *other = NULL;
    if (cli_verb_get(verb, cli_cluster_resource(APPLIANCE_VM), to, &other, err) < 0)
        return -1;
    if (other != NULL)
        return error_set(err, ERROR_INPUT,
            "VirtualMachine %s/%s exists already, and is not a clone of %s that this command made",
            verb->namespace, to, verb->name);
    return 0;
}

/* Finds the clone of an earlier run. One that failed is of no further use, and is removed. */
static int find_earlier(
    struct cli_verb *verb, const char *name, json_t **earlier, struct error **err)
{
    if (cli_verb_get(verb, &cli_clones, name, earlier, err) < 0)
        return -1;
    if (*earlier == NULL || !streq(appliance_status_text(*earlier, "phase"), "Failed"))
        return 0;
    cli_verb_tell(verb, "VirtualMachineClone %s/%s of an earlier run failed, and is made again",
        verb->namespace, name);
    cli_verb_remove(verb, &cli_clones, *earlier);
    json_decref(*earlier);
    *earlier = NULL;
    return 0;
}

static int make(struct cli_verb *verb, const char *to, struct error **err)
{
    auto_json json_t *vm = NULL;
    auto_json json_t *earlier = NULL;
    auto_free char *name = appliance_clone_name(verb->name, to);
    const struct appliance_clone clone = {.namespace = verb->namespace, .name = name, .to = to};
    if (check_vm(verb, &vm, err) < 0 || find_earlier(verb, name, &earlier, err) < 0 ||
        (earlier == NULL && check_free(verb, to, err) < 0))
        return -1;
    struct appliance_clone full = clone;
    full.vm = vm;
    auto_json json_t *object = appliance_clone_new(&full);
    if (cli_verb_create(verb, &cli_clones, object, appliance_clone_same, NULL, err) < 0)
        return -1;
    if (verb->options->dry_run || !verb->options->wait)
        return 0;
    if (cli_verb_wait(
            verb, &cli_clones, name, appliance_clone_look, "the same command", NULL, err) < 0)
        return -1;
    printf("VirtualMachine %s/%s is a clone of %s, and stopped: virtctl start %s -n %s\n",
        verb->namespace, to, verb->name, to, verb->namespace);
    return 0;
}

int cli_online_clone(const struct cli_arguments *arguments)
{
    struct cli_verb verb;
    struct error *error = NULL;
    if (cli_verb_open(&verb, arguments, arguments->operand, &error) == 0)
        make(&verb, arguments->operands[1], &error);
    return cli_verb_close(&verb, error);
}
