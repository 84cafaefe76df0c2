/* A keeper: a small process between this one and a child, which tells it and all its descendants
 * from the rest. It is a child subreaper (PR_SET_CHILD_SUBREAPER(2const)): whatever the child does,
 * setsid(2), a double fork or daemon(3), its orphans become the keeper's children. So the keeper
 * finds all of them as its own descendants (base/descendants.h) and nothing else, reaps them, and
 * knows from waitpid(2) when none is left.
 *
 * The child has the same user ID and may kill or stop its keeper. The orphans of a killed keeper
 * come to this process if it has called keeper_prepare; they are recognized because all other
 * children are keepers, and are killed. A keeper that does not do what it is told in time is
 * killed. When this process ends, its keepers end what they keep. All of it runs on libev's default
 * loop, which reaps the keepers. */
#ifndef BASE_KEEPER_H
#define BASE_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct keeper;

/* Why a keeper is gone. */
enum keeper_end {
    KEEPER_ALL_ENDED, /* no process is left */
    KEEPER_STUCK, /* some could not be killed: other user ID, uninterruptible sleep, no /proc */
    KEEPER_LOST, /* it was killed; if this process adopts orphans, no process is left */
};

/* The child has exited, with a wait status as waitpid(2) gives it. When it is alone, the keeper is
 * freed after this returns; else it waits for keeper_end_all, keeper_stay or keeper_release. */
typedef void keeper_on_exit(void *user, int wait_status, bool alone);
/* The keeper is freed after this returns. on_exit was not called if the keeper was lost before. */
typedef void keeper_on_gone(void *user, enum keeper_end end);

struct keeper_options {
    const char *path; /* of the program */
    const char *const *argv;
    const char *const *environment; /* NULL: this process's own */
    int input;
    int output; /* -1: this process's own standard output and error */
    int error;
    int64_t kill_grace_ms; /* between SIGTERM and SIGKILL */
    keeper_on_exit *on_exit;
    keeper_on_gone *on_gone;
    void *user;
};

/* For a program whose children are all keepers. Makes it a child subreaper, which from now on kills
 * the orphans of a keeper that is killed: they are its only other children. As process 1 of a pid
 * namespace it then also kills the orphans of processes that entered the namespace from outside.
 * Returns 0, or -1 with an io error. */
int keeper_prepare(struct error **err);

/* After keeper_prepare: forks a small process, which creates the keepers from now on, faster than a
 * program with threads could. Without it they are forked all the same. Returns 0, or -1 with an io
 * error. */
int keeper_open_nursery(struct error **err);

/* Starts a child in its own process group, with default signal actions and no descriptors but 0 to
 * 2. Returns its keeper, which frees itself; or NULL with an io error that has errnum, and no
 * callback. */
struct keeper *keeper_start(const struct keeper_options *options, struct error **err);

/* Sends SIGTERM to the child and all its descendants, and SIGKILL after the grace period to those
 * that are left; on_gone follows. */
void keeper_end_all(struct keeper *keeper);

/* Kills the processes in the child's group. Only after on_exit, and before the functions below. */
void keeper_kill_group(struct keeper *keeper);

/* Lets the processes that the child left live on; on_gone is called when none is left. Replaces the
 * callback. Only after on_exit. */
void keeper_stay(struct keeper *keeper, keeper_on_gone *on_gone, void *user);

/* Lets them live on without a keeper, as orphans, until this process has to kill those of a lost
 * keeper, if it adopts orphans; frees the keeper without a callback. Only after on_exit. */
void keeper_release(struct keeper *keeper);

#endif
