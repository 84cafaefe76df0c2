/* hookctl appliance publish from a cluster, and in one. */
#include <stdio.h>

#include "appliance/publish_owned.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/appliance/publication.h"
#include "cli/online/cluster.h"
#include "cli/online/runs.h"
#include "cli/online/set.h"

/* Says what was done, as kubectl does. */
static void say(const struct kube_resource *resource, const char *name, const char *done)
{
    printf("%s%s%s/%s %s\n", resource->plural, resource->group[0] != '\0' ? "." : "",
        resource->group, name, done);
}

/* Applies an object, whole or in part. */
static int apply(struct cli_cluster *cluster, enum appliance_kind kind, json_t *object,
    json_t **answer, struct error **err)
{
    const json_t *metadata = json_object_get(object, "metadata");
    const struct kube_request request = {
        .verb = KUBE_APPLY,
        .resource = cli_cluster_resource(kind),
        .namespace = json_get_string(metadata, "namespace"),
        .name = json_get_string(metadata, "name"),
        .body = object,
        .field_manager = "hookctl",
        .force = true,
    };
    return cli_cluster_call(cluster, &request, answer, NULL, err);
}

/* Whether an object is in the cluster: 1, 0, or -1 with an error. */
static int is_there(
    struct cli_cluster *cluster, enum appliance_kind kind, const json_t *object, struct error **err)
{
    const json_t *metadata = json_object_get(object, "metadata");
    const struct kube_request request = {
        .verb = KUBE_GET,
        .resource = cli_cluster_resource(kind),
        .namespace = json_get_string(metadata, "namespace"),
        .name = json_get_string(metadata, "name"),
    };
    struct error *error = NULL;
    enum kube_reason reason = KUBE_OTHER;
    if (cli_cluster_call(cluster, &request, NULL, &reason, &error) == 0)
        return 1;
    if (reason != KUBE_NOT_FOUND)
        return error_move(err, error);
    error_free(error);
    return 0;
}

/* The kind of an object that a DataSource may own. */
static enum appliance_kind kind_of(const json_t *object)
{
    static const enum appliance_kind kinds[] = {APPLIANCE_CLAIM, APPLIANCE_CONFIG_MAP};
    const char *kind = text_or(json_get_string(object, "kind"), "");
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (streq(kind, appliance_kind_name(kinds[i])))
            return kinds[i];
    }
    return APPLIANCE_SECRET;
}

/* Makes the DataSource the owner of an object: of one that is there, only that is applied. */
static int own(struct cli_cluster *cluster, const json_t *object, const char *name, const char *uid,
    struct error **err)
{
    enum appliance_kind kind = kind_of(object);
    int found = is_there(cluster, kind, object, err);
    if (found < 0)
        return -1;
    auto_json json_t *whole = json_deep_copy(object);
    const json_t *metadata = json_object_get(whole, "metadata");
    json_object_del(json_object_get(whole, "metadata"), "ownerReferences");
    appliance_publish_set_owner(whole, name, uid);
    auto_json json_t *part = json_pack("{s:O, s:O, s:{s:O, s:O, s:O}}", "apiVersion",
        json_object_get(whole, "apiVersion"), "kind", json_object_get(whole, "kind"), "metadata",
        "name", json_object_get(metadata, "name"), "namespace",
        json_object_get(metadata, "namespace"), "ownerReferences",
        json_object_get(metadata, "ownerReferences"));
    if (apply(cluster, kind, found ? part : whole, NULL, err) < 0)
        return -1;
    say(cli_cluster_resource(kind), json_get_string(metadata, "name"),
        found ? "owned" : "created, and owned");
    return 0;
}

static int apply_all(
    const struct cli_publication *publication, struct cli_cluster *cluster, struct error **err)
{
    auto_json json_t *applied = NULL;
    size_t index = 0;
    json_t *object = NULL;
    if (publication->publication.data_source == NULL || publication->report.errors > 0)
        return 0;
    if (apply(cluster, APPLIANCE_DATA_SOURCE, publication->publication.data_source, &applied, err) <
        0)
        return -1;
    say(cli_cluster_resource(APPLIANCE_DATA_SOURCE), publication->name, "applied");
    const char *uid = json_get_string(json_object_get(applied, "metadata"), "uid");
    json_array_foreach (publication->publication.owned, index, object) {
        if (uid == NULL || own(cluster, object, publication->name, uid, err) < 0)
            return uid != NULL ? -1 : error_set(err, ERROR_REMOTE, "the DataSource has got no uid");
    }
    return 0;
}

int cli_online_publish(const struct cli_arguments *arguments)
{
    const struct cli_publish_options *options = arguments->options;
    struct cli_publication publication = {0};
    struct error *error = NULL;
    struct cli_cluster *cluster = cli_online_open(arguments, &error);
    if (cluster == NULL)
        return cli_fail(arguments, error);
    cli_online_set_read_from(&publication.set, cluster);
    int result = cli_publication_make(&publication, arguments, &error);
    if (result == 0)
        result = options->apply ? apply_all(&publication, cluster, &error)
                                : cli_publication_print(&publication, options, &error);
    int status = cli_publication_end(&publication, arguments, result, error);
    cli_publication_clear(&publication);
    cli_cluster_close(cluster);
    return status;
}
