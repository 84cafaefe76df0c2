#include "shim/shim.h"

#include <stdlib.h>
#include <unistd.h>
#include <utlist.h>

#include "base/log.h"
#include "base/text.h"
#include "base/unused.h"
#include "proto/info.pb-c.h"
#include "rpc/server.h"
#include "shim/socket.h"

enum {
    DEFAULT_TIMEOUT_MS = 60 * 1000, /* what KubeVirt's launcher gives a call */
    MAX_CALLS = 16, /* hooks running at the same time */
    ANSWER_GRACE_MS = 1000, /* for the last answers, when no hook runs any longer */
};

/* A request whose hook is running. */
struct call {
    struct call *prev;
    struct call *next;
    struct shim *shim;
    struct rpc_request *request;
    const ProtobufCMethodDescriptor *method;
    const struct hooks_point_row *hook;
    struct shim_hook_call *running;
};

/* Processes that a hook has left running, such as virtiofsd. They end with the shim. */
struct daemon {
    struct daemon *prev;
    struct daemon *next;
    struct shim *shim;
    const struct hooks_point_row *hook;
    struct keeper *keeper;
};

struct shim {
    struct ev_loop *loop;
    const struct shim_options *options;
    char *socket; /* path */
    struct rpc *rpc;
    struct rpc_server *server;
    struct call *calls;
    size_t call_count;
    struct daemon *daemons;
    bool stopping;
    bool server_stopped;
};

/* Whether to announce a hook point: its executable must exist or, if it needs none, the protocol
 * version must have it. */
static bool is_announced(const struct shim *shim, enum hooks_point point)
{
    const char *executable = hooks_points[point].executable;
    if (executable == NULL)
        return hooks_point_is_in(point, shim->options->version);
    auto_free char *path = subprocess_find(executable, NULL);
    if (path != NULL)
        return true;
    auto_free char *closed = subprocess_find_unexecutable(executable, NULL);
    if (closed != NULL)
        log_warning("Info: %s is there, but not executable: chmod +x", closed);
    else
        log_info("Info: %s has not been found", executable);
    return false;
}

static void info(struct rpc_request *request, UNUSED const ProtobufCMethodDescriptor *method,
    UNUSED const ProtobufCMessage *message, void *user)
{
    const struct shim *shim = user;
    log_info("Info method has been called");
    Kubevirt__Hooks__Info__HookPoint points[HOOKS_POINTS];
    Kubevirt__Hooks__Info__HookPoint *list[HOOKS_POINTS];
    size_t count = 0;
    for (enum hooks_point i = 0; i < HOOKS_POINTS; i++) {
        if (!is_announced(shim, i))
            continue;
        kubevirt__hooks__info__hook_point__init(&points[count]);
        points[count].name = (char *)hooks_points[i].name;
        list[count] = &points[count];
        count++;
    }
    Kubevirt__Hooks__Info__InfoResult result = KUBEVIRT__HOOKS__INFO__INFO_RESULT__INIT;
    result.name = (char *)"shim";
    result.n_hookpoints = count;
    result.hookpoints = list;
    result.n_versions = 1;
    result.versions = (char *[]){(char *)shim->options->version};
    rpc_request_reply(request, &result.base);
}

/* Answers with a message that has the field, if not NULL. */
static void reply(struct rpc_request *request, const ProtobufCMethodDescriptor *method,
    const struct hooks_field *field)
{
    auto_free ProtobufCMessage *result =
        hooks_message_new(method->output, field, field != NULL ? 1 : 0);
    rpc_request_reply(request, result);
}

static enum rpc_code code_of(const struct error *error)
{
    switch (error->class) {
    case ERROR_INPUT:
        return RPC_INVALID_ARGUMENT;
    case ERROR_IO:
        return RPC_FAILED_PRECONDITION;
    case ERROR_TIMEOUT:
        return RPC_DEADLINE_EXCEEDED;
    case ERROR_CANCELED:
        return RPC_CANCELLED;
    default:
        return RPC_UNKNOWN; /* as a Go server does for any error */
    }
}

static void fail(struct rpc_request *request, const struct hooks_point_row *hook,
    enum rpc_code code, const char *reason)
{
    log_write(LOG_ERROR, json_pack("{s:s}", "reason", reason), "Failed %s", hook->name);
    rpc_request_fail(request, code, reason);
}

static void leave_when_over(struct shim *shim)
{
    if (shim->server_stopped && shim->calls == NULL && shim->daemons == NULL)
        ev_break(shim->loop, EVBREAK_ALL);
}

static void on_hook_line(void *user, const char *line)
{
    const struct call *call = user;
    log_write(LOG_INFO, json_pack("{s:s}", "hook", call->hook->executable), "%s", line);
}

static void warn_stuck(const struct hooks_point_row *hook)
{
    log_error("processes that %s started cannot be killed, and are left", hook->executable);
}

static void on_daemon_gone(void *user, enum keeper_end end)
{
    struct daemon *daemon = user;
    struct shim *shim = daemon->shim;
    if (end == KEEPER_STUCK)
        warn_stuck(daemon->hook);
    DL_DELETE(shim->daemons, daemon);
    free(daemon);
    leave_when_over(shim);
}

/* Lets what a hook has left live until the shim ends. */
static void keep_daemon(
    struct shim *shim, const struct hooks_point_row *hook, struct keeper *take_keeper)
{
    struct daemon *daemon = xmalloc(sizeof(*daemon));
    *daemon = (struct daemon){.shim = shim, .hook = hook, .keeper = take_keeper};
    DL_APPEND(shim->daemons, daemon);
    keeper_stay(take_keeper, on_daemon_gone, daemon);
    if (shim->stopping)
        keeper_end_all(take_keeper);
}

static void on_hook_done(void *user, struct shim_hook_result *result)
{
    struct call *call = user;
    struct shim *shim = call->shim;
    if (result->output_held)
        log_warning(
            "%s left a process behind that held its outputs open: killed", call->hook->executable);
    if (result->is_stuck)
        warn_stuck(call->hook);
    if (result->left != NULL)
        keep_daemon(shim, call->hook, steal(&result->left));
    if (result->error != NULL)
        fail(call->request, call->hook, code_of(result->error), result->error->message);
    else
        reply(call->request, call->method,
            &(struct hooks_field){call->hook->field, {result->output, result->output_length}});
    DL_DELETE(shim->calls, call);
    shim->call_count--;
    free(call);
    leave_when_over(shim);
}

static void on_caller_gone(void *user)
{
    const struct call *call = user;
    log_info("%s is canceled: the caller no longer waits", call->hook->name);
    shim_hook_cancel(call->running);
}

/* Starts a hook for a request. Returns 0, or -1 with an error. */
static int start_hook(struct shim *shim, struct rpc_request *request,
    const ProtobufCMethodDescriptor *method, const struct hooks_point_row *hook,
    const ProtobufCMessage *message, struct error **err)
{
    struct shim_hook_options options = shim->options->hook;
    if (options.timeout_ms == 0 && rpc_request_time_left(request) == INT64_MAX)
        options.timeout_ms = DEFAULT_TIMEOUT_MS;
    struct call *call = xmalloc(sizeof(*call));
    *call = (struct call){
        .shim = shim,
        .request = request,
        .method = method,
        .hook = hook,
    };
    call->running = shim_hook_start(hook, &options, hooks_message_field(message, HOOKS_VMI_FIELD),
        hooks_message_field(message, hook->field), on_hook_line, on_hook_done, call, err);
    if (call->running == NULL) {
        free(call);
        return -1;
    }
    log_info("Executing %s", hook->executable);
    DL_APPEND(shim->calls, call);
    shim->call_count++;
    rpc_request_on_cancel(request, on_caller_gone, call);
    return 0;
}

static void callback(struct rpc_request *request, const ProtobufCMethodDescriptor *method,
    const ProtobufCMessage *message, void *user)
{
    struct shim *shim = user;
    enum hooks_point point = hooks_point_find(method->name);
    const struct hooks_point_row *hook = &hooks_points[point];
    if (point == HOOKS_SHUTDOWN) {
        log_info("Hook's Shutdown callback method has been called");
        reply(request, method, NULL);
        log_info("Exiting");
        shim_stop(shim);
        return;
    }
    log_info("%s method has been called", hook->name);
    auto_error struct error *error = NULL;
    if (shim->stopping) {
        fail(request, hook, RPC_UNAVAILABLE, "sidecar-shim is shutting down");
    } else if (shim->call_count == MAX_CALLS) {
        auto_free char *reason = xasprintf("%d hooks, the maximum, are already running", MAX_CALLS);
        fail(request, hook, RPC_RESOURCE_EXHAUSTED, reason);
    } else if (start_hook(shim, request, method, hook, message, &error) < 0) {
        fail(request, hook, code_of(error), error->message);
    }
}

struct shim *shim_start(
    struct ev_loop *loop, const struct shim_options *options, struct error **err)
{
    struct shim *shim = xcalloc(1, sizeof(*shim));
    shim->loop = loop;
    shim->options = options;
    struct rpc_service services[1 + HOOKS_VERSIONS] = {
        {&kubevirt__hooks__info__info__descriptor, info, shim}};
    for (enum hooks_version i = 0; i < HOOKS_VERSIONS; i++)
        services[1 + i] = (struct rpc_service){hooks_version_service(i), callback, shim};
    /* The socket first: callers may connect while gRPC starts. */
    auto_fd int listen_fd = shim_socket_open(options->socket_directory, &shim->socket, err);
    rpc_tune_memory();
    if (listen_fd >= 0)
        shim->rpc = rpc_new(loop, err);
    if (shim->rpc != NULL)
        shim->server =
            rpc_server_new(shim->rpc, steal_fd(&listen_fd), services, ARRAY_SIZE(services), err);
    if (shim->server == NULL) {
        if (shim->socket != NULL)
            unlink(shim->socket);
        shim_free(shim);
        return NULL;
    }
    log_info("shim is now exposing its services on socket %s", shim->socket);
    return shim;
}

static void on_server_stopped(void *user)
{
    struct shim *shim = user;
    shim->server_stopped = true;
    leave_when_over(shim);
}

void shim_stop(struct shim *shim)
{
    if (shim->stopping)
        return;
    shim->stopping = true;
    unlink(shim->socket);
    struct call *call = NULL;
    DL_FOREACH (shim->calls, call) {
        shim_hook_cancel(call->running);
    }
    struct daemon *daemon = NULL;
    DL_FOREACH (shim->daemons, daemon) {
        keeper_end_all(daemon->keeper);
    }
    rpc_server_stop(
        shim->server, shim->options->hook.kill_grace_ms + ANSWER_GRACE_MS, on_server_stopped, shim);
}

void shim_free(struct shim *shim)
{
    if (shim == NULL)
        return;
    rpc_server_free(shim->server);
    rpc_free(shim->rpc);
    free(shim->socket);
    free(shim);
}
