/* A child process on the event loop: it gets its standard input in full, its standard output is
 * collected, and its standard error is passed on line by line. If it fails, at a deadline or when it
 * is canceled, it is ended together with all its descendants, also those with a session of their
 * own (base/keeper.h says what that guarantees). It runs on libev's default loop, the only one that
 * reaps children; that loop also reaps the orphans that a process with pid 1 inherits. */
#ifndef BASE_SUBPROCESS_H
#define BASE_SUBPROCESS_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/keeper.h"

struct subprocess;

enum {
    /* How long the outputs may stay open after the child has exited. If a process left behind holds
     * one open for longer, the child's process group is killed. */
    SUBPROCESS_DRAIN_MS = 1000,
};

/* How a child ended. Valid only during the callback, except for what may be stolen. */
struct subprocess_result {
    int wait_status; /* as waitpid(2) gives it */
    bool timed_out; /* terminated because the deadline passed */
    bool canceled; /* subprocess_cancel was called */
    bool output_too_large; /* terminated because it wrote more than output_limit */
    bool output_held; /* a process left behind held an output open for SUBPROCESS_DRAIN_MS */
    bool
        keeper_lost; /* its keeper was killed, and what it kept too; wait_status may be SIGKILL's */
    bool is_stuck; /* it failed, and some of its descendants could not be killed */
    /* The keeper of processes that a child left behind which has succeeded: it has exited with
     * status 0, and with output if needs_output. It may be stolen, to call keeper_stay; otherwise
     * the processes live on without it. NULL: no process is left. */
    struct keeper *left;
    char *output; /* standard output, zero-terminated; may be stolen */
    size_t output_length;
    char *error_tail; /* the last lines of standard error, at most error_tail_limit bytes */
};

typedef void subprocess_done(void *user, struct subprocess_result *result);
typedef void subprocess_line(void *user, const char *line);

struct subprocess_options {
    const char *const *argv; /* NULL-terminated; argv[0] without a slash is searched in $PATH */
    const char *const *environment; /* NULL-terminated "NAME=value"; NULL: this process's own */
    const void *input; /* standard input, copied; NULL: /dev/null */
    size_t input_length;
    bool inherit_output; /* leave standard output and error as they are; collect nothing */
    size_t output_limit; /* bytes; more standard output terminates the child */
    size_t error_tail_limit; /* bytes of standard error kept for the result */
    int64_t timeout_ms; /* 0: no deadline */
    int64_t kill_grace_ms; /* between SIGTERM and SIGKILL */
    bool needs_output; /* a child without standard output has failed */
    subprocess_line *on_error_line; /* NULL: not called. Overlong lines come in pieces. */
    subprocess_done *on_done; /* called once, from the loop, never from subprocess_start */
    void *user;
};

/* Starts a child in its own process group, with default signal actions and no descriptors but 0 to
 * 2. Returns it, owned by the loop until on_done has returned; or NULL with an io error (errnum
 * ENOENT: no such executable; E2BIG: the arguments are too large), in which case on_done is not
 * called. */
struct subprocess *subprocess_start(const struct subprocess_options *options, struct error **err);

/* Ends the child and its descendants now, as at a deadline; on_done is still called, from the loop,
 * when they have ended. */
void subprocess_cancel(struct subprocess *child);

/* Describes a wait status: "exited with status 3", "was killed by signal 9 (KILL)". Owned by the
 * caller. */
char *subprocess_describe(int wait_status);

/* The path of the first executable regular file called name in the directories of path (NULL:
 * $PATH), as a shell would find it, or NULL. Owned by the caller. */
char *subprocess_find(const char *name, const char *path);

/* The same for a regular file that is not executable, which subprocess_find passes over. */
char *subprocess_find_unexecutable(const char *name, const char *path);

#endif
