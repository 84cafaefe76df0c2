#include "machine/direct_io.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"

bool machine_direct_io_works(const char *path)
{
    static const int flags = O_RDONLY | O_DIRECT | O_CLOEXEC | O_NONBLOCK;
    auto_fd int fd = open(path, flags);
    if (fd >= 0 || errno != ENOENT)
        return fd >= 0;
    auto_fd int made = open(path, flags | O_CREAT | O_EXCL, 0600);
    int reason = errno;
    /* a file system that does not know O_DIRECT has created the file all the same */
    if (made >= 0 || reason == EINVAL)
        unlink(path);
    return made >= 0;
}
