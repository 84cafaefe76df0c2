/* The processes that descend from the calling one, as /proc shows them: its children, their
 * children and so on, whatever process groups, sessions and namespaces they have created. Orphans
 * stay among them if the caller is a child subreaper (PR_SET_CHILD_SUBREAPER(2const)) or process 1.
 *
 * Parentage is the kernel's and no process can change its own, so nothing escapes and no other
 * process is ever signaled. A pid that is reused does no harm: a process is signaled through a
 * pidfd, and only if it has a parent already known to be a descendant, which still has its pid
 * when that has been read. A child of the caller needs no such care: only the caller reaps it.
 *
 * /proc has to show the caller's own pid namespace; otherwise nobody is found. Before Linux 5.3,
 * which has no pidfd_open(2), only children are signaled. A process with another user ID may refuse
 * signals. The functions allocate nothing and take no locks, so that they may be called in the
 * child of a process with threads. Only one thread of the caller may reap children. */
#ifndef BASE_DESCENDANTS_H
#define BASE_DESCENDANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    DESCENDANTS_AT_ONCE = 512, /* found by one walk; it takes as many descriptors */
};

/* Whether to leave a child of the caller alone, with all its descendants. */
typedef bool descendants_spare(void *user, pid_t child);

/* Sends a signal once, after the walk, to each process that one walk finds, except the members of a
 * process group (0: no exception). A process that is created during the walk may be missed. */
void descendants_signal(int number, pid_t except_group);

/* Kills what one walk finds. First it stops each process before it lists its children, so that what
 * has been found creates nothing more; then it kills them all. spare may be NULL. Returns how many
 * living processes it has found, of which some may still be dying; SIZE_MAX if it could find none,
 * because /proc does not tell or no descriptor is free. Repeat it whenever a child has been reaped: a
 * process that a walk missed has by then become a child. 0 means that nobody was left but what was
 * spared, and zombies, if nobody has reaped children meanwhile. */
size_t descendants_kill(descendants_spare *spare, void *user);

#endif
