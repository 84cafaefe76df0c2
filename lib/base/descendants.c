#include "base/descendants.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/forked.h"
#include "base/memory.h"

enum {
    PATH_SIZE = 64, /* of "/proc/PID/task/TID/children" */
    NUMBER_DIGITS = 10, /* of a pid, as text */
    STAT_SIZE = 512, /* more than the first fields of /proc/PID/stat take */
    READ_SIZE = 4096,
};

struct process {
    pid_t pid;
    int fd; /* pidfd; -1: the caller itself, or none on an old kernel */
    pid_t group;
};

struct walk {
    struct process found[DESCENDANTS_AT_ONCE];
    size_t count;
    size_t living;
    bool is_blind; /* not all children of the caller could be listed */
    struct process self;
    bool stops; /* each process when it is found */
    descendants_spare *spare;
    void *user;
};

/* What /proc/PID/stat says about a process. */
struct status {
    char state;
    pid_t parent;
    pid_t group;
};

typedef void on_child(void *user, const struct process *parent, pid_t child);

/* Parses a decimal number and moves *text behind it. Returns -1 if there is none. */
static pid_t take_number(const char **text)
{
    const char *at = *text;
    pid_t number = 0;
    while (*at == ' ')
        at++;
    if (*at < '0' || *at > '9')
        return -1;
    for (; *at >= '0' && *at <= '9'; at++)
        number = number * 10 + (*at - '0');
    *text = at;
    return number;
}

/* Whether /proc shows the pid namespace of this process: elsewhere its pids are others. */
static bool proc_is_ours(void)
{
    char own[PATH_SIZE];
    ssize_t length = readlink("/proc/self", own, sizeof(own) - 1);
    if (length <= 0)
        return false;
    own[length] = '\0';
    const char *at = own;
    return take_number(&at) == getpid();
}

/* Source: proc_pid_stat(5): pid (name) state ppid pgrp …; the name may contain anything. */
static bool read_status(pid_t pid, struct status *out)
{
    char path[PATH_SIZE];
    char text[STAT_SIZE];
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    auto_forked_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (length <= 0)
        return false;
    text[length] = '\0';
    const char *at = strrchr(text, ')');
    if (at == NULL || at[1] != ' ' || at[2] == '\0')
        return false;
    out->state = at[2];
    at += 3;
    out->parent = take_number(&at);
    out->group = take_number(&at);
    return out->parent >= 0 && out->group >= 0;
}

/* Calls back for each child in a list of one thread's children. Reads it to its end after the last
 * callback: when one of them ends before it is looked at, its children are added there. Returns
 * whether there is a list. */
static bool list_file(
    const char *path, const struct process *process, on_child *callback, void *user)
{
    char text[READ_SIZE];
    auto_forked_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    pid_t child = -1; /* of which a digit has been read */
    ssize_t length = 0;
    while ((length = read(fd, text, sizeof(text))) > 0) {
        for (ssize_t i = 0; i < length; i++) {
            if (text[i] >= '0' && text[i] <= '9') {
                child = (child < 0 ? 0 : child * 10) + (text[i] - '0');
                continue;
            }
            if (child > 0)
                callback(user, process, child);
            child = -1;
        }
    }
    if (child > 0)
        callback(user, process, child);
    return length == 0;
}

/* Calls back for each child of a process. Returns whether all could be listed. Source:
 * proc_pid_task(5), proc_tid_children(5). */
static bool list_children(const struct process *process, on_child *callback, void *user)
{
    _Alignas(struct dirent64) char entries[READ_SIZE];
    char path[PATH_SIZE];
    snprintf(path, sizeof(path), "/proc/%d/task", process->pid);
    auto_forked_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool all = true;
    ssize_t length = 0;
    while ((length = getdents64(fd, entries, sizeof(entries))) > 0) {
        for (ssize_t at = 0; at < length;) {
            const struct dirent64 *entry = (const struct dirent64 *)(entries + at);
            at += entry->d_reclen;
            if (entry->d_name[0] == '.')
                continue;
            snprintf(path, sizeof(path), "/proc/%d/task/%.*s/children", process->pid, NUMBER_DIGITS,
                entry->d_name);
            all &= list_file(path, process, callback, user);
        }
    }
    return all && length == 0;
}

/* Whether a process still has its pid: it has not been reaped. */
static bool has_its_pid(const struct process *process)
{
    return process->fd < 0 || pidfd_send_signal(process->fd, 0, NULL, 0) == 0 || errno != ESRCH;
}

/* Whether to signal what a pidfd refers to. A child of the caller is certain, even if /proc hides
 * it; another process has to have a parent that is a descendant. */
static bool is_descendant(const struct walk *walk, const struct process *parent, pid_t pid,
    const struct status *status, bool readable)
{
    if (parent->pid == walk->self.pid || (readable && status->parent == walk->self.pid))
        return true;
    return readable && pid > 1 && status->parent == parent->pid && has_its_pid(parent);
}

static void send_signal(const struct process *process, int number)
{
    if (process->fd >= 0)
        pidfd_send_signal(process->fd, number, NULL, 0);
    else
        kill(process->pid, number);
}

static void visit(void *user, const struct process *parent, pid_t pid)
{
    struct walk *walk = user;
    bool is_child = parent->pid == walk->self.pid;
    if (walk->count == ARRAY_SIZE(walk->found))
        return;
    if (is_child && walk->spare != NULL && walk->spare(walk->user, pid))
        return;
    struct process process = {.pid = pid, .fd = pidfd_open(pid, 0)};
    if (process.fd < 0 && !(is_child && errno != ESRCH))
        return;
    struct status status = {0};
    bool readable = read_status(pid, &status);
    bool has_ended = readable && (status.state == 'Z' || status.state == 'X');
    if (has_ended || !is_descendant(walk, parent, pid, &status, readable)) {
        if (process.fd >= 0)
            forked_close(process.fd);
        return;
    }
    walk->living++;
    if (walk->stops)
        send_signal(&process, SIGSTOP);
    process.group = status.group;
    walk->found[walk->count++] = process;
}

/* Finds processes, each before its children. */
static void find(struct walk *walk)
{
    walk->self = (struct process){.pid = getpid(), .fd = -1};
    walk->is_blind = !proc_is_ours() || !list_children(&walk->self, visit, walk);
    for (size_t i = 0; i < walk->count; i++) {
        if (walk->found[i].fd >= 0)
            list_children(&walk->found[i], visit, walk);
    }
}

static void release(struct walk *walk)
{
    for (size_t i = 0; i < walk->count; i++) {
        if (walk->found[i].fd >= 0)
            forked_close(walk->found[i].fd);
    }
}

void descendants_signal(int number, pid_t except_group)
{
    struct walk walk = {0};
    find(&walk);
    for (size_t i = 0; i < walk.count; i++) {
        if (except_group == 0 || walk.found[i].group != except_group)
            send_signal(&walk.found[i], number);
    }
    release(&walk);
}

size_t descendants_kill(descendants_spare *spare, void *user)
{
    struct walk walk = {.stops = true, .spare = spare, .user = user};
    find(&walk);
    for (size_t i = 0; i < walk.count; i++)
        send_signal(&walk.found[i], SIGKILL);
    release(&walk);
    return walk.living == 0 && walk.is_blind ? SIZE_MAX : walk.living;
}
