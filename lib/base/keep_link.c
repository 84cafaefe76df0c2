#include "base/keep_link.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"

enum {
    SLICE_MS = 1000, /* between attempts to make a stopped nursery go on */
    NOT_TAKEN = -1,
};

/* Of the whole program, like its children: the nursery, whose pid is 0 if there is none. */
static struct keep_link nursery;

/* Made once, before the first fork. */
static const struct keep_spawn *get_spawn(void)
{
    static struct keep_spawn spawn;
    static bool is_made;
    if (!is_made)
        keep_spawn_init(&spawn);
    is_made = true;
    return &spawn;
}

/* The pid of a new child, which has all signals blocked, or -1; 0 in the child. */
static pid_t fork_blocked(void)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = _Fork();
    if (pid != 0)
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid;
}

int keep_link_open_nursery(struct error **err)
{
    int ends[2];
    const struct keep_spawn *spawn = get_spawn();
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return error_set_errno(err, "creating a socket pair");
    auto_fd int control = ends[0];
    auto_fd int other = ends[1];
    pid_t pid = fork_blocked();
    if (pid == 0)
        keep_run_nursery(other, spawn);
    if (pid < 0)
        return error_set_errno(err, "forking a process that starts others");
    nursery =
        (struct keep_link){.pid = pid, .pidfd = pidfd_open(pid, 0), .control = steal_fd(&control)};
    return 0;
}

bool keep_link_is_nursery(pid_t pid)
{
    return pid == nursery.pid;
}

/* Writes zero-terminated strings. Returns their number. */
static size_t put_strings(FILE *file, const char *const *strings)
{
    size_t count = 0;
    for (; strings[count] != NULL; count++)
        fwrite(strings[count], strlen(strings[count]) + 1, 1, file);
    return count;
}

/* Writes the strings to a memory file. Returns it, or -1 with errno. */
static int write_strings(const struct keep_link_options *options, struct keep_job *job)
{
    const char *const *environment =
        options->environment != NULL ? options->environment : (const char *const *)environ;
    char *strings = NULL;
    FILE *file = open_memstream(&strings, &job->length);
    put_strings(file, (const char *const[]){options->path, NULL});
    job->argument_count = put_strings(file, options->argv);
    job->variable_count = put_strings(file, environment);
    fclose(file);
    auto_fd int fd = file_open_memory("job", NULL);
    int result = fd >= 0 ? file_write_all(fd, strings, job->length, NULL) : -1;
    int errnum = errno;
    free_secret(strings, job->length);
    errno = errnum;
    return result == 0 ? steal_fd(&fd) : -1;
}

static void end_nursery(void)
{
    if (nursery.pid > 0)
        keep_link_signal(&nursery, SIGKILL);
    keep_link_close(&nursery);
}

/* Creates a link, whose other end comes first among the descriptors. Returns 0 or an errno. */
static int open_link(struct keep_link *link, int *descriptors)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return errno;
    *link = (struct keep_link){.control = ends[0], .pidfd = -1};
    descriptors[0] = ends[1];
    return 0;
}

/* Sends a job to the nursery. Returns whether it could have read it. */
static bool send_job(const struct keep_job *job, const int *descriptors)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(KEEP_PASSED * sizeof(int))];
    } ancillary = {0};
    struct iovec data = {(void *)job, sizeof(*job)};
    struct msghdr message = {
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = &ancillary,
        .msg_controllen = sizeof(ancillary),
    };
    ancillary.header.cmsg_level = SOL_SOCKET;
    ancillary.header.cmsg_type = SCM_RIGHTS;
    ancillary.header.cmsg_len = CMSG_LEN(KEEP_PASSED * sizeof(int));
    memcpy(CMSG_DATA(&ancillary.header), descriptors, KEEP_PASSED * sizeof(int));
    keep_link_signal(&nursery, SIGCONT); /* it may have been stopped, by any process of its user */
    return sendmsg(nursery.control, &message, MSG_NOSIGNAL) >= 0;
}

/* The nursery has become a keeper; another is in its place. */
static void replace_nursery(pid_t pid)
{
    if (nursery.pidfd >= 0)
        close(nursery.pidfd);
    nursery.pidfd = -1;
    nursery.pid = pid;
    if (pid > 0)
        nursery.pidfd = pidfd_open(pid, 0);
    else
        end_nursery();
}

/* Waits for a report. Returns 0, ETIMEDOUT, EOWNERDEAD if the process was killed, or another errno. */
static int await_report(const struct keep_link *link, int64_t limit_ms, struct keep_report *report)
{
    struct pollfd readable = {.fd = link->control, .events = POLLIN};
    double deadline = clock_milliseconds() + (double)limit_ms;
    for (int ready = 0; ready <= 0;) {
        double left = deadline - clock_milliseconds();
        if (left <= 0)
            return ETIMEDOUT;
        ready = poll(&readable, 1, left < SLICE_MS ? (int)left + 1 : SLICE_MS);
        if (ready < 0 && errno != EINTR)
            return errno;
        if (ready == 0 && nursery.pid > 0)
            keep_link_signal(&nursery, SIGCONT);
    }
    ssize_t got = recv(link->control, report, sizeof(*report), MSG_DONTWAIT);
    return got == (ssize_t)sizeof(*report) ? 0 : EOWNERDEAD;
}

/* Waits until the keeper has started its child, and takes its pid. Returns 0 or an errno. */
static int await_start(struct keep_link *link, int64_t limit_ms, struct keep_report *report)
{
    int errnum = await_report(link, limit_ms, report);
    if (errnum != 0)
        return errnum;
    if (report->kind != KEEP_STARTED)
        return report->value;
    /* It has not been reaped: the loop does that, and we have not returned to it. */
    link->pid = report->value;
    link->pidfd = pidfd_open(link->pid, 0);
    return 0;
}

/* Waits until the nursery has read a job, or has been killed because it did not: then returns
 * EOWNERDEAD. Otherwise returns 0, or another errno. */
static int await_taken(const struct keep_link *link, int64_t limit_ms)
{
    struct keep_report report = {0};
    int errnum = await_report(link, limit_ms, &report);
    if (errnum != ETIMEDOUT)
        return errnum;
    keep_link_signal(&nursery, SIGKILL);
    return await_report(link, limit_ms, &report);
}

/* Has the nursery do a job. Returns 0 or an errno; or NOT_TAKEN if it was killed before it had read
 * the job, and there is no nursery now. */
static int ask_nursery(
    const struct keep_job *job, int *descriptors, int64_t limit_ms, struct keep_link *link)
{
    struct keep_report report = {0};
    int errnum = open_link(link, descriptors);
    if (errnum != 0)
        return errnum;
    bool is_sent = send_job(job, descriptors);
    close(descriptors[0]);
    errnum = is_sent ? await_taken(link, limit_ms) : EOWNERDEAD;
    if (errnum != 0) {
        end_nursery();
        return errnum == EOWNERDEAD ? NOT_TAKEN : errnum;
    }
    errnum = await_start(link, limit_ms, &report);
    if (errnum == ETIMEDOUT || errnum == EOWNERDEAD)
        end_nursery(); /* it has become this keeper */
    else
        replace_nursery(report.nursery);
    return errnum;
}

/* Forks a keeper that does a job. Returns 0 or an errno. */
static int fork_keeper(const struct keep_job *job, int *descriptors, const struct keep_spawn *spawn,
    int64_t limit_ms, struct keep_link *link)
{
    struct keep_report report = {0};
    int errnum = open_link(link, descriptors);
    if (errnum != 0)
        return errnum;
    pid_t pid = fork_blocked();
    if (pid == 0)
        keep_run(job, descriptors, spawn);
    errnum = errno;
    close(descriptors[0]);
    return pid < 0 ? errnum : await_start(link, limit_ms, &report);
}

int keep_link_start(const struct keep_link_options *options, struct keep_link *link)
{
    struct keep_job job = {.kill_grace_ms = options->kill_grace_ms};
    const struct keep_spawn *spawn = get_spawn();
    auto_fd int strings = write_strings(options, &job);
    if (strings < 0)
        return errno;
    *link = (struct keep_link){.control = -1, .pidfd = -1};
    int descriptors[KEEP_PASSED] = {-1, strings, options->input, options->output, options->error};
    int errnum = NOT_TAKEN;
    if (nursery.pid > 0)
        errnum = ask_nursery(&job, descriptors, options->limit_ms, link);
    if (errnum == NOT_TAKEN) {
        keep_link_close(link);
        errnum = fork_keeper(&job, descriptors, spawn, options->limit_ms, link);
    }
    if (errnum != 0)
        keep_link_close(link);
    return errnum;
}

void keep_link_signal(const struct keep_link *link, int number)
{
    if (link->pidfd >= 0)
        pidfd_send_signal(link->pidfd, number, NULL, 0);
    else
        kill(link->pid, number);
}

void keep_link_close(struct keep_link *link)
{
    if (link->control >= 0)
        close(link->control);
    if (link->pidfd >= 0)
        close(link->pidfd);
    *link = (struct keep_link){.control = -1, .pidfd = -1};
}
