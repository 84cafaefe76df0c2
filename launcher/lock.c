#include "launcher/lock.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* FNV-1a: a name may be longer than an address. */
static uint64_t hash(const char *text)
{
    uint64_t value = 0xcbf29ce484222325;
    for (; *text != '\0'; text++)
        value = (value ^ (unsigned char)*text) * 0x100000001b3;
    return value;
}

/* The process that listens at the address; 0 when it cannot be told. */
static pid_t holder(const struct sockaddr_un *address, socklen_t size)
{
    auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct ucred peer = {0};
    socklen_t length = sizeof(peer);
    if (fd < 0 || connect(fd, (const struct sockaddr *)address, size) < 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
        return 0;
    return peer.pid;
}

int launcher_lock_take(const char *domain_name, struct error **err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
        "hookline/launcher/%u/%016jx", geteuid(), (uintmax_t)hash(domain_name));
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_set_errno(err, "locking %s", domain_name);
    if (bind(fd, (const struct sockaddr *)&address, size) == 0 && listen(fd, 1) == 0)
        return steal_fd(&fd);
    if (errno != EADDRINUSE)
        return error_set_errno(err, "locking %s", domain_name);
    pid_t pid = holder(&address, size);
    if (pid == 0)
        return error_set(err, ERROR_IO, "%s is being launched already", domain_name);
    return error_set(
        err, ERROR_IO, "%s is being launched already, by process %d", domain_name, (int)pid);
}
