/* What runs in a keeper's process (base/keeper.h), and what it and the program tell each other. */
#ifndef BASE_KEEP_H
#define BASE_KEEP_H

#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>

/* One byte each, from the program. End of file, for the program has ended, means KEEP_END. */
enum keep_command {
    KEEP_END = 'e', /* SIGTERM to all, and SIGKILL after the grace period */
    KEEP_KILL_GROUP =
        'g', /* SIGKILL to the child's group; only between KEEP_EXITED and KEEP_STAY */
    KEEP_STAY = 's', /* wait until no process is left */
    KEEP_FORGET = 'f', /* let all live on, without a keeper */
};

enum keep_report_kind {
    KEEP_STARTED, /* value: 0, or the errno of starting the child; then nothing follows */
    KEEP_EXITED, /* value: the child's wait status; others are left, and a command is awaited */
    KEEP_EXITED_ALONE, /* the same, but nobody is left; nothing follows */
    KEEP_ALL_ENDED, /* nothing follows */
    KEEP_BUSY, /* processes are being killed, and some have ended; sent now and then */
    KEEP_STUCK, /* some could not be killed; nothing follows */
};

/* A message to the program. */
struct keep_report {
    enum keep_report_kind kind;
    int value;
};

struct keep_options {
    int control; /* a SOCK_SEQPACKET socket whose other end the program has */
    int64_t kill_grace_ms;
    const char *path; /* the child's program, and the other arguments of posix_spawn(3) */
    const posix_spawn_file_actions_t *actions;
    const posix_spawnattr_t *attributes;
    char *const *argv;
    char *const *environment;
};

enum {
    /* A keeper gives up when it has been killing for this long and nothing has ended: a process in
     * uninterruptible sleep, or with another user ID, may resist. */
    KEEP_KILL_LIMIT_MS = 10000,
    /* It gives up in any case after this time. Thousands of processes that take all CPU time leave
     * it little of that. */
    KEEP_KILL_MOST_MS = 120000,
};

/* Starts the child, keeps its descendants and exits when none is left. Call it in the child of
 * _Fork(3), with all signals blocked. */
_Noreturn void keep_run(const struct keep_options *options);

#endif
