/* The process is forked from one that may have threads, so that it may call only what is safe in a
 * signal handler: nothing here allocates or locks. */
#include "base/keep.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descendants.h"

enum {
    ROUND_MS = 10, /* between rounds of killing, if no process ends */
    BUSY_MS = 1000, /* between reports that some end */
    NEVER = -1,
};

enum phase {
    RUNNING, /* the child is running */
    EXITED, /* it is a zombie, so that its group keeps its number; nothing is reaped */
    STAYING, /* waiting until all others have ended */
    ENDING, /* SIGTERM was sent; the deadline is that of SIGKILL */
    KILLING, /* until the deadline */
};

struct keep {
    int control;
    int signals;
    int64_t kill_grace_ms;
    pid_t child; /* 0: reaped */
    bool is_reported;
    enum phase phase;
    double deadline; /* clock_milliseconds, as are the others */
    double last_deadline; /* of KILLING */
    double busy_reported;
};

static void report(const struct keep *keep, enum keep_report_kind kind, int value)
{
    const struct keep_report message = {.kind = kind, .value = value};
    send(keep->control, &message, sizeof(message), MSG_NOSIGNAL);
}

static _Noreturn void leave(const struct keep *keep, enum keep_report_kind kind, int value)
{
    report(keep, kind, value);
    _exit(0);
}

/* The status as waitpid(2) gives it. */
static int wait_status(const siginfo_t *info)
{
    if (info->si_code == CLD_EXITED)
        return W_EXITCODE(info->si_status, 0);
    return info->si_status | (info->si_code == CLD_DUMPED ? WCOREFLAG : 0);
}

static bool has_children(void)
{
    siginfo_t info = {0};
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static void reap(struct keep *keep, pid_t pid)
{
    waitpid(pid, NULL, WNOHANG);
    if (pid == keep->child)
        keep->child = 0;
}

/* The child has ended by itself. */
static void handle_exit(struct keep *keep, int status)
{
    keep->is_reported = true;
    keep->phase = EXITED;
    if (descendants_count_children() == 1) {
        reap(keep, keep->child);
        if (!has_children())
            leave(keep, KEEP_EXITED_ALONE, status);
    }
    report(keep, KEEP_EXITED, status);
}

/* While processes are being killed, some have ended. */
static void note_progress(struct keep *keep)
{
    double now = clock_milliseconds();
    keep->deadline = now + KEEP_KILL_LIMIT_MS;
    if (keep->deadline > keep->last_deadline)
        keep->deadline = keep->last_deadline;
    if (now - keep->busy_reported < BUSY_MS)
        return;
    keep->busy_reported = now;
    report(keep, KEEP_BUSY, 0);
}

/* Reaps what has ended. Exits when no process is left. */
static void reap_all(struct keep *keep)
{
    while (keep->phase != EXITED) {
        siginfo_t info = {0};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
            leave(keep, KEEP_ALL_ENDED, 0);
        if (info.si_pid == 0)
            return;
        if (info.si_pid == keep->child && keep->phase == RUNNING) {
            handle_exit(keep, wait_status(&info));
            return;
        }
        if (info.si_pid == keep->child && !keep->is_reported) {
            report(keep, KEEP_EXITED, wait_status(&info));
            keep->is_reported = true;
        }
        reap(keep, info.si_pid);
        if (keep->phase == KILLING)
            note_progress(keep);
    }
}

/* Once for the group, which a process in it that forks cannot evade, and then for all others. */
static void terminate(struct keep *keep)
{
    if (keep->phase == ENDING || keep->phase == KILLING)
        return;
    if (keep->child != 0)
        kill(-keep->child, SIGTERM);
    descendants_signal(SIGTERM, keep->child);
    keep->phase = ENDING;
    keep->deadline = clock_milliseconds() + (double)keep->kill_grace_ms;
}

static void handle_command(struct keep *keep, char command)
{
    switch (command) {
    case KEEP_END:
        terminate(keep);
        break;
    case KEEP_KILL_GROUP:
        if (keep->phase == EXITED && keep->child != 0)
            kill(-keep->child, SIGKILL);
        break;
    case KEEP_STAY:
        if (keep->phase == EXITED)
            keep->phase = STAYING;
        break;
    case KEEP_FORGET:
        _exit(0);
    default:
        break;
    }
}

/* Reads the commands that have arrived. */
static void read_commands(struct keep *keep)
{
    char command = 0;
    ssize_t got = 0;
    while ((got = recv(keep->control, &command, 1, MSG_DONTWAIT)) == 1)
        handle_command(keep, command);
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(keep->control);
        keep->control = -1; /* which poll(2) ignores */
        terminate(keep);
    }
}

/* Goes on to the next phase at a deadline; kills. */
static void handle_time(struct keep *keep)
{
    if (keep->phase == ENDING && clock_milliseconds() >= keep->deadline) {
        keep->phase = KILLING;
        keep->deadline = clock_milliseconds() + KEEP_KILL_LIMIT_MS;
        keep->last_deadline = clock_milliseconds() + KEEP_KILL_MOST_MS;
        if (keep->child != 0)
            kill(-keep->child, SIGKILL);
    }
    if (keep->phase != KILLING)
        return;
    if (clock_milliseconds() >= keep->deadline)
        leave(keep, KEEP_STUCK, 0);
    descendants_kill(NULL, NULL);
}

static int time_left(const struct keep *keep)
{
    if (keep->phase == KILLING)
        return ROUND_MS;
    if (keep->phase != ENDING)
        return NEVER;
    double left = keep->deadline - clock_milliseconds();
    return left > 0 ? (int)left + 1 : 0;
}

/* Closes all descriptors except the socket and a new one for SIGCHLD. */
static void open_descriptors(struct keep *keep, int control)
{
    struct sigaction action = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDSTOP};
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigaction(SIGCHLD, &action, NULL);
    keep->control = dup2(control, STDIN_FILENO);
    closefrom(STDIN_FILENO + 1);
    keep->signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

_Noreturn void keep_run(const struct keep_options *options)
{
    struct keep keep = {.control = options->control, .kill_grace_ms = options->kill_grace_ms};
    setpgid(0, 0);
    prctl(PR_SET_NAME, "keeper");
    /* Before the child starts: only processes that are created later become ours as orphans. */
    int errnum = prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 ? 0 : errno;
    prctl(PR_SET_DUMPABLE, 0); /* the child, which has the same user ID, cannot trace us */
    if (errnum == 0)
        errnum = posix_spawn(&keep.child, options->path, options->actions, options->attributes,
            options->argv, options->environment);
    open_descriptors(&keep, options->control);
    if (errnum != 0)
        leave(&keep, KEEP_STARTED, errnum);
    report(&keep, KEEP_STARTED, 0);
    for (;;) {
        struct signalfd_siginfo info;
        struct pollfd ready[] = {{keep.signals, POLLIN, 0}, {keep.control, POLLIN, 0}};
        reap_all(&keep);
        poll(ready, 2, time_left(&keep));
        while (read(keep.signals, &info, sizeof(info)) > 0)
            continue;
        if (ready[1].revents != 0)
            read_commands(&keep);
        handle_time(&keep);
    }
}
