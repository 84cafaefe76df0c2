/* The program's side of keepers' processes (base/keep.h): has them created, and signals them. */
#ifndef BASE_KEEP_LINK_H
#define BASE_KEEP_LINK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/keep.h"

struct keep_link {
    pid_t pid; /* a child of this process, which libev's default loop reaps */
    int pidfd; /* -1 before Linux 5.3 */
    int control; /* socket */
};

/* What a keeper is to start; the arguments of posix_spawn(3), and the child's descriptors. */
struct keep_link_options {
    const char *path;
    const char *const *argv;
    const char *const *environment; /* NULL: this process's own */
    int input;
    int output;
    int error;
    int64_t kill_grace_ms;
    int64_t limit_ms; /* half of it for the nursery to read the job */
};

/* Forks the nursery (base/keep.h), whose descendants are the keepers from now on. Returns 0, or -1 with an io error. */
int keep_link_open_nursery(struct error **err);

/* Whether a child is the nursery, even as a zombie; not if it has got the pid of one that was reaped. */
bool keep_link_is_nursery(pid_t pid);

/* Has a keeper created, by the nursery if there is one, and waits until it has started its child.
 * Returns 0 with *link; or an errno: that of starting it, ETIMEDOUT, or EOWNERDEAD if the keeper was
 * killed. After the last two, the keeper or the child may live as children of this process: a keeper
 * ends its child, and itself, as soon as it runs. */
int keep_link_start(const struct keep_link_options *options, struct keep_link *link);

void keep_link_signal(const struct keep_link *link, int number);

void keep_link_close(struct keep_link *link);

#endif
