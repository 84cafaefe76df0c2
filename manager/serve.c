#include "manager/serve.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/unused.h"
#include "manager/flags.h"
#include "manager/launcher_watch.h"
#include "manager/mutation.h"
#include "manager/order.h"
#include "manager/plugin_socket.h"

struct manager_serve {
    struct ev_loop *loop;
    struct rpc *rpc;
    struct manager_options manager_options;
    struct manager_serve_options options;
    struct manager *manager;
    struct manager_launcher_watch *watch; /* or NULL */
    struct manager_mutations *mutations; /* NULL until all is collected */
    struct rpc_server *server; /* NULL until all is collected */
    bool stopping;
    manager_serve_done *done;
    void *user;
};

static void on_launcher_gone(void *user)
{
    struct manager_serve *serve = user;
    log_info("the launcher is gone");
    manager_serve_stop(serve);
}

/* KubeVirt's Plugin API has no hook for cloud-init. */
static void warn_of_cloud_init(const struct manager *manager)
{
    size_t count = 0;
    auto_free const struct manager_sidecar **order =
        manager_order(manager, HOOKS_PRE_CLOUD_INIT_ISO, &count);
    for (size_t i = 0; i < count; i++)
        log_write(LOG_WARNING, json_pack("{s:s}", "sidecar", order[i]->name),
            "sidecar %s announces %s, but KubeVirt's Plugin API has no hook for it: "
            "its changes to cloud-init data are not made",
            order[i]->name, hooks_point_name(HOOKS_PRE_CLOUD_INIT_ISO));
}

/* How long a chain may take, in seconds: the least timeout that the Plugin must have. */
static int chain_seconds(const struct manager *manager)
{
    size_t count = 0;
    int seconds = 0;
    auto_free const struct manager_sidecar **order =
        manager_order(manager, HOOKS_ON_DEFINE_DOMAIN, &count);
    for (size_t i = 0; i < count; i++)
        seconds += order[i]->timeout_seconds;
    return seconds;
}

static int start_server(struct manager_serve *serve, struct error **err)
{
    const char *path = serve->options.socket;
    int listen_fd = manager_plugin_socket_listen(path, err);
    if (listen_fd < 0)
        return -1;
    serve->mutations = manager_mutations_new(serve->manager);
    const struct rpc_service service = manager_mutations_service(serve->mutations);
    serve->server = rpc_server_new(serve->rpc, listen_fd, &service, 1, err);
    if (serve->server == NULL) {
        unlink(path);
        return -1;
    }
    log_write(LOG_INFO,
        json_pack("{s:s, s:i}", "socket", path, "chainSeconds", chain_seconds(serve->manager)),
        "serving MutateDomain");
    return 0;
}

static void on_collected(
    void *user, struct error *take_error, UNUSED const char *output, UNUSED size_t length)
{
    struct manager_serve *serve = user;
    struct error *error = take_error;
    if (error == NULL) {
        warn_of_cloud_init(serve->manager);
        start_server(serve, &error);
    }
    if (error != NULL)
        serve->done(serve->user, error);
}

struct manager_serve *manager_serve_new(struct ev_loop *loop, struct rpc *rpc,
    const struct manager_options *manager, const struct manager_serve_options *options,
    manager_serve_done *done, void *user, struct error **err)
{
    if (manager_plugin_socket_clear(options->socket, err) < 0)
        return NULL;
    struct manager_serve *serve = xmalloc(sizeof(*serve));
    *serve = (struct manager_serve){
        .loop = loop,
        .rpc = rpc,
        .manager_options = *manager,
        .options = *options,
        .manager = manager_new(loop, rpc, manager),
        .done = done,
        .user = user,
    };
    manager_collect(serve->manager, on_collected, serve);
    if (options->launcher_socket != NULL)
        serve->watch =
            manager_launcher_watch_new(loop, options->launcher_socket, on_launcher_gone, serve);
    return serve;
}

static void on_shutdown(
    void *user, struct error *take_error, UNUSED const char *output, UNUSED size_t length)
{
    struct manager_serve *serve = user;
    auto_error struct error *error = take_error;
    if (error != NULL)
        log_warning("%s", error->message);
    serve->done(serve->user, NULL);
}

static void send_shutdown(struct manager_serve *serve)
{
    log_info("sending Shutdown to the sidecars");
    manager_shutdown(serve->manager, on_shutdown, serve);
}

static void on_server_stopped(void *user)
{
    send_shutdown(user);
}

static void on_present_collected(
    void *user, struct error *take_error, UNUSED const char *output, UNUSED size_t length)
{
    auto_error struct error *error = take_error;
    if (error != NULL)
        log_warning("%s", error->message);
    send_shutdown(user);
}

/* Replaces the manager that waits for all sidecars by one that takes those that listen now. */
static void collect_present(struct manager_serve *serve)
{
    manager_free(serve->manager);
    serve->manager_options.present_only = true;
    serve->manager_options.timeout_ms = MANAGER_PRESENT_TIMEOUT_MS;
    serve->manager = manager_new(serve->loop, serve->rpc, &serve->manager_options);
    manager_collect(serve->manager, on_present_collected, serve);
}

void manager_serve_stop(struct manager_serve *serve)
{
    if (serve->stopping)
        return;
    serve->stopping = true;
    log_info("stopping");
    if (serve->server == NULL) {
        collect_present(serve);
        return;
    }
    unlink(serve->options.socket);
    manager_mutations_close(serve->mutations);
    rpc_server_stop(serve->server, serve->options.grace_ms, on_server_stopped, serve);
}

void manager_serve_free(struct manager_serve *serve)
{
    if (serve == NULL)
        return;
    if (serve->server != NULL && !serve->stopping)
        unlink(serve->options.socket);
    manager_launcher_watch_free(serve->watch);
    if (serve->mutations != NULL)
        manager_mutations_close(serve->mutations); /* otherwise the end of one starts the next */
    rpc_server_free(serve->server);
    manager_mutations_free(serve->mutations);
    manager_free(serve->manager);
    free(serve);
}
