#include "guest/lock.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <uuid/uuid.h>

/* Writes a digest of the name, which may be too long for an address: its version 5 UUID (RFC 9562)
 * in the namespace of the nil UUID. */
static void digest(const char *domain_name, char text[UUID_STR_LEN])
{
    uuid_t machines;
    uuid_t uuid;
    uuid_clear(machines);
    uuid_generate_sha1(uuid, machines, domain_name, strlen(domain_name));
    uuid_unparse_lower(uuid, text);
}

/* The process that listens on the address; 0 if unknown. */
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

int guest_lock_take(const char *program, const char *domain_name, struct error **err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char name[UUID_STR_LEN];
    digest(domain_name, name);
    int length = snprintf(
        address.sun_path + 1, sizeof(address.sun_path) - 1, "%s/%u/%s", program, geteuid(), name);
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
        return error_set(err, ERROR_IO, "%s is already being launched", domain_name);
    return error_set(
        err, ERROR_IO, "%s is already being launched, by process %d", domain_name, (int)pid);
}
