#include "rpc/address.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int rpc_address_init(struct rpc_address *address, const char *path, struct error **err)
{
    *address = (struct rpc_address){.name = {.sun_family = AF_UNIX}, .directory = -1};
    const size_t room = sizeof(address->name.sun_path);
    if (strlen(path) < room) {
        memcpy(address->name.sun_path, path, strlen(path) + 1);
        return 0;
    }
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        errno = ENAMETOOLONG;
        return error_set_errno(err, "the socket %s", path);
    }
    auto_free char *directory = xstrndup(path, (size_t)(slash - path) + 1);
    address->directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (address->directory < 0)
        return error_set_errno(err, "the directory %s", directory);
    int length =
        snprintf(address->name.sun_path, room, "/proc/self/fd/%d%s", address->directory, slash);
    if ((size_t)length >= room) {
        rpc_address_clear(address);
        errno = ENAMETOOLONG;
        return error_set_errno(err, "the socket %s", path);
    }
    return 0;
}

void rpc_address_clear(struct rpc_address *address)
{
    if (address->directory >= 0)
        close(address->directory);
    address->directory = -1;
}
