#include "base/keep_link.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

enum {
    SLICE_MS = 1000, /* between attempts to make a stopped process go on */
    RETAINED = 1 << 16, /* bytes of shared memory that stay allocated */
    NOT_TAKEN = -1, /* nobody has done the job, and nobody will */
};

/* Of the whole program, like its children: the nursery, whose pid is 0 if there is none; and the
 * memory of all that succeed one another. */
static struct keep_link nursery;
static struct keep_shared *shared;
static int64_t jobs; /* that have been offered */

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
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return error_set_errno(err, "creating a socket pair");
    auto_fd int control = ends[0];
    auto_fd int other = ends[1];
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (shared == MAP_FAILED)
        return error_set_errno(err, "allocating shared memory");
    pid_t pid = fork_blocked();
    if (pid == 0)
        keep_run_nursery(other, shared);
    if (pid < 0)
        return error_set_errno(err, "forking a process that starts others");
    nursery =
        (struct keep_link){.pid = pid, .pidfd = pidfd_open(pid, 0), .control = steal_fd(&control)};
    return 0;
}

bool keep_link_is_nursery(pid_t pid)
{
    return pid == nursery.pid &&
           (nursery.pidfd < 0 || pidfd_send_signal(nursery.pidfd, 0, NULL, 0) == 0);
}

/* Copies a string to *next. Returns the copy, or NULL if there is no room. */
static char *put_string(const char *text, char **next)
{
    size_t size = strlen(text) + 1;
    if (size > (size_t)(shared->space + sizeof(shared->space) - *next))
        return NULL;
    char *copy = memcpy(*next, text, size);
    *next += size;
    return copy;
}

/* Copies a list of strings that ends with NULL. Returns the copy, or NULL if there is no room. */
static char *const *put_list(const char *const *strings, char **next)
{
    size_t count = 0;
    while (strings[count] != NULL)
        count++;
    size_t used = (size_t)(*next - shared->space);
    used += -used % sizeof(char *);
    char **list = (char **)(shared->space + used);
    if (used > sizeof(shared->space) || count >= (sizeof(shared->space) - used) / sizeof(*list))
        return NULL;
    *next = (char *)(list + count + 1);
    for (size_t i = 0; i < count; i++) {
        list[i] = put_string(strings[i], next);
        if (list[i] == NULL)
            return NULL;
    }
    list[count] = NULL;
    return list;
}

/* Lets the nursery see what to start. Returns whether there is room, and the space that is used. */
static bool share(const struct keep_command_line *what, size_t *used)
{
    char *next = shared->space;
    struct keep_command_line copy = {.path = put_string(what->path, &next)};
    if (copy.path != NULL)
        copy.argv = put_list((const char *const *)what->argv, &next);
    if (copy.argv != NULL)
        copy.environment = put_list((const char *const *)what->environment, &next);
    shared->what = copy;
    *used = (size_t)(next - shared->space);
    return copy.environment != NULL;
}

/* Forgets it, for it may contain secrets. */
static void forget(size_t used)
{
    if (used <= RETAINED)
        explicit_bzero(shared->space, used);
    else
        madvise(shared->space, sizeof(shared->space), MADV_REMOVE);
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

/* Sends a job to the nursery. Returns 0 or an errno. */
static int send_job(const struct keep_job *job, const int *descriptors)
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
    return sendmsg(nursery.control, &message, MSG_NOSIGNAL) >= 0 ? 0 : errno;
}

/* The nursery has become a keeper, whose link has its pidfd now; another is in its place. */
static void replace_nursery(pid_t pid)
{
    nursery.pid = pid;
    nursery.pidfd = -1;
    if (pid > 0)
        nursery.pidfd = pidfd_open(pid, 0);
    else
        keep_link_close(&nursery);
}

/* Waits until a process has reported whether its child has started, and makes it go on meanwhile: any
 * process of its user may have stopped it. Returns 0, ETIMEDOUT, EOWNERDEAD if it has ended, or
 * another errno. */
static int await_report(const struct keep_link *link, double deadline, struct keep_report *report)
{
    struct pollfd ready[] = {{link->control, POLLIN, 0}, {link->pidfd, POLLIN, 0}};
    for (int count = 0; count <= 0;) {
        double left = deadline - clock_milliseconds();
        if (left <= 0)
            return ETIMEDOUT;
        count = poll(ready, ARRAY_SIZE(ready), left < SLICE_MS ? (int)left + 1 : SLICE_MS);
        if (count < 0 && errno != EINTR)
            return errno;
        if (count <= 0)
            keep_link_signal(link, SIGCONT);
    }
    ssize_t got = recv(link->control, report, sizeof(*report), MSG_DONTWAIT);
    return got == (ssize_t)sizeof(*report) ? 0 : EOWNERDEAD;
}

static int start_errnum(const struct keep_report *report)
{
    return report->kind == KEEP_STARTED ? 0 : report->value;
}

/* Has the nursery do a job, and become the keeper. Returns 0 or an errno, or NOT_TAKEN. */
static int ask_nursery(
    struct keep_job *job, int *descriptors, int64_t limit_ms, struct keep_link *link)
{
    struct keep_report report = {0};
    double now = clock_milliseconds();
    int errnum = open_link(link, descriptors);
    if (errnum != 0)
        return errnum;
    struct keep_link keeper = {nursery.pid, nursery.pidfd, link->control};
    job->number = ++jobs;
    atomic_store(&shared->offered, job->number);
    errnum = send_job(job, descriptors);
    close(descriptors[0]);
    bool is_sent = errnum == 0;
    if (is_sent)
        errnum = await_report(&keeper, now + (double)limit_ms / 2, &report);
    if (errnum != 0 && keep_take_offer(shared, job)) {
        if (is_sent || errnum == EPIPE || errnum == ECONNRESET)
            end_nursery();
        return NOT_TAKEN;
    }
    if (errnum == ETIMEDOUT)
        errnum = await_report(&keeper, now + (double)limit_ms, &report);
    if (errnum != 0) {
        end_nursery(); /* it has become this keeper */
        return errnum;
    }
    *link = keeper;
    replace_nursery(report.nursery);
    return start_errnum(&report);
}

/* Forks a keeper that does a job. Returns 0 or an errno. */
static int fork_keeper(const struct keep_job *job, const struct keep_command_line *what,
    int *descriptors, double deadline, struct keep_link *link)
{
    struct keep_report report = {0};
    int errnum = open_link(link, descriptors);
    if (errnum != 0)
        return errnum;
    link->pid = fork_blocked();
    if (link->pid == 0)
        keep_run(job, what, descriptors);
    errnum = errno;
    close(descriptors[0]);
    if (link->pid < 0)
        return errnum;
    link->pidfd = pidfd_open(link->pid, 0);
    errnum = await_report(link, deadline, &report);
    if (errnum == ETIMEDOUT)
        keep_link_signal(link, SIGCONT); /* it ends its child when it sees that we have left */
    return errnum != 0 ? errnum : start_errnum(&report);
}

int keep_link_start(const struct keep_link_options *options, struct keep_link *link)
{
    struct keep_job job = {.kill_grace_ms = options->kill_grace_ms};
    const struct keep_command_line what = {
        .path = options->path,
        .argv = (char *const *)options->argv,
        .environment = options->environment != NULL ? (char *const *)options->environment : environ,
    };
    double deadline = clock_milliseconds() + (double)options->limit_ms;
    *link = (struct keep_link){.control = -1, .pidfd = -1};
    int descriptors[KEEP_PASSED] = {-1, options->input, options->output, options->error};
    int errnum = NOT_TAKEN;
    if (nursery.pid > 0) {
        size_t used = 0;
        if (share(&what, &used))
            errnum = ask_nursery(&job, descriptors, options->limit_ms, link);
        forget(used);
    }
    if (errnum == NOT_TAKEN) {
        keep_link_close(link);
        errnum = fork_keeper(&job, &what, descriptors, deadline, link);
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
