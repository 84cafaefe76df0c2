#include "base/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "base/unused.h"

enum {
    READ_SIZE = 1 << 16, /* what a pipe holds */
    LINE_SIZE = 4096, /* the longest piece of a line of standard error */
};

enum phase {
    RUNNING, /* the timer is the deadline, if there is one */
    ENDING, /* SIGTERM was sent; the timer runs until SIGKILL */
    DRAINING, /* the child has exited; the timer limits the wait for its outputs to close */
};

struct subprocess {
    struct ev_loop *loop;
    ev_child child;
    ev_timer timer;
    ev_io output; /* fd is -1 after end of file */
    ev_io error; /* the same */
    enum phase phase;
    int64_t kill_grace_ms;
    size_t output_limit;
    size_t output_capacity;
    char *tail; /* the last tail_length bytes of standard error */
    size_t tail_length;
    size_t tail_limit;
    bool tail_is_cut;
    char line[LINE_SIZE + 1]; /* the incomplete last line of standard error */
    size_t line_length;
    subprocess_line *on_error_line;
    subprocess_done *on_done;
    void *user;
    struct subprocess_result result;
};

static void timer_set(struct subprocess *child, int64_t milliseconds)
{
    ev_timer_stop(child->loop, &child->timer);
    ev_now_update(child->loop);
    ev_timer_set(&child->timer, (double)milliseconds / 1000, 0);
    ev_timer_start(child->loop, &child->timer);
}

static void stream_close(struct subprocess *child, ev_io *stream)
{
    if (stream->fd < 0)
        return;
    ev_io_stop(child->loop, stream);
    close(stream->fd);
    stream->fd = -1;
}

static void signal_group(const struct subprocess *child, int number)
{
    kill(-child->child.pid, number);
}

/* Sends SIGTERM to the group; SIGKILL follows after the grace period. */
static void end(struct subprocess *child)
{
    if (child->phase != RUNNING)
        return;
    child->phase = ENDING;
    signal_group(child, SIGTERM);
    timer_set(child, child->kill_grace_ms);
}

static void line_flush(struct subprocess *child)
{
    child->line[child->line_length] = '\0';
    child->line_length = 0;
    if (child->on_error_line != NULL)
        child->on_error_line(child->user, child->line);
}

static void lines_feed(struct subprocess *child, const char *data, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (data[i] == '\n') {
            line_flush(child);
            continue;
        }
        if (child->line_length == LINE_SIZE)
            line_flush(child);
        child->line[child->line_length++] = data[i];
    }
}

static void tail_feed(struct subprocess *child, const char *data, size_t length)
{
    if (length > child->tail_limit) {
        data += length - child->tail_limit;
        length = child->tail_limit;
        child->tail_is_cut = true;
    }
    size_t room = child->tail_limit - length;
    if (child->tail_length > room) {
        memmove(child->tail, child->tail + child->tail_length - room, room);
        child->tail_length = room;
        child->tail_is_cut = true;
    }
    memcpy(child->tail + child->tail_length, data, length);
    child->tail_length += length;
}

/* The tail of standard error: whole lines if possible, without the last newline. */
static char *tail_text(const struct subprocess *child)
{
    const char *start = child->tail;
    size_t length = child->tail_length;
    while (length > 0 && start[length - 1] == '\n')
        length--;
    const char *newline = child->tail_is_cut ? memchr(start, '\n', length) : NULL;
    if (newline != NULL) {
        length -= (size_t)(newline + 1 - start);
        start = newline + 1;
    }
    return xstrndup(start, length);
}

/* Reads available standard error, at most a pipe's capacity. */
static void error_read(struct subprocess *child)
{
    char data[READ_SIZE];
    ssize_t got = read(child->error.fd, data, sizeof(data));
    if (got <= 0) {
        if (got == 0 || (errno != EAGAIN && errno != EINTR))
            stream_close(child, &child->error);
        return;
    }
    /* A line and the tail are C strings, which cannot hold zero bytes. */
    for (char *zero = data; (zero = memchr(zero, '\0', (size_t)(data + got - zero))) != NULL;)
        *zero = '?';
    lines_feed(child, data, (size_t)got);
    tail_feed(child, data, (size_t)got);
}

/* Reads available standard output, at most a pipe's capacity, into the result. */
static void output_read(struct subprocess *child)
{
    struct subprocess_result *result = &child->result;
    if (result->output_length + READ_SIZE >= child->output_capacity) {
        child->output_capacity = 2 * child->output_capacity + READ_SIZE + 1;
        result->output = xrealloc(result->output, child->output_capacity);
    }
    ssize_t got = read(child->output.fd, result->output + result->output_length, READ_SIZE);
    if (got <= 0) {
        if (got == 0 || (errno != EAGAIN && errno != EINTR))
            stream_close(child, &child->output);
        return;
    }
    result->output_length += (size_t)got;
    if (result->output_length > child->output_limit) {
        result->output_too_large = true;
        result->output_length = child->output_limit;
        stream_close(child, &child->output);
        end(child);
    }
}

static void finish(struct subprocess *child)
{
    /* The pipes may still hold what the child wrote before it exited. */
    if (child->output.fd >= 0)
        output_read(child);
    if (child->error.fd >= 0)
        error_read(child);
    if (child->line_length > 0)
        line_flush(child);
    stream_close(child, &child->output);
    stream_close(child, &child->error);
    ev_timer_stop(child->loop, &child->timer);
    ev_child_stop(child->loop, &child->child);

    struct subprocess_result *result = &child->result;
    result->output = xrealloc(result->output, result->output_length + 1);
    result->output[result->output_length] = '\0';
    result->error_tail = tail_text(child);
    child->on_done(child->user, result);
    free(result->output);
    free(result->error_tail);
    free(child->tail);
    free(child);
}

static void finish_when_drained(struct subprocess *child)
{
    if (child->phase == DRAINING && child->output.fd < 0 && child->error.fd < 0)
        finish(child);
}

static void on_output(UNUSED struct ev_loop *loop, ev_io *watcher, UNUSED int events)
{
    output_read(watcher->data);
    finish_when_drained(watcher->data);
}

static void on_error(UNUSED struct ev_loop *loop, ev_io *watcher, UNUSED int events)
{
    error_read(watcher->data);
    finish_when_drained(watcher->data);
}

static void on_exit_status(struct ev_loop *loop, ev_child *watcher, UNUSED int events)
{
    struct subprocess *child = watcher->data;
    child->result.wait_status = watcher->rstatus;
    ev_child_stop(loop, watcher);
    if (child->phase == ENDING) {
        signal_group(child, SIGKILL);
        finish(child);
        return;
    }
    child->phase = DRAINING;
    timer_set(child, SUBPROCESS_DRAIN_MS);
    finish_when_drained(child);
}

static void on_timer(UNUSED struct ev_loop *loop, ev_timer *watcher, UNUSED int events)
{
    struct subprocess *child = watcher->data;
    switch (child->phase) {
    case RUNNING:
        child->result.timed_out = true;
        end(child);
        break;
    case ENDING:
        signal_group(child, SIGKILL);
        break;
    case DRAINING:
        child->result.output_held = true;
        signal_group(child, SIGKILL);
        finish(child);
        break;
    }
}

/* Creates a pipe whose read end, ours, is non-blocking. */
static int pipe_open(int *read_end, int *write_end, struct error **err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set_errno(err, "creating a pipe");
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *read_end = ends[0];
    *write_end = ends[1];
    return 0;
}

/* Some kernels refuse a memory file that may become executable; kernels before 6.3 do not know the
 * flag. Source: memfd_create(2). */
static int memory_open(void)
{
    enum { NOEXEC_SEAL = 8 }; /* MFD_NOEXEC_SEAL, which glibc 2.36 does not name */
    int fd = memfd_create("standard input", MFD_CLOEXEC | NOEXEC_SEAL);
    return fd < 0 && errno == EINVAL ? memfd_create("standard input", MFD_CLOEXEC) : fd;
}

/* The input is a memory file: it needs no feeding, and the child need not read it. */
static int input_open(const void *input, size_t length, struct error **err)
{
    if (input == NULL) {
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return null >= 0 ? null : error_set_errno(err, "opening /dev/null");
    }
    auto_fd int fd = memory_open();
    if (fd < 0)
        return error_set_errno(err, "creating a memory file for the input");
    if (file_write_all(fd, input, length, err) < 0)
        return error_wrap(err, "the input of %zu bytes", length);
    lseek(fd, 0, SEEK_SET);
    return steal_fd(&fd);
}

/* Starts path with the child's ends of the streams; an output or error of -1 is inherited. Returns
 * 0 or an errno. */
static int spawn(const char *path, const struct subprocess_options *options, int input, int output,
    int error, pid_t *pid)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    if (output >= 0) {
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions, error, STDERR_FILENO);
    }
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    char *const *environment =
        options->environment != NULL ? (char *const *)options->environment : environ;
    int errnum =
        posix_spawn(pid, path, &actions, &attributes, (char *const *)options->argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return errnum;
}

/* The first candidate for name in the directories of path that accept approves. */
static char *search(const char *name, const char *path, bool (*accept)(const char *candidate))
{
    while (path != NULL) {
        size_t length = strcspn(path, ":");
        auto_free char *candidate =
            xasprintf("%.*s/%s", (int)length, length > 0 ? path : ".", name);
        if (accept(candidate))
            return steal(&candidate);
        path = path[length] == ':' ? path + length + 1 : NULL;
    }
    return NULL;
}

static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static bool is_executable(const char *path)
{
    return is_file(path) && access(path, X_OK) == 0;
}

char *subprocess_find(const char *name, const char *path)
{
    return search(name, path != NULL ? path : getenv("PATH"), is_executable);
}

/* Finds the executable. Returns its path, or NULL with an io error. */
static char *executable_find(const char *name, struct error **err)
{
    if (strchr(name, '/') != NULL)
        return xstrdup(name);
    char *path = subprocess_find(name, NULL);
    if (path != NULL)
        return path;
    auto_free char *file = search(name, getenv("PATH"), is_file);
    if (file != NULL)
        error_set(err, ERROR_IO, "starting %s: it is not executable (chmod 0755?)", file);
    else
        error_set(err, ERROR_IO, "starting %s: there is no such executable in $PATH", name);
    if (err != NULL)
        (*err)->errnum = file != NULL ? EACCES : ENOENT;
    return NULL;
}

/* execve(2) reports a missing interpreter as a missing file: says what may be wrong. */
static const char *spawn_hint(int errnum, const char *path)
{
    if (errnum == ENOEXEC)
        return " (a script must begin with #! and an interpreter, such as #!/bin/sh)";
    if (errnum == ENOENT && is_file(path))
        return " (the interpreter in its first line does not exist)";
    return "";
}

static struct subprocess *child_new(struct ev_loop *loop, const struct subprocess_options *options)
{
    struct subprocess *child = xcalloc(1, sizeof(*child));
    child->loop = loop;
    child->kill_grace_ms = options->kill_grace_ms;
    child->output_limit = options->output_limit;
    child->tail_limit = options->error_tail_limit;
    child->tail = xmalloc(options->error_tail_limit);
    child->on_error_line = options->on_error_line;
    child->on_done = options->on_done;
    child->user = options->user;
    ev_timer_init(&child->timer, on_timer, 0, 0);
    child->child.data = child->timer.data = child->output.data = child->error.data = child;
    return child;
}

struct subprocess *subprocess_start(const struct subprocess_options *options, struct error **err)
{
    /* Before the child starts: creating the loop installs the handler that must see it exit. */
    struct ev_loop *loop = ev_default_loop(EVFLAG_AUTO);
    auto_free char *path = executable_find(options->argv[0], err);
    if (path == NULL)
        return NULL;
    auto_fd int input = input_open(options->input, options->input_length, err);
    auto_fd int output = -1;
    auto_fd int their_output = -1;
    auto_fd int error = -1;
    auto_fd int their_error = -1;
    if (input < 0 || (!options->inherit_output && (pipe_open(&output, &their_output, err) < 0 ||
                                                      pipe_open(&error, &their_error, err) < 0))) {
        error_wrap(err, "starting %s", path);
        return NULL;
    }
    pid_t pid = 0;
    errno = spawn(path, options, input, their_output, their_error, &pid);
    if (errno != 0) {
        error_set_errno(err, "starting %s%s", path, spawn_hint(errno, path));
        return NULL;
    }

    struct subprocess *child = child_new(loop, options);
    ev_child_init(&child->child, on_exit_status, pid, 0);
    ev_child_start(child->loop, &child->child);
    ev_io_init(&child->output, on_output, steal_fd(&output), EV_READ);
    ev_io_init(&child->error, on_error, steal_fd(&error), EV_READ);
    if (!options->inherit_output) {
        ev_io_start(child->loop, &child->output);
        ev_io_start(child->loop, &child->error);
    }
    if (options->timeout_ms > 0)
        timer_set(child, options->timeout_ms);
    return child;
}

void subprocess_cancel(struct subprocess *child)
{
    child->result.canceled = true;
    if (child->phase == DRAINING)
        timer_set(child, 0);
    else
        end(child);
}

char *subprocess_describe(int wait_status)
{
    if (!WIFSIGNALED(wait_status))
        return xasprintf("exited with status %d", WEXITSTATUS(wait_status));
    int number = WTERMSIG(wait_status);
    const char *name = sigabbrev_np(number);
    return xasprintf("was killed by signal %d (%s)", number, name != NULL ? name : "real-time");
}
