/* Scripts with keepers, for the tests of what becomes of them. */
#ifndef TESTS_KEPT_H
#define TESTS_KEPT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/keep.h"
#include "base/keeper.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/unused.h"

enum {
    GRACE_MS = 50,
    FOREVER_S = 120, /* bounds a hang; no test comes near it */
};

/* A kept script. Its standard input and output are pipes. */
struct kept {
    struct keeper *keeper;
    int input;
    int output;
    bool has_exited;
    bool is_alone;
    int wait_status;
    bool is_gone;
    enum keeper_end end;
};

/* The linker has close(2) replaced in all programs, by a function that locks. In a keeper's process
 * another thread's lock would never be released: so none may call it. */
static pid_t program; /* which may */

int __real_close(int fd);
int __wrap_close(int fd);
ssize_t __real_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);

int __wrap_close(int fd)
{
    if (getpid() != program)
        abort();
    return __real_close(fd);
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags)
{
    return __real_recvmsg(fd, message, flags);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
    return __real_sendmsg(fd, message, flags);
}

static inline void stop_loop(void)
{
    ev_break(ev_default_loop(EVFLAG_AUTO), EVBREAK_ALL);
}

static inline void on_exit_status(void *user, int wait_status, bool alone)
{
    struct kept *kept = user;
    assert_false(kept->has_exited);
    kept->has_exited = true;
    kept->is_alone = alone;
    kept->wait_status = wait_status;
    stop_loop();
}

static inline void on_gone(void *user, enum keeper_end end)
{
    struct kept *kept = user;
    assert_false(kept->is_gone);
    kept->is_gone = true;
    kept->end = end;
    stop_loop();
}

static inline void run_until(const bool *flag)
{
    alarm(FOREVER_S);
    while (!*flag)
        ev_run(ev_default_loop(EVFLAG_AUTO), 0);
    alarm(0);
}

static inline void start(struct kept *kept, const char *script)
{
    int inputs[2];
    int outputs[2];
    assert_int_equal(pipe2(inputs, O_CLOEXEC) | pipe2(outputs, O_CLOEXEC), 0);
    *kept = (struct kept){.input = inputs[1], .output = outputs[0]};
    auto_error struct error *err = NULL;
    kept->keeper = keeper_start(
        &(struct keeper_options){
            .path = "/bin/sh",
            .argv = (const char *const[]){"sh", "-c", script, NULL},
            .input = inputs[0],
            .output = outputs[1],
            .error = STDERR_FILENO,
            .kill_grace_ms = GRACE_MS,
            .on_exit = on_exit_status,
            .on_gone = on_gone,
            .user = kept,
        },
        &err);
    if (kept->keeper == NULL)
        fail_msg("%s", err->message);
    close(inputs[0]);
    close(outputs[1]);
}

static inline void clear(struct kept *kept)
{
    close(kept->input);
    close(kept->output);
}

/* Lets a script go on that waits with "read". */
static inline void go(const struct kept *kept)
{
    assert_int_equal(write(kept->input, "\n", 1), 1);
}

/* The next pid that the script prints, on a line of its own. */
static inline pid_t read_pid(struct kept *kept)
{
    char text[16] = "";
    size_t length = 0;
    alarm(FOREVER_S);
    while (length < sizeof(text) - 1 && read(kept->output, text + length, 1) == 1 &&
           text[length] != '\n')
        length++;
    alarm(0);
    text[length] = '\0';
    long pid = 0;
    assert_true(text_parse_int(text, 2, INT32_MAX, &pid));
    return (pid_t)pid;
}

/* Whether no such process is left, not even a zombie. */
static inline bool is_gone(pid_t pid)
{
    return kill(pid, 0) < 0 && errno == ESRCH;
}

/* Whether a process runs: it exists and is not a zombie. */
static inline bool runs(pid_t pid)
{
    auto_fd int fd = pidfd_open(pid, 0);
    struct pollfd ended = {.fd = fd, .events = POLLIN};
    return fd >= 0 && poll(&ended, 1, 0) == 0;
}

/* Reaps until a process has gone. */
static inline void await_end(pid_t pid)
{
    alarm(FOREVER_S);
    while (!is_gone(pid))
        waitpid(-1, NULL, WNOHANG);
    alarm(0);
}

#endif
