#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/unused.h"

int file_read_fd(
    int fd, const char *name, size_t limit, char **data, size_t *length, struct error **err)
{
    size_t capacity = 8192;
    size_t used = 0;
    auto_free char *buffer = xmalloc(capacity + 1);
    for (;;) {
        if (used == capacity) {
            capacity *= 2;
            buffer = xrealloc(buffer, capacity + 1);
        }
        ssize_t got = read(fd, buffer + used, capacity - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(err, "reading %s", name);
        if (got == 0)
            break;
        used += (size_t)got;
        if (used > limit)
            return error_set(
                err, ERROR_INPUT, "reading %s: it is larger than %zu bytes", name, limit);
    }
    buffer[used] = '\0';
    *data = steal(&buffer);
    *length = used;
    return 0;
}

int file_read(const char *path, size_t limit, char **data, size_t *length, struct error **err)
{
    if (streq(path, "-"))
        return file_read_fd(STDIN_FILENO, "standard input", limit, data, length, err);
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, "reading %s", path);
    return file_read_fd(fd, path, limit, data, length, err);
}

int file_write_all(int fd, const void *data, size_t length, struct error **err)
{
    const char *rest = data;
    while (length > 0) {
        ssize_t written = write(fd, rest, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return error_set_errno(err, "writing");
        rest += written;
        length -= (size_t)written;
    }
    return 0;
}

/* Some kernels refuse a memory file that may become executable; kernels before 6.3 do not know the
 * flag. Source: memfd_create(2). */
int file_open_memory(const char *name, struct error **err)
{
    enum { NOEXEC_SEAL = 8 }; /* MFD_NOEXEC_SEAL, which glibc 2.36 does not name */
    int fd = memfd_create(name, MFD_CLOEXEC | NOEXEC_SEAL);
    if (fd < 0 && errno == EINVAL)
        fd = memfd_create(name, MFD_CLOEXEC);
    return fd >= 0 ? fd : error_set_errno(err, "creating a memory file");
}

int file_write(const char *path, const void *data, size_t length, mode_t mode, struct error **err)
{
    auto_free char *new_path = xasprintf("%s.XXXXXX", path);
    auto_fd int fd = mkostemp(new_path, O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, "writing %s", path);
    if (fchmod(fd, mode) < 0 || file_write_all(fd, data, length, NULL) < 0 ||
        rename(new_path, path) < 0) {
        error_set_errno(err, "writing %s", path);
        unlink(new_path);
        return -1;
    }
    return 0;
}

int file_append(const char *path, const void *data, size_t length, mode_t mode, struct error **err)
{
    auto_fd int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, mode);
    if (fd < 0 || file_write_all(fd, data, length, NULL) < 0)
        return error_set_errno(err, "appending to %s", path);
    return 0;
}

int file_rename_new(const char *path, const char *new_path, struct error **err)
{
    struct stat status;
    if (renameat2(AT_FDCWD, path, AT_FDCWD, new_path, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno == EINVAL || errno == ENOSYS) { /* this file system, or kernel, cannot do that */
        if (lstat(new_path, &status) == 0)
            errno = EEXIST;
        else if (rename(path, new_path) == 0)
            return 0;
    }
    return error_set_errno(err, "creating %s", new_path);
}

int file_make_directories(const char *path, mode_t mode, struct error **err)
{
    auto_free char *partial = xstrdup(path);
    for (char *name = partial + strspn(partial, "/");;) {
        char *slash = strchr(name, '/');
        if (slash != NULL)
            *slash = '\0';
        if (mkdir(partial, mode) < 0 && errno != EEXIST)
            return error_set_errno(err, "creating the directory %s", partial);
        if (slash == NULL)
            break;
        *slash = '/';
        name = slash + 1;
    }
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return 0;
    errno = ENOTDIR;
    return error_set_errno(err, "creating the directory %s", path);
}

char *file_make_temporary(const char *prefix, struct error **err)
{
    const char *parent = getenv("TMPDIR");
    if (parent == NULL || parent[0] != '/')
        parent = "/tmp";
    auto_free char *path = xasprintf("%s/%s-XXXXXX", parent, prefix);
    if (mkdtemp(path) == NULL) {
        error_set_errno(err, "creating a temporary directory in %s", parent);
        return NULL;
    }
    return steal(&path);
}

/* Makes a directory accessible to its owner. Returns whether that may help. */
static bool open_up(const char *directory)
{
    struct stat status;
    return lstat(directory, &status) == 0 && S_ISDIR(status.st_mode) &&
           (status.st_mode & S_IRWXU) != S_IRWXU && chmod(directory, S_IRWXU) == 0;
}

static int remove_one(
    const char *path, UNUSED const struct stat *status, int kind, struct FTW *where)
{
    /* Goes on after a failure: what is left makes the final remove fail with the reason. */
    if ((kind == FTW_DP || kind == FTW_DNR ? rmdir(path) : unlink(path)) == 0)
        return 0;
    bool denied = errno == EACCES && where->level > 0;
    auto_free char *parent = xstrndup(path, denied ? (size_t)where->base - 1 : 0);
    if ((kind == FTW_DNR && open_up(path)) || (denied && open_up(parent)))
        file_remove_tree(path, NULL);
    return 0;
}

int file_remove_tree(const char *path, struct error **err)
{
    enum { OPEN_DIRECTORIES = 16 };
    if (unlink(path) == 0 || errno == ENOENT)
        return 0;
    nftw(path, remove_one, OPEN_DIRECTORIES, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    if (remove(path) < 0 && errno != ENOENT)
        return error_set_errno(err, "removing %s", path);
    return 0;
}

char *file_join(const char *directory, const char *name)
{
    return xasprintf("%s%s%s", directory, text_ends_with(directory, "/") ? "" : "/", name);
}

char *file_absolute(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    auto_free char *plain = xstrndup(path, length);
    if (path[0] == '/')
        return steal(&plain);
    auto_free char *here = getcwd(NULL, 0);
    return file_join(here != NULL ? here : "/", plain);
}
