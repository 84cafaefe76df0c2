/* Closing descriptors in the child of _Fork(3), which has a copy of all locks of a process with
 * threads, and nobody to unlock them. close(2) is not safe there: programs that link lib/rpc replace
 * it with a function that locks (rpc/connection.h). */
#ifndef BASE_FORKED_H
#define BASE_FORKED_H

#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"

static inline void forked_close(int fd)
{
    syscall(SYS_close, fd);
}

static inline void cleanup_forked_fd(const int *fd)
{
    if (*fd >= 0)
        forked_close(*fd);
}

/* A file descriptor, closed when it leaves scope unless it is -1. */
#define auto_forked_fd auto_cleanup(forked_fd)

#endif
