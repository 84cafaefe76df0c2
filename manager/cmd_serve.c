#include "manager/cmd_serve.h"

#include <ev.h>
#include <signal.h>

#include "base/unused.h"
#include "manager/plugin_socket.h"
#include "manager/serve.h"
#include "manager/session.h"

static void on_signal(UNUSED struct ev_loop *loop, ev_signal *watcher, UNUSED int events)
{
    struct manager_serve **serve = watcher->data;
    manager_serve_stop(*serve);
}

static void on_done(void *user, struct error *take_error)
{
    struct error **error = user;
    *error = take_error;
    ev_break(ev_default_loop(0), EVBREAK_ALL);
}

/* Serves until a signal, or until the launcher is gone. Returns 0, or -1 with an error. */
static int serve_until_end(
    const struct manager_flags *flags, const struct manager_options *manager, struct error **err)
{
    static const int numbers[] = {SIGHUP, SIGINT, SIGTERM, SIGQUIT};
    const struct manager_serve_options options = {
        .socket = flags->plugin_socket,
        .launcher_socket = flags->launcher_socket,
        .grace_ms = flags->grace_ms,
    };
    ev_signal watchers[ARRAY_SIZE(numbers)];
    struct ev_loop *loop = ev_default_loop(EVFLAG_AUTO);
    struct manager_serve *serve = NULL;
    /* Process 1 of a container never gets a signal that it does not handle, so the handlers come
     * first; the loop reports the signals. */
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        ev_signal_init(&watchers[i], on_signal, numbers[i]);
        watchers[i].data = &serve;
        ev_signal_start(loop, &watchers[i]);
    }
    signal(SIGPIPE, SIG_IGN);
    struct rpc *rpc = rpc_new(loop, err);
    if (rpc != NULL)
        serve = manager_serve_new(loop, rpc, manager, &options, on_done, err, err);
    if (serve == NULL)
        return -1;
    ev_run(loop, 0);
    return *err == NULL ? 0 : -1;
}

static int run(const struct manager_command *command, const struct manager_flags *flags)
{
    struct manager_session session;
    struct manager_options options;
    struct error *error = NULL;
    if (manager_session_read(&session, command->name, flags, &options, &error) == 0) {
        if (!manager_plugin_socket_is_reachable(flags->plugin_socket))
            log_warning("KubeVirt calls only sockets below " MANAGER_PLUGIN_DIRECTORY
                        "/PLUGIN/, and will not call %s",
                flags->plugin_socket);
        serve_until_end(flags, &options, &error);
    }
    return manager_session_end(&session, error);
}

const struct manager_command manager_command_serve = {
    .name = "serve",
    .summary = "Serve KubeVirt's Plugin API with the sidecars",
    .description =
        "Waits for N sidecars, then answers virt-launcher's MutateDomain calls on the plugin\n"
        "socket: each domain is chained through the sidecars as by on-define-domain. The\n"
        "socket exists only while it is served. On SIGTERM, or when virt-launcher has ended,\n"
        "sends Shutdown to the sidecars and exits. See docs/kubevirt-plugin.md.\n",
    .sets = MANAGER_FLAGS_SERVE,
    .run = run,
};
