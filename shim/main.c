/* sidecar-shim: runs plain executables as hooks. */
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/keeper.h"
#include "base/log.h"
#include "base/unused.h"
#include "hooks/protocol.h"
#include "shim/flags.h"
#include "shim/shim.h"

static void print_help(void)
{
    printf("Usage: sidecar-shim --version VERSION [FLAG]...\n"
           "\n"
           "Serves the hooks of a virtual machine on a socket by running the "
           "executables\n" HOOKS_EXECUTABLES("and") " that it finds in $PATH.\n"
                                                    "\n");
    shim_flags_describe(stdout);
    printf("\n"
           "A flag may also be written as --flag=value, or with one dash. See sidecar-shim(1).\n");
}

static void on_signal(UNUSED struct ev_loop *loop, ev_signal *watcher, UNUSED int events)
{
    struct shim **shim = watcher->data;
    const char *name = watcher->signum == SIGHUP    ? "hangup"
                       : watcher->signum == SIGINT  ? "interrupt"
                       : watcher->signum == SIGQUIT ? "quit"
                                                    : "terminated";
    log_info("sidecar-shim received signal: %s", name);
    shim_stop(*shim);
}

/* Makes hooks start faster, if possible. */
static void open_nursery(void)
{
    auto_error struct error *error = NULL;
    if (keeper_open_nursery(&error) < 0)
        log_warning("%s: hooks start more slowly", error->message);
}

static int serve(const struct shim_options *options, struct error **err)
{
    static const int numbers[] = {SIGHUP, SIGINT, SIGTERM, SIGQUIT};
    ev_signal watchers[ARRAY_SIZE(numbers)];
    struct ev_loop *loop = ev_default_loop(EVFLAG_AUTO);
    struct shim *shim = NULL;
    /* Before the socket exists, so that a signal never leaves it behind. */
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        ev_signal_init(&watchers[i], on_signal, numbers[i]);
        watchers[i].data = &shim;
        ev_signal_start(loop, &watchers[i]);
    }
    signal(SIGPIPE, SIG_IGN);
    if (keeper_prepare(err) < 0)
        return -1;
    shim = shim_start(loop, options, err);
    if (shim == NULL)
        return -1;
    open_nursery(); /* now that callers can connect */
    ev_run(loop, 0);
    shim_free(shim);
    return 0;
}

/* Serves, or prints what was asked for. operands are the words that are not flags, up to a NULL.
 * Returns the exit status, with an error when serving failed. */
static int run(const struct shim_flags *flags, char **operands, struct error **err)
{
    const struct shim_options options = {
        .version = flags->version,
        .socket_directory = flags->socket_directory,
        .hook =
            {
                .use_stdin = flags->use_stdin,
                .timeout_ms = flags->timeout_ms,
                .kill_grace_ms = flags->kill_grace_ms,
            },
    };
    if (flags->print == SHIM_PRINT_HELP)
        print_help();
    else if (flags->print == SHIM_PRINT_VERSION)
        printf("sidecar-shim " HOOKLINE_VERSION "\n");
    if (flags->print != SHIM_PRINT_NOTHING)
        return EXIT_SUCCESS;
    if (flags->version == NULL) {
        log_error(
            "--version is missing: give the sidecar args [\"--version\", \"" HOOKS_VERSION_NEWEST
            "\"] (or " HOOKS_VERSIONS_OLDER ")");
        return EXIT_FAILURE; /* like KubeVirt's shim */
    }
    for (; *operands != NULL; operands++)
        log_warning("the argument \"%s\" is ignored", *operands);
    return serve(&options, err) == 0 ? EXIT_SUCCESS : error_exit_status((*err)->class);
}

int main(int argc, char **argv)
{
    auto_error struct error *error = NULL;
    struct shim_flags flags;
    int parsed = shim_flags_parse(argc, argv, &flags, &error);
    log_init("sidecar-shim", flags.log_format, flags.log_level);
    int status =
        parsed == 0 ? run(&flags, argv + flags.operands, &error) : error_exit_status(error->class);
    if (error != NULL)
        log_error("%s", error->message);
    shim_flags_clear(&flags);
    return status;
}
