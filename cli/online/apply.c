#include "cli/online/apply.h"

#include <stdio.h>

#include "appliance/source.h"
#include "base/json.h"
#include "base/text.h"

/* The resource of an object that an appliance needs, or NULL. */
static const struct kube_resource *resource_of(const json_t *object)
{
    static const enum appliance_kind kinds[] = {APPLIANCE_SECRET, APPLIANCE_CONFIG_MAP,
        APPLIANCE_CLAIM, APPLIANCE_DATA_VOLUME, APPLIANCE_VM};
    const char *kind = text_or(json_get_string(object, "kind"), "");
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (streq(kind, appliance_kind_name(kinds[i])))
            return cli_cluster_resource(kinds[i]);
    }
    return NULL;
}

static int create(
    struct cli_cluster *cluster, json_t *object, bool dry_run, json_t **made, struct error **err)
{
    const struct kube_resource *resource = resource_of(object);
    if (resource == NULL)
        return error_set(err, ERROR_INTERNAL, "objects of kind %s are not created",
            text_or(json_get_string(object, "kind"), ""));
    const struct kube_request request = {
        .verb = KUBE_CREATE,
        .resource = resource,
        .namespace = kube_namespace(object),
        .body = object,
        .field_manager = "hookctl",
        .dry_run = dry_run,
    };
    return cli_cluster_call(cluster, &request, made, NULL, err);
}

/* The DataSource that a VM came from, or NULL. */
static const char *origin_of(const json_t *vm)
{
    const json_t *annotations = json_pointer_get(vm, "/metadata/annotations");
    const char *from = json_get_string(annotations, APPLIANCE_PREFIX "from");
    return from != NULL ? from : json_get_string(annotations, APPLIANCE_OTHER_PREFIX "from");
}

/* Whether there is no such VM yet: 0, or -1 with an error. */
static int check_name(
    struct cli_cluster *cluster, const json_t *vm, const char *from, struct error **err)
{
    const struct kube_request request = {
        .verb = KUBE_GET,
        .resource = cli_cluster_resource(APPLIANCE_VM),
        .namespace = kube_namespace(vm),
        .name = kube_name(vm),
    };
    auto_json json_t *there = NULL;
    enum kube_reason reason = KUBE_OTHER;
    struct error *error = NULL;
    if (cli_cluster_call(cluster, &request, &there, &reason, &error) < 0) {
        if (reason != KUBE_NOT_FOUND && reason != KUBE_FORBIDDEN)
            return error_move(err, error);
        error_free(error);
        return 0;
    }
    const char *origin = origin_of(there);
    if (origin == NULL)
        return error_set(err, ERROR_INPUT, "there is a VirtualMachine %s/%s, not from an appliance",
            request.namespace, request.name);
    return error_set(err, ERROR_INPUT, "there is a VirtualMachine %s/%s, from %s, %s",
        request.namespace, request.name,
        streq(origin, from) ? "the same appliance" : "another appliance", origin);
}

static int try_all(
    struct cli_cluster *cluster, const struct appliance_completion *completion, struct error **err)
{
    size_t index = 0;
    json_t *object = NULL;
    if (create(cluster, completion->vm, true, NULL, err) < 0)
        return -1;
    json_array_foreach (completion->objects, index, object) {
        if (create(cluster, object, true, NULL, err) < 0)
            return -1;
    }
    return 0;
}

/* Says what was made, as kubectl does. */
static void say(const json_t *made)
{
    const struct kube_resource *resource = resource_of(made);
    printf("%s%s%s/%s created\n", resource->plural, resource->group[0] != '\0' ? "." : "",
        resource->group, kube_name(made));
}

/* Creates an object that the VM owns. */
static int create_owned(
    struct cli_cluster *cluster, const json_t *object, const json_t *vm, struct error **err)
{
    auto_json json_t *owned = json_deep_copy(object);
    json_object_set_new(json_object_get(owned, "metadata"), "ownerReferences",
        json_pack("[{s:s, s:s, s:s, s:s}]", "apiVersion", "kubevirt.io/v1", "kind",
            "VirtualMachine", "name", kube_name(vm), "uid", kube_uid(vm)));
    if (create(cluster, owned, false, NULL, err) < 0)
        return -1;
    say(owned);
    return 0;
}

/* Deletes the VM that was made, which frees what it owns, and adds to the error that it did. */
static int take_back(struct cli_cluster *cluster, const json_t *vm, struct error **err)
{
    const struct kube_request request = {
        .verb = KUBE_DELETE,
        .resource = cli_cluster_resource(APPLIANCE_VM),
        .namespace = kube_namespace(vm),
        .name = kube_name(vm),
        .precondition_uid = kube_uid(vm),
    };
    struct error *error = NULL;
    if (cli_cluster_call(cluster, &request, NULL, NULL, &error) == 0)
        return error_wrap(err, "the VirtualMachine %s was deleted again", kube_name(vm));
    error_wrap(err, "the VirtualMachine %s was created, and could not be deleted again (%s)",
        kube_name(vm), error->message);
    error_free(error);
    return -1;
}

int cli_apply(struct cli_cluster *cluster, const struct appliance_completion *completion,
    const char *from, struct error **err)
{
    auto_json json_t *vm = NULL;
    if (check_name(cluster, completion->vm, from, err) < 0 ||
        try_all(cluster, completion, err) < 0 ||
        create(cluster, completion->vm, false, &vm, err) < 0)
        return -1;
    say(vm);
    size_t index = 0;
    const json_t *object = NULL;
    json_array_foreach (completion->objects, index, object) {
        if (create_owned(cluster, object, vm, err) < 0)
            return take_back(cluster, vm, err);
    }
    return 0;
}
