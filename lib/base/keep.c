/* The process is forked from one that may have threads, so that it may call only what is safe in a
 * signal handler: nothing here allocates or locks. */
#include "base/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descendants.h"
#include "base/forked.h"

enum {
    ROUND_MS = 10, /* between rounds of killing, if no process ends */
    BUSY_MS = 1000, /* between reports that some end */
    LINGER_MS = 2,
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
    int control; /* -1: the program has ended */
    int signals;
    pid_t nursery; /* that this process has created */
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
    const struct keep_report message = {.kind = kind, .value = value, .nursery = keep->nursery};
    send(keep->control, &message, sizeof(message), MSG_NOSIGNAL);
}

static _Noreturn void leave(const struct keep *keep, enum keep_report_kind kind, int value)
{
    report(keep, kind, value);
    /* The end of a process takes time, in which the program could answer its caller. */
    poll(NULL, 0, LINGER_MS);
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
    _exit(0);
}

/* The status as waitpid(2) gives it. */
static int wait_status(const siginfo_t *info)
{
    if (info->si_code == CLD_EXITED)
        return W_EXITCODE(info->si_status, 0);
    return info->si_status | (info->si_code == CLD_DUMPED ? WCOREFLAG : 0);
}

/* Whether a child is not a zombie. Zombies have no descendants: those are children of this process by
 * then. Without WEXITED, waitid(2) looks past zombies. */
static bool is_anyone_alive(void)
{
    siginfo_t info = {0};
    return waitid(P_ALL, 0, &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
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
    if (!is_anyone_alive())
        leave(keep, KEEP_EXITED_ALONE, status);
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

/* All that are not in the child's group first: while it lives they are found where they are. Then
 * the group at once, which a process in it that forks cannot evade. */
static void terminate(struct keep *keep)
{
    if (keep->phase == ENDING || keep->phase == KILLING)
        return;
    descendants_signal(SIGTERM, keep->child);
    if (keep->child != 0)
        kill(-keep->child, SIGTERM);
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
        forked_close(keep->control);
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

/* The child's process, after vfork(2), which shares memory with this one until exec. It has a process
 * group of its own, default signal actions, no signals blocked, and no descriptors but 0 to 2. */
static _Noreturn void become_child(const struct keep_command_line *what, volatile int *errnum)
{
    sigset_t none;
    sigemptyset(&none);
    setpgid(0, 0);
    dup2(KEEP_INPUT, STDIN_FILENO);
    dup2(KEEP_OUTPUT, STDOUT_FILENO);
    dup2(KEEP_ERROR, STDERR_FILENO);
    closefrom(STDERR_FILENO + 1);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(what->path, what->argv, what->environment);
    *errnum = errno;
    _exit(1);
}

/* Starts the child. Returns 0 or an errno. Not with posix_spawn(3), which sets all signal actions each
 * time and needs a stack. */
static int start(struct keep *keep, const struct keep_command_line *what)
{
    volatile int errnum = 0;
    /* This process has one thread and no signal handlers. NOLINTBEGIN(*.vfork,*.Vfork) */
    pid_t pid = vfork();
    if (pid == 0)
        become_child(what, &errnum);
    /* NOLINTEND(*.vfork,*.Vfork) */
    if (pid < 0)
        return errno;
    if (errnum != 0)
        waitpid(pid, NULL, 0);
    else
        keep->child = pid;
    return errnum;
}

/* Closes what only the child needs, and opens the descriptor for SIGCHLD, which is blocked. */
static void open_signals(struct keep *keep)
{
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    closefrom(KEEP_INPUT);
    keep->signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Prepares this process for keeping a child. */
static void prepare(const char *name)
{
    setpgid(0, 0);
    prctl(PR_SET_NAME, name);
    prctl(PR_SET_DUMPABLE, 0); /* the child, which has the same user ID, cannot trace us */
    /* Before the child starts: only processes that are created later become ours as orphans. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* Keeps the child that has been started. */
static _Noreturn void work(struct keep *keep)
{
    for (;;) {
        struct signalfd_siginfo info;
        struct pollfd ready[] = {{keep->signals, POLLIN, 0}, {keep->control, POLLIN, 0}};
        reap_all(keep);
        poll(ready, 2, time_left(keep));
        while (read(keep->signals, &info, sizeof(info)) > 0)
            continue;
        if (ready[1].revents != 0)
            read_commands(keep);
        handle_time(keep);
    }
}

/* All are blocked here, but not in the child when it has yet to call exec. */
static void reset_signals(void)
{
    const struct sigaction action = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDSTOP};
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &action, NULL);
}

/* Gives the passed descriptors their numbers, and closes all others. Returns 0 or an errno; then the
 * descriptors are as they were. */
static int arrange_descriptors(const int *descriptors)
{
    int copies[KEEP_PASSED];
    for (int i = 0; i < KEEP_PASSED; i++) {
        copies[i] = fcntl(descriptors[i], F_DUPFD_CLOEXEC, KEEP_DESCRIPTORS);
        if (copies[i] < 0)
            return errno;
    }
    for (int i = 0; i < KEEP_PASSED; i++)
        dup3(copies[i], KEEP_CONTROL + i, O_CLOEXEC); /* free, or open: not one more */
    forked_close(KEEP_NURSERY);
    closefrom(KEEP_DESCRIPTORS);
    return 0;
}

_Noreturn void keep_run(
    const struct keep_job *job, const struct keep_command_line *what, const int *descriptors)
{
    struct keep keep = {.control = descriptors[0], .kill_grace_ms = job->kill_grace_ms};
    int errnum = arrange_descriptors(descriptors);
    if (errnum != 0)
        leave(&keep, KEEP_NOT_STARTED, errnum);
    keep.control = KEEP_CONTROL;
    reset_signals();
    prepare("keeper");
    errnum = start(&keep, what);
    if (errnum != 0)
        leave(&keep, KEEP_NOT_STARTED, errnum);
    open_signals(&keep);
    report(&keep, KEEP_STARTED, 0);
    work(&keep);
}

/* Receives a job and its descriptors, which get the lowest numbers that are free, in order. Exits at
 * end of file. Returns whether the descriptors are complete. */
static bool receive(struct keep_job *job)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(KEEP_PASSED * sizeof(int))];
    } ancillary = {0};
    struct iovec data = {job, sizeof(*job)};
    struct msghdr message = {
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = &ancillary,
        .msg_controllen = sizeof(ancillary),
    };
    if (recvmsg(KEEP_NURSERY, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(*job))
        _exit(0);
    return (message.msg_flags & MSG_CTRUNC) == 0 &&
           ancillary.header.cmsg_len == CMSG_LEN(KEEP_PASSED * sizeof(int));
}

bool keep_take_offer(struct keep_shared *shared, const struct keep_job *job)
{
    int64_t number = job->number;
    return atomic_compare_exchange_strong(&shared->offered, &number, 0);
}

_Noreturn void keep_run_nursery(int socket, struct keep_shared *shared)
{
    struct keep_job job = {0};
    reset_signals();
    dup3(socket, KEEP_NURSERY, O_CLOEXEC);
    for (;;) {
        prepare("nursery");
        closefrom(KEEP_CONTROL);
        if (!receive(&job) || !keep_take_offer(shared, &job))
            continue; /* the program sees the end of the connection */
        struct keep keep = {.control = KEEP_CONTROL, .kill_grace_ms = job.kill_grace_ms};
        int errnum = start(&keep, &shared->what);
        closefrom(KEEP_INPUT); /* or the next nursery could hold the child's pipes open */
        /* Like _Fork(3), but the child's parent is ours. */
        keep.nursery = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
        if (keep.nursery == 0)
            continue;
        forked_close(KEEP_NURSERY);
        if (errnum != 0)
            leave(&keep, KEEP_NOT_STARTED, errnum);
        prctl(PR_SET_NAME, "keeper");
        open_signals(&keep);
        report(&keep, KEEP_STARTED, 0);
        work(&keep);
    }
}
