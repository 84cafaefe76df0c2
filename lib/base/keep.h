/* What runs in a keeper's process (base/keeper.h), and what it and the program tell each other. */
#ifndef BASE_KEEP_H
#define BASE_KEEP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
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
    KEEP_STARTED,
    KEEP_NOT_STARTED, /* value: the errno of starting the child; nothing follows */
    KEEP_EXITED, /* value: the child's wait status; others are left, and a command is awaited */
    KEEP_EXITED_ALONE, /* the same, but nobody is left; nothing follows */
    KEEP_ALL_ENDED, /* nothing follows */
    KEEP_BUSY, /* processes are being killed, and some have ended; sent now and then */
    KEEP_STUCK, /* some could not be killed; nothing follows */
};

enum {
    /* For command lines. More than execve(2) accepts: 3/4 of 8 MiB. Its pages exist while in use. */
    KEEP_SPACE = 8 << 20,
    KEEP_ALIGNMENT = 4096,
};

/* A message to the program. */
struct keep_report {
    enum keep_report_kind kind;
    int value;
    int nursery; /* the pid of the one that has replaced the sender; 0 or less: none */
};

/* Arguments of execve(2). */
struct keep_command_line {
    const char *path;
    char *const *argv;
    char *const *environment;
};

/* Memory of the program and the nursery, at the same address, which children lose with exec. The
 * program offers a job before it sends it. Whoever sets offered to 0 decides what becomes of the job:
 * the nursery does it, or the program has withdrawn it. So it is never done twice, whatever is killed
 * or stopped. */
struct keep_shared {
    _Atomic(int64_t) offered; /* the number of a job; 0: none */
    struct keep_command_line what; /* in space; for as long as the program waits for the start */
    _Alignas(KEEP_ALIGNMENT) char space[KEEP_SPACE];
};

/* What to do. With it come the descriptors below. */
struct keep_job {
    int64_t number; /* from 1 */
    int64_t kill_grace_ms;
};

/* The numbers that descriptors have in a keeper and in the nursery. */
enum keep_descriptor {
    KEEP_NURSERY, /* a SOCK_SEQPACKET socket, from which the nursery reads jobs */
    KEEP_CONTROL, /* another, whose other end the program has */
    KEEP_INPUT, /* the child's standard input, output and error */
    KEEP_OUTPUT,
    KEEP_ERROR,
    KEEP_DESCRIPTORS,
    KEEP_PASSED = KEEP_DESCRIPTORS - KEEP_CONTROL, /* that come with a job */
};

enum {
    /* A keeper gives up when it has been killing for this long and nothing has ended: a process in
     * uninterruptible sleep, or with another user ID, may resist. */
    KEEP_KILL_LIMIT_MS = 10000,
    /* It gives up in any case after this time. Thousands of processes that take all CPU time leave
     * it little of that. */
    KEEP_KILL_MOST_MS = 120000,
};

/* Both run in the child of _Fork(3), with all signals blocked. The first keeps one child;
 * descriptors are the KEEP_PASSED ones, with other numbers. The second, the nursery, reads a job from
 * a socket; when it has started the child, it creates the nursery for the next one, which has the
 * same parent, and then keeps the child. So nothing has to be forked before a child starts. */
_Noreturn void keep_run(
    const struct keep_job *job, const struct keep_command_line *what, const int *descriptors);
_Noreturn void keep_run_nursery(int socket, struct keep_shared *shared);

/* Ends the offer of a job. Returns whether it was still offered: now the caller decides about it. */
bool keep_take_offer(struct keep_shared *shared, const struct keep_job *job);

#endif
