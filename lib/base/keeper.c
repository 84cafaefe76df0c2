#include "base/keeper.h"

#include <errno.h>
#include <ev.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "base/descendants.h"
#include "base/keep.h"
#include "base/keep_link.h"
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
    struct keep_link link;
    ev_io control; /* fd is -1 when the keeper's process is gone */
    ev_child process;
    ev_timer timer; /* the keeper is overdue; or the next round of a sweep */
    bool is_killed; /* because it was overdue */
    int64_t kill_grace_ms;
    int64_t sweeps_left;
    keeper_on_exit *on_exit;
    keeper_on_gone *on_gone;
    void *user;
};

/* The keepers whose processes live: like the children of a process, they are the whole program's.
 * All of this belongs to the thread of the loop. */
static struct keeper *keepers;
static bool adopts_orphans;

int keeper_prepare(struct error **err)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return error_set_errno(err, "becoming a child subreaper");
    adopts_orphans = true;
    return 0;
}

int keeper_open_nursery(struct error **err)
{
    return keep_link_open_nursery(err);
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
    ev_child_stop(keeper->loop, &keeper->process);
    keeper->control.fd = -1;
    keep_link_close(&keeper->link);
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
        if (keeper->link.pid == child)
            return true;
    }
    return keep_link_is_nursery(child);
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

static void command(const struct keeper *keeper, enum keep_command which)
{
    const char byte = (char)which;
    if (keeper->control.fd >= 0)
        send(keeper->control.fd, &byte, sizeof(byte), MSG_NOSIGNAL);
}

static void on_timer(UNUSED struct ev_loop *loop, ev_timer *watcher, UNUSED int events)
{
    struct keeper *keeper = watcher->data;
    if (keeper->control.fd < 0) {
        sweep(keeper);
        return;
    }
    if (keeper->is_killed) {
        gone(keeper, KEEPER_STUCK);
        return;
    }
    keeper->is_killed = true;
    keep_link_signal(&keeper->link, SIGKILL);
    timer_set(keeper, KEEP_KILL_LIMIT_MS);
}

/* Ends a keeper's process that has told its last: if somebody has stopped it, it cannot end. */
static void dismiss(const struct keeper *keeper)
{
    if (keeper->link.pidfd >= 0)
        keep_link_signal(&keeper->link, SIGKILL);
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
        dismiss(keeper);
        keeper_free(keeper);
        break;
    case KEEP_ALL_ENDED:
        dismiss(keeper);
        gone(keeper, KEEPER_ALL_ENDED);
        break;
    case KEEP_BUSY:
        timer_set(keeper, KEEP_KILL_LIMIT_MS + OVERDUE_MS);
        break;
    case KEEP_STUCK:
        dismiss(keeper);
        gone(keeper, KEEPER_STUCK);
        break;
    default:
        break;
    }
}

/* Handles the next report and returns 1: then the keeper may have been freed. Returns 0 if there is
 * none yet, and -1 at the end of the connection. */
static int take_report(struct keeper *keeper)
{
    struct keep_report report;
    ssize_t got = recv(keeper->control.fd, &report, sizeof(report), MSG_DONTWAIT);
    if (got != (ssize_t)sizeof(report))
        return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
    handle_report(keeper, &report);
    return 1;
}

static void on_control(UNUSED struct ev_loop *loop, ev_io *watcher, UNUSED int events)
{
    struct keeper *keeper = watcher->data;
    if (take_report(keeper) < 0)
        lose(keeper);
}

/* The keeper's process has ended. End of file may not come: whoever its child has stopped while it
 * was being forked holds the other end of the connection. */
static void on_process(struct ev_loop *loop, ev_child *watcher, UNUSED int events)
{
    struct keeper *keeper = watcher->data;
    ev_feed_event(loop, watcher, EV_CHILD); /* to come back for the next, unless it is stopped */
    if (take_report(keeper) <= 0)
        lose(keeper);
}

/* Kills a keeper that has not said in time whether it has started its child, or that child if the
 * keeper was killed: whichever is now an unknown child of this process. */
static void kill_unknown(void)
{
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
    struct keep_link link;
    int errnum = keep_link_start(
        &(struct keep_link_options){
            .path = options->path,
            .argv = options->argv,
            .environment = options->environment,
            .input = options->input,
            .output = options->output >= 0 ? options->output : STDOUT_FILENO,
            .error = options->output >= 0 ? options->error : STDERR_FILENO,
            .kill_grace_ms = options->kill_grace_ms,
            .limit_ms = START_LIMIT_MS,
        },
        &link);
    if (errnum == ETIMEDOUT || errnum == EOWNERDEAD)
        kill_unknown();
    if (errnum != 0) {
        errno = errnum;
        error_set_errno(err, "%s", options->path);
        return NULL;
    }
    struct keeper *keeper = xcalloc(1, sizeof(*keeper));
    *keeper = (struct keeper){
        .loop = loop,
        .link = link,
        .kill_grace_ms = options->kill_grace_ms,
        .on_exit = options->on_exit,
        .on_gone = options->on_gone,
        .user = options->user,
    };
    ev_init(&keeper->timer, on_timer);
    ev_io_init(&keeper->control, on_control, link.control, EV_READ);
    ev_child_init(&keeper->process, on_process, link.pid, 0);
    keeper->timer.data = keeper->control.data = keeper->process.data = keeper;
    ev_io_start(loop, &keeper->control);
    ev_child_start(loop, &keeper->process);
    DL_APPEND(keepers, keeper);
    return keeper;
}

void keeper_end_all(struct keeper *keeper)
{
    if (keeper->control.fd < 0)
        return; /* its orphans are being killed */
    command(keeper, KEEP_END);
    keep_link_signal(&keeper->link, SIGCONT); /* the child may have stopped it */
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
