#include "base/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
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
    ENDING, /* the keeper is ending the child and its descendants */
    DRAINING, /* the child has exited; the timer limits the wait for its outputs to close */
};

struct subprocess {
    struct ev_loop *loop;
    struct keeper *keeper; /* NULL: it is gone, with all that it kept */
    ev_timer timer;
    ev_io output; /* fd is -1 after end of file */
    ev_io error; /* the same */
    enum phase phase;
    bool has_exited;
    bool needs_output;
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

/* Ends the child and its descendants. */
static void end(struct subprocess *child)
{
    if (child->phase == ENDING || child->keeper == NULL)
        return;
    child->phase = ENDING;
    ev_timer_stop(child->loop, &child->timer);
    keeper_end_all(child->keeper);
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

/* Reads what the pipes still hold: the child may have written it before it exited. */
static void read_rest(struct subprocess *child)
{
    if (child->output.fd >= 0)
        output_read(child);
    if (child->error.fd >= 0)
        error_read(child);
}

static void child_free(struct subprocess *child)
{
    free(child->result.output);
    free(child->result.error_tail);
    free(child->tail);
    free(child);
}

static void finish(struct subprocess *child)
{
    read_rest(child);
    if (child->line_length > 0)
        line_flush(child);
    stream_close(child, &child->output);
    stream_close(child, &child->error);
    ev_timer_stop(child->loop, &child->timer);

    struct subprocess_result *result = &child->result;
    result->output = xrealloc(result->output, result->output_length + 1);
    result->output[result->output_length] = '\0';
    result->error_tail = tail_text(child);
    child->on_done(child->user, result);
    if (result->left != NULL)
        keeper_release(result->left);
    child_free(child);
}

static bool has_failed(const struct subprocess *child)
{
    const struct subprocess_result *result = &child->result;
    return result->wait_status != 0 || result->canceled || result->output_too_large ||
           (child->needs_output && result->output_length == 0);
}

/* The child has exited, and its outputs have been read: decides about what it has left. */
static void conclude(struct subprocess *child)
{
    read_rest(child);
    if (child->keeper != NULL && has_failed(child)) {
        end(child);
        return;
    }
    if (child->keeper != NULL && child->result.output_held)
        keeper_kill_group(child->keeper);
    child->result.left = steal(&child->keeper);
    finish(child);
}

static void conclude_when_drained(struct subprocess *child)
{
    if (child->phase == DRAINING && child->output.fd < 0 && child->error.fd < 0)
        conclude(child);
}

static void on_output(UNUSED struct ev_loop *loop, ev_io *watcher, UNUSED int events)
{
    output_read(watcher->data);
    conclude_when_drained(watcher->data);
}

static void on_error(UNUSED struct ev_loop *loop, ev_io *watcher, UNUSED int events)
{
    error_read(watcher->data);
    conclude_when_drained(watcher->data);
}

static void on_child_exit(void *user, int wait_status, bool alone)
{
    struct subprocess *child = user;
    child->result.wait_status = wait_status;
    child->has_exited = true;
    if (alone)
        child->keeper = NULL;
    if (child->phase == ENDING) {
        if (alone)
            finish(child);
        return;
    }
    child->phase = DRAINING;
    timer_set(child, SUBPROCESS_DRAIN_MS);
    conclude_when_drained(child);
}

static void on_keeper_gone(void *user, enum keeper_end how)
{
    struct subprocess *child = user;
    child->keeper = NULL;
    child->result.is_stuck = how == KEEPER_STUCK;
    child->result.keeper_lost = how == KEEPER_LOST;
    if (!child->has_exited)
        child->result.wait_status = W_EXITCODE(0, SIGKILL);
    finish(child);
}

static void on_timer(UNUSED struct ev_loop *loop, ev_timer *watcher, UNUSED int events)
{
    struct subprocess *child = watcher->data;
    if (child->phase == DRAINING) {
        child->result.output_held = !child->result.canceled;
        conclude(child);
        return;
    }
    child->result.timed_out = true;
    end(child);
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

/* The input is a memory file: it needs no feeding, and the child need not read it. */
static int input_open(const void *input, size_t length, struct error **err)
{
    if (input == NULL) {
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return null >= 0 ? null : error_set_errno(err, "opening /dev/null");
    }
    auto_fd int fd = file_open_memory("standard input", err);
    if (fd < 0)
        return -1;
    if (file_write_all(fd, input, length, err) < 0)
        return error_wrap(err, "the input of %zu bytes", length);
    lseek(fd, 0, SEEK_SET);
    return steal_fd(&fd);
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

static bool is_unexecutable(const char *path)
{
    return is_file(path) && !is_executable(path);
}

char *subprocess_find_unexecutable(const char *name, const char *path)
{
    return search(name, path != NULL ? path : getenv("PATH"), is_unexecutable);
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

static struct subprocess *child_new(const struct subprocess_options *options)
{
    struct subprocess *child = xcalloc(1, sizeof(*child));
    child->loop = ev_default_loop(EVFLAG_AUTO);
    child->needs_output = options->needs_output;
    child->output_limit = options->output_limit;
    child->tail_limit = options->error_tail_limit;
    child->tail = xmalloc(options->error_tail_limit);
    child->on_error_line = options->on_error_line;
    child->on_done = options->on_done;
    child->user = options->user;
    ev_timer_init(&child->timer, on_timer, 0, 0);
    child->timer.data = child->output.data = child->error.data = child;
    return child;
}

struct subprocess *subprocess_start(const struct subprocess_options *options, struct error **err)
{
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
    auto_error struct error *failure = NULL;
    struct subprocess *child = child_new(options);
    child->keeper = keeper_start(
        &(struct keeper_options){
            .path = path,
            .argv = options->argv,
            .environment = options->environment,
            .input = input,
            .output = their_output,
            .error = their_error,
            .kill_grace_ms = options->kill_grace_ms,
            .on_exit = on_child_exit,
            .on_gone = on_keeper_gone,
            .user = child,
        },
        &failure);
    if (child->keeper == NULL) {
        child_free(child);
        errno = failure->errnum;
        error_set_errno(err, "starting %s%s", path, spawn_hint(errno, path));
        return NULL;
    }
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
    if (child->keeper == NULL)
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
