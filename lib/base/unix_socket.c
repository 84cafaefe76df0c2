#include "base/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int unix_socket_address_init(
    struct unix_socket_address *address, const char *path, struct error **err)
{
    *address = (struct unix_socket_address){.name = {.sun_family = AF_UNIX}, .directory = -1};
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
        unix_socket_address_clear(address);
        errno = ENAMETOOLONG;
        return error_set_errno(err, "the socket %s", path);
    }
    return 0;
}

void unix_socket_address_clear(struct unix_socket_address *address)
{
    if (address->directory >= 0)
        close(address->directory);
    address->directory = -1;
}

static int open_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Binds with the final mode from the start: a socket restricted only afterwards could be reached in
 * between. Never follows a link in the last component. */
static int bind_with_mode(int fd, const struct unix_socket_address *address, mode_t mode)
{
    mode_t before = umask(~mode & 0777);
    int result = bind(fd, (const struct sockaddr *)&address->name, sizeof(address->name));
    int errnum = errno;
    umask(before);
    errno = errnum;
    return result;
}

/* Removes the socket at the address if nobody listens on it. Returns 0, or -1 with an error,
 * leaving what is there alone. */
static int remove_stale(const struct unix_socket_address *address, struct error **err)
{
    const char *name = address->name.sun_path;
    struct stat status;
    if (lstat(name, &status) < 0)
        return errno == ENOENT ? 0 : error_set_errno(err, "checking what is there");
    if (!S_ISSOCK(status.st_mode)) {
        error_set(err, ERROR_IO, "a %s already exists there; only a stale socket is replaced",
            S_ISLNK(status.st_mode)   ? "symbolic link"
            : S_ISDIR(status.st_mode) ? "directory"
            : S_ISREG(status.st_mode) ? "file"
                                      : "special file");
        return -1;
    }
    auto_fd int fd = open_socket();
    if (fd < 0)
        return error_set_errno(err, "creating a socket");
    if (connect(fd, (const struct sockaddr *)&address->name, sizeof(address->name)) == 0 ||
        errno == EAGAIN)
        return error_set(err, ERROR_IO, "another process is listening there");
    if (errno == ENOENT)
        return 0;
    if (errno != ECONNREFUSED)
        return error_set_errno(err, "checking whether a process is listening there");
    if (unlink(name) < 0 && errno != ENOENT)
        return error_set_errno(err, "removing the stale socket");
    return 0;
}

int unix_socket_remove_stale(const char *path, struct error **err)
{
    struct unix_socket_address address;
    if (unix_socket_address_init(&address, path, err) < 0)
        return error_wrap(err, "removing %s", path);
    int result = remove_stale(&address, err);
    unix_socket_address_clear(&address);
    return result < 0 ? error_wrap(err, "removing %s", path) : 0;
}

static int bind_or_replace(
    int fd, const struct unix_socket_address *address, mode_t mode, struct error **err)
{
    if (bind_with_mode(fd, address, mode) == 0)
        return 0;
    if (errno == EADDRINUSE) {
        if (remove_stale(address, err) < 0)
            return -1;
        if (bind_with_mode(fd, address, mode) == 0)
            return 0;
    }
    return error_set_errno(err, "binding");
}

int unix_socket_listen(const char *path, mode_t mode, struct error **err)
{
    struct unix_socket_address address;
    if (unix_socket_address_init(&address, path, err) < 0)
        return error_wrap(err, "listening on %s", path);
    auto_fd int fd = open_socket();
    bool failed = fd < 0 ? error_set_errno(err, "creating a socket") < 0
                         : bind_or_replace(fd, &address, mode, err) < 0;
    if (!failed && listen(fd, SOMAXCONN) < 0) {
        error_set_errno(err, "listening");
        unlink(address.name.sun_path);
        failed = true;
    }
    unix_socket_address_clear(&address);
    return failed ? error_wrap(err, "listening on %s", path) : steal_fd(&fd);
}
