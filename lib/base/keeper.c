#include "base/keeper.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/descendants.h"
#include "base/keep.h"
#include "base/memory.h"
#include "base/unused.h"

enum {
    START_LIMIT_MS = 10000, /* for fork and exec, which the loop waits for */
    OVERDUE_MS = 2000, /* beyond the time after which a keeper has given up, or reported */
    SWEEP_MS = 20, /* between rounds of killing a lost keeper's orphans */
    DISCARD_ROUNDS = 50, /* of such rounds, which the loop waits for */
};

struct keeper {
    struct keeper *prev;
    struct keeper *next;
    struct ev_loop *loop;
    ev_io control; /* fd is -1 when the keeper's process is gone */
    ev_timer timer; /* the keeper is overdue; or the next round of a sweep */
    pid_t pid;
    int pidfd; /* -1 before Linux 5.3 */
    int64_t kill_grace_ms;
    int64_t sweeps_left;
    keeper_on_exit *on_exit;
    keeper_on_gone *on_gone;
    void *user;
};

/* The keepers whose processes live: like the children of a process, they are the whole program's.
 * They belong to the thread of the loop, as does the flag. */
static struct keeper *keepers;
static bool adopts_orphans;

int keeper_adopt_orphans(struct error **err)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return error_set_errno(err, "becoming a child subreaper");
    adopts_orphans = true;
    return 0;
}

static void timer_set(struct keeper *keeper, int64_t milliseconds)
{
    ev_timer_stop(keeper->loop, &keeper->timer);
    ev_now_update(keeper->loop);
    ev_timer_set(&keeper->timer, (double)milliseconds / 1000, 0);
    ev_timer_start(keeper->loop, &keeper->timer);
}

/* Stops watching the keeper's process. */
static void disconnect(struct keeper *keeper)
{
    if (keeper->control.fd < 0)
        return;
    ev_io_stop(keeper->loop, &keeper->control);
    close(keeper->control.fd);
    keeper->control.fd = -1;
    if (keeper->pidfd >= 0)
        close(keeper->pidfd);
    DL_DELETE(keepers, keeper);
}

static void keeper_free(struct keeper *keeper)
{
    disconnect(keeper);
    ev_timer_stop(keeper->loop, &keeper->timer);
    free(keeper);
}

static void gone(struct keeper *keeper, enum keeper_end end)
{
    disconnect(keeper);
    ev_timer_stop(keeper->loop, &keeper->timer);
    keeper->on_gone(keeper->user, end);
    keeper_free(keeper);
}

static bool is_keeper(UNUSED void *user, pid_t child)
{
    const struct keeper *keeper = NULL;
    DL_FOREACH (keepers, keeper) {
        if (keeper->pid == child)
            return true;
    }
    return false;
}

/* One round of killing the orphans of lost keepers. The keeper's own process may still be there, as
 * a dying child whose children are not yet ours. */
static void sweep(struct keeper *keeper)
{
    if (!adopts_orphans || descendants_kill(is_keeper, NULL) == 0)
        gone(keeper, KEEPER_LOST);
    else if (keeper->sweeps_left-- == 0)
        gone(keeper, KEEPER_STUCK);
    else
        timer_set(keeper, SWEEP_MS);
}

static void lose(struct keeper *keeper)
{
    disconnect(keeper);
    keeper->sweeps_left = KEEP_KILL_LIMIT_MS / SWEEP_MS;
    sweep(keeper);
}

static void signal_keeper(const struct keeper *keeper, int number)
{
    if (keeper->pidfd >= 0)
        pidfd_send_signal(keeper->pidfd, number, NULL, 0);
    else
        kill(keeper->pid, number);
}

static void command(const struct keeper *keeper, enum keep_command which)
{
    const char byte = (char)which;
    if (keeper->control.fd >= 0)
        send(keeper->control.fd, &byte, sizeof(byte), MSG_NOSIGNAL);
}

static void on_timer(UNUSED struct ev_loop *loop, ev_timer *watcher, UNUSED int events)
{
    struct keeper *keeper = watcher->data;
    if (keeper->control.fd < 0)
        sweep(keeper);
    else
        signal_keeper(keeper, SIGKILL); /* which ends the connection */
}

/* Handles a report, after which the keeper may have been freed. */
static void handle_report(struct keeper *keeper, const struct keep_report *report)
{
    switch (report->kind) {
    case KEEP_EXITED:
        keeper->on_exit(keeper->user, report->value, false);
        break;
    case KEEP_EXITED_ALONE:
        keeper->on_exit(keeper->user, report->value, true);
        keeper_free(keeper);
        break;
    case KEEP_ALL_ENDED:
        gone(keeper, KEEPER_ALL_ENDED);
        break;
    case KEEP_BUSY:
        timer_set(keeper, KEEP_KILL_LIMIT_MS + OVERDUE_MS);
        break;
    case KEEP_STUCK:
        gone(keeper, KEEPER_STUCK);
        break;
    default:
        break;
    }
}

static void on_control(UNUSED struct ev_loop *loop, ev_io *watcher, UNUSED int events)
{
    struct keeper *keeper = watcher->data;
    struct keep_report report;
    ssize_t got = recv(keeper->control.fd, &report, sizeof(report), MSG_DONTWAIT);
    if (got == (ssize_t)sizeof(report))
        handle_report(keeper, &report);
    else if (got >= 0 || (errno != EAGAIN && errno != EINTR))
        lose(keeper);
}

/* Waits until the child has been started. Returns 0, or an errno. */
static int await_start(int control)
{
    struct keep_report report = {0};
    struct pollfd readable = {.fd = control, .events = POLLIN};
    double deadline = clock_milliseconds() + START_LIMIT_MS;
    for (int ready = 0; ready <= 0;) {
        double left = deadline - clock_milliseconds();
        ready = poll(&readable, 1, left > 0 ? (int)left + 1 : 0);
        if (ready == 0)
            return ETIMEDOUT;
        if (ready < 0 && errno != EINTR)
            return errno;
    }
    if (recv(control, &report, sizeof(report), MSG_DONTWAIT) != (ssize_t)sizeof(report))
        return ESRCH;
    return report.value;
}

/* Forks the keeper's process, which has all signals blocked. Returns its pid, or -1. */
static pid_t fork_keeper(const struct keep_options *options)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = _Fork();
    if (pid == 0)
        keep_run(options);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid;
}

static void init_spawn(posix_spawnattr_t *attributes, posix_spawn_file_actions_t *actions,
    const struct keeper_options *options)
{
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(attributes);
    posix_spawnattr_setflags(
        attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawn_file_actions_init(actions);
    posix_spawn_file_actions_adddup2(actions, options->input, STDIN_FILENO);
    if (options->output >= 0) {
        posix_spawn_file_actions_adddup2(actions, options->output, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(actions, options->error, STDERR_FILENO);
    }
    posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
}

/* Starts the keeper and the child. Returns 0 or an errno. */
static int spawn(const struct keeper_options *options, int control, pid_t *pid)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    init_spawn(&attributes, &actions, options);
    const struct keep_options keep = {
        .control = control,
        .kill_grace_ms = options->kill_grace_ms,
        .path = options->path,
        .actions = &actions,
        .attributes = &attributes,
        .argv = (char *const *)options->argv,
        .environment = options->environment != NULL ? (char *const *)options->environment : environ,
    };
    *pid = fork_keeper(&keep);
    int errnum = *pid < 0 ? errno : 0;
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return errnum;
}

/* Ends a keeper that has not started its child, or has not said so in time. */
static void discard(pid_t pid)
{
    kill(pid, SIGKILL); /* it has not been reaped */
    waitpid(pid, NULL, 0);
    for (int i = 0; adopts_orphans && i < DISCARD_ROUNDS; i++) {
        if (descendants_kill(is_keeper, NULL) == 0)
            return;
        poll(NULL, 0, SWEEP_MS);
    }
}

struct keeper *keeper_start(const struct keeper_options *options, struct error **err)
{
    /* Before there is a child: creating the loop installs the handler that has to reap it. */
    struct ev_loop *loop = ev_default_loop(EVFLAG_AUTO);
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
        error_set_errno(err, "creating a socket pair");
        return NULL;
    }
    auto_fd int control = ends[0];
    pid_t pid = 0;
    int errnum = spawn(options, ends[1], &pid);
    close(ends[1]);
    if (errnum == 0 && (errnum = await_start(control)) != 0)
        discard(pid);
    if (errnum != 0) {
        errno = errnum;
        error_set_errno(err, "%s", options->path);
        return NULL;
    }
    struct keeper *keeper = xcalloc(1, sizeof(*keeper));
    *keeper = (struct keeper){
        .loop = loop,
        .pid = pid,
        .pidfd = pidfd_open(pid, 0),
        .kill_grace_ms = options->kill_grace_ms,
        .on_exit = options->on_exit,
        .on_gone = options->on_gone,
        .user = options->user,
    };
    ev_init(&keeper->timer, on_timer);
    ev_io_init(&keeper->control, on_control, steal_fd(&control), EV_READ);
    keeper->timer.data = keeper->control.data = keeper;
    ev_io_start(loop, &keeper->control);
    DL_APPEND(keepers, keeper);
    return keeper;
}

void keeper_end_all(struct keeper *keeper)
{
    if (keeper->control.fd < 0)
        return; /* its orphans are being killed */
    command(keeper, KEEP_END);
    signal_keeper(keeper, SIGCONT); /* the child may have stopped it */
    timer_set(keeper, keeper->kill_grace_ms + KEEP_KILL_LIMIT_MS + OVERDUE_MS);
}

void keeper_kill_group(struct keeper *keeper)
{
    command(keeper, KEEP_KILL_GROUP);
}

void keeper_stay(struct keeper *keeper, keeper_on_gone *on_gone, void *user)
{
    keeper->on_gone = on_gone;
    keeper->user = user;
    command(keeper, KEEP_STAY);
}

void keeper_release(struct keeper *keeper)
{
    command(keeper, KEEP_FORGET);
    keeper_free(keeper);
}
