#include "cli/session.h"

#include <ev.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utlist.h>

#include "base/descendants.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "base/unused.h"

enum { ERROR_TAIL = 2048, TRIAL_TAIL = 512, KILL_GRACE_MS = 2000 };

static const double tick_seconds = 0.1;
static const int end_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/* A sidecar's sandbox. */
struct sidecar {
    struct cli_session *session;
    char *name;
    struct subprocess *process; /* NULL once it has ended */
    struct sidecar *prev, *next;
};

/* A command that is tried. */
struct trial {
    struct cli_session *session;
    const char *what; /* borrowed */
    struct subprocess *process; /* NULL once it has ended */
    char *refusal; /* why it failed; NULL: it did not */
};

/* Processes whose parent is this one. */
struct children {
    pid_t *pids; /* owned */
    size_t count;
};

struct cli_session {
    struct cli_session_options options;
    struct ev_loop *loop;
    struct rpc *rpc;
    struct manager *manager;
    struct sidecar *sidecars;
    struct children strangers; /* children that this process already had */
    ev_timer tick;
    ev_signal signals[ARRAY_SIZE(end_signals)];
    bool collecting; /* the end of a sidecar's process ends the operation */
    bool done; /* with the operation */
    struct error *error; /* of the operation */
    char *output;
    size_t output_length;
};

/* Empty on a kernel without CONFIG_PROC_CHILDREN. */
static struct children list_children(void)
{
    struct children children = {0};
    auto_free char *path = xasprintf("/proc/self/task/%d/children", getpid());
    FILE *list = fopen(path, "re");
    int pid = 0;
    while (list != NULL && fscanf(list, "%d", &pid) == 1) { // NOLINT(cert-err34-c)
        children.pids = xreallocarray(children.pids, children.count + 1, sizeof(*children.pids));
        children.pids[children.count++] = pid;
    }
    if (list != NULL)
        fclose(list);
    return children;
}

static bool is_child(const struct children *children, pid_t pid)
{
    for (size_t i = 0; i < children->count; i++) {
        if (children->pids[i] == pid)
            return true;
    }
    return false;
}

void cli_session_hold_signals(bool hold)
{
    sigset_t signals;
    sigemptyset(&signals);
    for (size_t i = 0; i < ARRAY_SIZE(end_signals); i++)
        sigaddset(&signals, end_signals[i]);
    sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &signals, NULL);
}

static void finish(struct cli_session *session, struct error *take_error)
{
    if (session->error == NULL)
        session->error = take_error;
    else
        error_free(take_error);
    session->done = true;
    ev_break(session->loop, EVBREAK_ALL);
}

static void on_done(void *user, struct error *take_error, const char *output, size_t output_length)
{
    struct cli_session *session = user;
    if (output != NULL) {
        session->output = xstrndup(output, output_length);
        session->output_length = output_length;
    }
    finish(session, take_error);
}

static void on_signal(UNUSED struct ev_loop *loop, ev_signal *watcher, UNUSED int events)
{
    struct error *error = NULL;
    error_set(&error, ERROR_CANCELED, "interrupted by SIG%s", sigabbrev_np(watcher->signum));
    finish(watcher->data, error);
}

static void on_tick(UNUSED struct ev_loop *loop, ev_timer *watcher, UNUSED int events)
{
    const struct cli_session *session = watcher->data;
    session->options.on_tick(session->options.user);
}

static void on_line(void *user, const char *line)
{
    const struct sidecar *sidecar = user;
    const struct cli_session_options *options = &sidecar->session->options;
    if (options->on_line != NULL)
        options->on_line(options->user, sidecar->name, line);
}

static void on_sidecar_end(void *user, struct subprocess_result *result)
{
    struct sidecar *sidecar = user;
    struct cli_session *session = sidecar->session;
    sidecar->process = NULL;
    if (!session->collecting || session->done) {
        ev_break(session->loop, EVBREAK_ALL);
        return;
    }
    auto_free char *end = subprocess_describe(result->wait_status);
    auto_free char *tail =
        text_printable(result->error_tail, strlen(result->error_tail), ERROR_TAIL);
    struct error *error = NULL;
    error_set(&error, ERROR_IO, "%s %s before it was ready%s%s", sidecar->name, end,
        tail[0] != '\0' ? ": " : "", tail);
    finish(session, error);
}

struct cli_session *cli_session_new(const struct cli_session_options *options, struct error **err)
{
    struct cli_session *session = xcalloc(1, sizeof(*session));
    session->options = *options;
    session->loop = ev_default_loop(EVFLAG_AUTO);
    session->rpc = rpc_new(session->loop, err);
    if (session->rpc == NULL) {
        free(session);
        return NULL;
    }
    /* Processes that a sandbox leaves behind become our children, to be killed. */
    session->strangers = list_children();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < ARRAY_SIZE(end_signals); i++) {
        ev_signal_init(&session->signals[i], on_signal, end_signals[i]);
        session->signals[i].data = session;
        ev_signal_start(session->loop, &session->signals[i]);
    }
    ev_timer_init(&session->tick, on_tick, tick_seconds, tick_seconds);
    session->tick.data = session;
    return session;
}

int cli_session_start(
    struct cli_session *session, const char *name, const char *const *command, struct error **err)
{
    struct sidecar *sidecar = xcalloc(1, sizeof(*sidecar));
    sidecar->session = session;
    sidecar->name = xstrdup(name);
    const struct subprocess_options options = {
        .argv = command,
        .error_tail_limit = ERROR_TAIL,
        .kill_grace_ms = KILL_GRACE_MS,
        .on_error_line = on_line,
        .on_done = on_sidecar_end,
        .user = sidecar,
    };
    sidecar->process = subprocess_start(&options, err);
    DL_APPEND(session->sidecars, sidecar);
    return sidecar->process != NULL ? 0 : -1;
}

/* Runs the loop until the current operation is done. */
static int await(struct cli_session *session, char **output, size_t *length, struct error **err)
{
    if (session->options.on_tick != NULL)
        ev_timer_again(session->loop, &session->tick);
    while (!session->done)
        ev_run(session->loop, 0);
    ev_timer_stop(session->loop, &session->tick);
    if (session->manager != NULL)
        manager_cancel(session->manager);
    session->done = false;
    session->collecting = false;
    if (output != NULL) {
        *output = steal(&session->output);
        *length = session->output_length;
    }
    struct error *error = steal(&session->error);
    return error != NULL ? error_move(err, error) : 0;
}

static void on_trial_end(void *user, struct subprocess_result *result)
{
    struct trial *trial = user;
    trial->process = NULL;
    if (result->canceled) {
        ev_break(trial->session->loop, EVBREAK_ALL);
        return;
    }
    auto_free char *end = subprocess_describe(result->wait_status);
    auto_free char *tail =
        text_printable(result->error_tail, strlen(result->error_tail), TRIAL_TAIL);
    if (result->timed_out)
        trial->refusal = xasprintf("%s hangs", trial->what);
    else if (result->wait_status != 0)
        trial->refusal = tail[0] == '\0' ? xasprintf("%s %s", trial->what, end) : steal(&tail);
    finish(trial->session, NULL);
}

int cli_session_try(struct cli_session *session, const char *what, const char *const *command,
    int64_t timeout_ms, char **refusal, struct error **err)
{
    struct trial trial = {.session = session, .what = what};
    const struct subprocess_options options = {
        .argv = command,
        .error_tail_limit = TRIAL_TAIL,
        .timeout_ms = timeout_ms,
        .on_done = on_trial_end,
        .user = &trial,
    };
    auto_error struct error *no_start = NULL;
    trial.process = subprocess_start(&options, &no_start);
    if (trial.process == NULL) {
        *refusal = xstrdup(no_start->message);
        return 0;
    }
    int result = await(session, NULL, NULL, err);
    if (trial.process != NULL)
        subprocess_cancel(trial.process);
    while (trial.process != NULL)
        ev_run(session->loop, 0);
    *refusal = trial.refusal;
    return result;
}

int cli_session_collect(
    struct cli_session *session, const struct manager_options *options, struct error **err)
{
    session->manager = manager_new(session->loop, session->rpc, options);
    session->collecting = true;
    manager_collect(session->manager, on_done, session);
    return await(session, NULL, NULL, err);
}

int cli_session_chain(struct cli_session *session, enum hooks_point hook, struct bytes document,
    const char *vmi, char **output, size_t *output_length, struct error **err)
{
    manager_chain(session->manager, hook, document, bytes_of(vmi), on_done, session);
    return await(session, output, output_length, err);
}

static bool any_runs(const struct cli_session *session)
{
    const struct sidecar *sidecar = NULL;
    DL_FOREACH (session->sidecars, sidecar) {
        if (sidecar->process != NULL)
            return true;
    }
    return false;
}

static bool is_stranger(void *user, pid_t child)
{
    return is_child(user, child);
}

/* Kills and reaps the descendants that this process did not have at the start: those whose sandbox
 * ended before they were tied to it. */
static void end_orphans(struct cli_session *session)
{
    size_t left = 0;
    while ((left = descendants_kill(is_stranger, &session->strangers)) > 0 && left != SIZE_MAX)
        waitpid(-1, NULL, 0);
}

void cli_session_end(struct cli_session *session)
{
    if (session == NULL)
        return;
    struct sidecar *sidecar = NULL;
    struct sidecar *next = NULL;
    session->done = true;
    manager_free(session->manager);
    DL_FOREACH (session->sidecars, sidecar) {
        if (sidecar->process != NULL)
            subprocess_cancel(sidecar->process);
    }
    while (any_runs(session))
        ev_run(session->loop, 0);
    end_orphans(session);
    rpc_free(session->rpc);
    for (size_t i = 0; i < ARRAY_SIZE(session->signals); i++)
        ev_signal_stop(session->loop, &session->signals[i]);
    DL_FOREACH_SAFE (session->sidecars, sidecar, next) {
        free(sidecar->name);
        free(sidecar);
    }
    error_free(session->error);
    free(session->output);
    free(session->strangers.pids);
    free(session);
}
