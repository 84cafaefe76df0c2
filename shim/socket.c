#include "shim/socket.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/unix_socket.h"

enum {
    NAME_TRIES = 10, /* the first try fails with a chance of one in 1.7 million */
    SOCKET_MODE = 0755,
};

DEFINE_CLEANUP(directory, DIR *, closedir);

/* Returns a path shim-XXXX.sock, with four random characters; or NULL with an io error. */
static char *random_path(const char *directory, struct error **err)
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    unsigned char random[4] = {0};
    if (getrandom(random, sizeof(random), 0) < 0) {
        error_set_errno(err, "choosing a name for the socket");
        return NULL;
    }
    char name[sizeof(random) + 1] = "";
    for (size_t i = 0; i < sizeof(random); i++)
        name[i] = characters[random[i] % (sizeof(characters) - 1)];
    return xasprintf("%s/shim-%s.sock", directory, name);
}

static void remove_stale(const char *directory, DIR *entries)
{
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        if (fnmatch("shim-*.sock", entry->d_name, 0) == 0) {
            auto_free char *path = file_join(directory, entry->d_name);
            unix_socket_remove_stale(
                path, NULL); /* a live one, or one that cannot be removed, stays */
        }
    }
}

int shim_socket_open(const char *directory, char **path, struct error **err)
{
    auto_cleanup(directory) DIR *entries = opendir(directory);
    if (entries == NULL)
        return error_set_errno(err, "opening the socket directory %s", directory);
    /* A shim that has bound its socket and does not listen yet looks dead, so shims in one
     * directory take turns. Closing the descriptor releases the lock. */
    if (flock(dirfd(entries), LOCK_EX) < 0)
        return error_set_errno(err, "locking the socket directory %s", directory);
    remove_stale(directory, entries);

    mode_t mask = umask(0);
    umask(mask);
    for (int i = 0; i < NAME_TRIES; i++) {
        auto_error struct error *failure = NULL;
        auto_free char *candidate = random_path(directory, &failure);
        int fd =
            candidate != NULL ? unix_socket_listen(candidate, SOCKET_MODE & ~mask, &failure) : -1;
        if (fd >= 0) {
            *path = steal(&candidate);
            return fd;
        }
        if (failure->errnum != 0) /* 0: a live socket has that name */
            return error_move(err, steal(&failure));
    }
    return error_set(err, ERROR_IO, "found no free name for a socket in %s", directory);
}
