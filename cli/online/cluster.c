#include "cli/online/cluster.h"

#include <ev.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "cli/online/interrupt.h"
#include "kube/client.h"
#include "kube/config_load.h"
#include "kube/informer.h"

enum { PAGE = 500 }; /* objects that a list asks for at once */

struct cli_cluster {
    struct kube_config *config; /* owned */
    struct kube_client *client; /* owned */
    char *warning; /* the client's last one, or NULL; owned */
    struct cli_online_signals signals; /* what comes between two requests cancels the second */
    bool is_interrupted;
};

static void on_warn(void *user, const char *message)
{
    struct cli_cluster *cluster = user;
    xstrset(&cluster->warning, message);
}

static void on_signal(struct ev_loop *loop, ev_signal *watcher, int events UNUSED)
{
    struct cli_cluster *cluster = watcher->data;
    cluster->is_interrupted = true;
    ev_break(loop, EVBREAK_ALL);
}

struct cli_cluster *cli_cluster_open(
    const char *kubeconfig, const char *context, struct error **err)
{
    const struct kube_config_options options = {.kubeconfig = kubeconfig, .context = context};
    auto_kube_config struct kube_config *config = kube_config_load(&options, err);
    if (config == NULL)
        return NULL;
    struct cli_cluster *cluster = xcalloc(1, sizeof(*cluster));
    cli_online_signals_watch(&cluster->signals, on_signal, cluster);
    const struct kube_client_options client = {
        .user_agent = "hookctl/" HOOKLINE_VERSION,
        .warn = on_warn,
        .user = cluster,
    };
    cluster->config = steal(&config);
    cluster->client = kube_client_new(cluster->config, &client, err);
    if (cluster->client == NULL) {
        cli_cluster_close(cluster);
        return NULL;
    }
    return cluster;
}

void cli_cluster_close(struct cli_cluster *cluster)
{
    if (cluster == NULL)
        return;
    cli_online_signals_end(&cluster->signals);
    kube_client_free(cluster->client);
    kube_config_free(cluster->config);
    free(cluster->warning);
    free(cluster);
}

const char *cli_cluster_namespace(const struct cli_cluster *cluster)
{
    return cluster->config->namespace;
}

/* Runs the loop until a callback breaks it. Returns 0, or -1 with an error when a signal did. */
static int turn(struct cli_cluster *cluster, const char *what, struct error **err)
{
    cluster->is_interrupted = false;
    ev_run(EV_DEFAULT, 0);
    return cluster->is_interrupted ? error_set(err, ERROR_CANCELED, "%s: interrupted", what) : 0;
}

struct call {
    json_t *body; /* owned */
    struct error *error;
    enum kube_reason reason;
};

static enum error_class class_of(enum kube_reason reason)
{
    switch (reason) {
    case KUBE_FORBIDDEN:
        return ERROR_POLICY;
    case KUBE_INVALID:
    case KUBE_BAD_REQUEST:
    case KUBE_ALREADY_EXISTS:
    case KUBE_NOT_FOUND:
        return ERROR_INPUT;
    case KUBE_CANCELED:
        return ERROR_CANCELED;
    default:
        return ERROR_REMOTE;
    }
}

static void on_done(void *user, const struct kube_answer *answer)
{
    struct call *call = user;
    call->body = json_incref(answer->body);
    if (answer->failure != NULL) {
        call->reason = answer->failure->reason;
        error_set(&call->error, class_of(call->reason), "%s", answer->failure->message);
    }
    ev_break(EV_DEFAULT, EVBREAK_ALL);
}

int cli_cluster_call(struct cli_cluster *cluster, const struct kube_request *request,
    json_t **answer, enum kube_reason *reason, struct error **err)
{
    struct call call = {0};
    struct kube_call *started = kube_call_start(cluster->client, request, on_done, &call);
    if (turn(cluster, cluster->config->server, err) < 0) {
        kube_call_cancel(started);
        if (reason != NULL)
            *reason = KUBE_CANCELED;
        return -1;
    }
    if (reason != NULL)
        *reason = call.reason;
    if (call.error != NULL)
        return error_move(err, call.error);
    if (answer != NULL)
        *answer = call.body;
    else
        json_decref(call.body);
    return 0;
}

const struct kube_resource *cli_cluster_resource(enum appliance_kind kind)
{
    static const struct kube_resource resources[APPLIANCE_KINDS] = {
        [APPLIANCE_DATA_SOURCE] = {"cdi.kubevirt.io", "v1beta1", "datasources", "DataSource", true},
        [APPLIANCE_DATA_VOLUME] = {"cdi.kubevirt.io", "v1beta1", "datavolumes", "DataVolume", true},
        [APPLIANCE_CLAIM] = {"", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true},
        [APPLIANCE_SNAPSHOT] = {"snapshot.storage.k8s.io", "v1", "volumesnapshots",
            "VolumeSnapshot", true},
        [APPLIANCE_SECRET] = {"", "v1", "secrets", "Secret", true},
        [APPLIANCE_CONFIG_MAP] = {"", "v1", "configmaps", "ConfigMap", true},
        [APPLIANCE_VM] = {"kubevirt.io", "v1", "virtualmachines", "VirtualMachine", true},
        [APPLIANCE_TEMPLATE] = {"template.kubevirt.io", "v1beta1", "virtualmachinetemplates",
            "VirtualMachineTemplate", true},
        [APPLIANCE_KUBEVIRT] = {"kubevirt.io", "v1", "kubevirts", "KubeVirt", true},
        [APPLIANCE_INSTANCETYPE] = {"instancetype.kubevirt.io", "v1beta1",
            "virtualmachineinstancetypes", "VirtualMachineInstancetype", true},
        [APPLIANCE_CLUSTER_INSTANCETYPE] = {"instancetype.kubevirt.io", "v1beta1",
            "virtualmachineclusterinstancetypes", "VirtualMachineClusterInstancetype", false},
        [APPLIANCE_PREFERENCE] = {"instancetype.kubevirt.io", "v1beta1",
            "virtualmachinepreferences", "VirtualMachinePreference", true},
        [APPLIANCE_CLUSTER_PREFERENCE] = {"instancetype.kubevirt.io", "v1beta1",
            "virtualmachineclusterpreferences", "VirtualMachineClusterPreference", false},
    };
    return &resources[kind];
}

struct wait {
    cli_cluster_look *look;
    void *user;
    int result; /* look's last one */
    struct error *error; /* look's */
    bool timed_out;
};

static void look_at(struct wait *wait, const json_t *object)
{
    if (wait->result == 0)
        wait->result = wait->look(wait->user, object, &wait->error);
    if (wait->result != 0)
        ev_break(EV_DEFAULT, EVBREAK_ALL);
}

static void on_change(
    void *user, const char *key UNUSED, const json_t *before UNUSED, const json_t *after)
{
    look_at(user, after);
}

static void on_timeout(struct ev_loop *loop, ev_timer *timer, int events UNUSED)
{
    struct wait *wait = timer->data;
    wait->timed_out = true;
    ev_break(loop, EVBREAK_ALL);
}

/* Checks that the object may be listed: an informer would try again for ever. Looks at the object,
 * which may be missing. */
static int look_first(struct cli_cluster *cluster, const struct kube_request *request,
    struct wait *wait, struct error **err)
{
    json_t *list = NULL;
    if (cli_cluster_call(cluster, request, &list, NULL, err) < 0)
        return -1;
    json_t *items = json_object_get(list, "items");
    look_at(wait, json_array_get(items, 0));
    json_decref(list);
    return 0;
}

static int wait_watching(struct cli_cluster *cluster, const struct kube_request *request,
    struct wait *wait, int64_t timeout_ms, struct error **err)
{
    ev_timer timer;
    ev_timer_init(&timer, on_timeout, (double)timeout_ms / 1000, 0);
    timer.data = wait;
    ev_now_update(EV_DEFAULT);
    ev_timer_start(EV_DEFAULT, &timer);
    const struct kube_informer_options options = {
        .resource = request->resource,
        .namespace = request->namespace,
        .field_selector = request->field_selector,
        .on_change = on_change,
        .user = wait,
    };
    auto_free char *what =
        kube_request_describe("watch", request->resource, request->namespace, request->name, NULL);
    struct kube_informer *informer = kube_informer_new(cluster->client, &options);
    int result = turn(cluster, what, err);
    kube_informer_free(informer);
    ev_timer_stop(EV_DEFAULT, &timer);
    if (result == 0 && wait->timed_out)
        return error_set(err, ERROR_TIMEOUT, "%s: not done after %.0f s%s%s", what,
            (double)timeout_ms / 1000, cluster->warning != NULL ? "; " : "",
            text_or(cluster->warning, ""));
    return result;
}

int cli_cluster_wait(struct cli_cluster *cluster, const struct kube_resource *resource,
    const char *namespace, const char *name, cli_cluster_look *look, void *user, int64_t timeout_ms,
    struct error **err)
{
    struct wait wait = {.look = look, .user = user};
    auto_free char *selector = xasprintf("metadata.name=%s", name);
    const struct kube_request list = {
        .verb = KUBE_LIST,
        .resource = resource,
        .namespace = namespace,
        .name = name,
        .field_selector = selector,
    };
    xstrset(&cluster->warning, NULL);
    int result = look_first(cluster, &list, &wait, err);
    if (result == 0 && wait.result == 0)
        result = wait_watching(cluster, &list, &wait, timeout_ms, err);
    if (wait.result < 0)
        return error_move(err, wait.error);
    return result;
}

/* A list's items do not say what they are. */
static void take_item(
    struct appliance_objects *objects, const struct kube_resource *resource, json_t *take_item)
{
    auto_free char *version = kube_resource_api_version(resource);
    json_object_set_new(take_item, "apiVersion", json_string(version));
    json_object_set_new(take_item, "kind", json_string(resource->kind));
    appliance_objects_add_read(objects, take_item);
}

/* Takes the items of a page. Returns the token of the next one, owned by the caller, or NULL. */
static char *take_page(
    struct appliance_objects *objects, const struct kube_resource *resource, const json_t *page)
{
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach (json_object_get(page, "items"), index, item) {
        if (json_is_object(item))
            take_item(objects, resource, json_incref(item));
    }
    const char *next = json_get_string(json_object_get(page, "metadata"), "continue");
    return next != NULL && next[0] != '\0' ? xstrdup(next) : NULL;
}

/* Whether a failed read only means that the object is not there for us. */
static bool is_absence(enum kube_reason reason)
{
    return reason == KUBE_NOT_FOUND || reason == KUBE_FORBIDDEN;
}

static int read_list(struct cli_cluster *cluster, struct appliance_objects *objects,
    const struct appliance_wanted *wanted, struct error **err)
{
    auto_free char *next = NULL;
    do {
        const struct kube_request request = {
            .verb = KUBE_LIST,
            .resource = cli_cluster_resource(wanted->kind),
            .namespace = wanted->namespace,
            .limit = PAGE,
            .continue_token = next,
        };
        auto_json json_t *page = NULL;
        enum kube_reason reason = KUBE_OTHER;
        struct error *error = NULL;
        if (cli_cluster_call(cluster, &request, &page, &reason, &error) < 0) {
            if (!is_absence(reason))
                return error_move(err, error);
            error_free(error);
            break;
        }
        free(next);
        next = take_page(objects, request.resource, page);
    } while (next != NULL);
    appliance_objects_add_listed(objects, wanted->kind, wanted->namespace);
    return 0;
}

static int read_object(struct cli_cluster *cluster, struct appliance_objects *objects,
    const struct appliance_wanted *wanted, struct error **err)
{
    const struct kube_resource *resource = cli_cluster_resource(wanted->kind);
    const struct kube_request request = {
        .verb = KUBE_GET,
        .resource = resource,
        .namespace = resource->namespaced ? wanted->namespace : NULL,
        .name = wanted->name,
    };
    json_t *object = NULL;
    enum kube_reason reason = KUBE_OTHER;
    struct error *error = NULL;
    if (cli_cluster_call(cluster, &request, &object, &reason, &error) == 0) {
        take_item(objects, resource, object);
        return 0;
    }
    if (!is_absence(reason))
        return error_move(err, error);
    appliance_objects_add_absent(objects, wanted->kind, wanted->namespace, wanted->name,
        reason == KUBE_FORBIDDEN ? error->message : NULL);
    error_free(error);
    return 0;
}

int cli_cluster_read_wanted(
    struct cli_cluster *cluster, struct appliance_objects *objects, struct error **err)
{
    struct appliance_wanted wanted;
    bool found = false;
    while (appliance_objects_next_want(objects, &wanted)) {
        found = true;
        int result = wanted.name == NULL ? read_list(cluster, objects, &wanted, err)
                                         : read_object(cluster, objects, &wanted, err);
        if (result < 0)
            return -1;
    }
    return found ? 1 : 0;
}
