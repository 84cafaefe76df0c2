#include "cli/usr.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "hostpath/hostpath.h"

char *cli_usr_resolve(const char *path)
{
    auto_free char *normal = hostpath_normalize(path);
    size_t first = strcspn(normal + 1, "/") + 1;
    auto_free char *top = xstrndup(normal, first);
    char target[64];
    ssize_t length = readlink(top, target, sizeof(target) - 1);
    if (length <= 0)
        return steal(&normal);
    target[length] = '\0';
    const char *in_usr = target[0] == '/' ? target + 1 : target;
    if (!text_starts_with(in_usr, "usr/"))
        return steal(&normal);
    return xasprintf("/%s%s", in_usr, normal + first);
}

bool cli_usr_lacks(const char *path, bool is_directory)
{
    struct stat status;
    if (!text_starts_with(path, "/usr/"))
        return false;
    return stat(path, &status) < 0 || S_ISDIR(status.st_mode) != is_directory;
}

/* Fills a new directory with links to what the host's has; the host may have none. */
static int link_entries(const char *directory, const char *host_directory, struct error **err)
{
    DIR *host = opendir(host_directory);
    if (host == NULL)
        return errno == ENOENT ? 0 : error_set_errno(err, "reading %s", host_directory);
    int result = 0;
    const struct dirent *entry = NULL;
    while (result == 0 && (entry = readdir(host)) != NULL) {
        if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
            continue;
        auto_free char *target =
            xasprintf(CLI_USR_IMAGE "%s/%s", host_directory + strlen("/usr"), entry->d_name);
        auto_free char *link = file_join(directory, entry->d_name);
        if (symlink(target, link) < 0)
            result = error_set_errno(err, "making the link %s", link);
    }
    closedir(host);
    return result;
}

/* Makes one directory of the way, where it is a link or nothing now. */
static int add_directory(const char *path, const char *host_path, struct error **err)
{
    struct stat status;
    if (lstat(path, &status) == 0) {
        if (S_ISDIR(status.st_mode))
            return 0;
        unlink(path);
    }
    if (mkdir(path, 0755) < 0)
        return error_set_errno(err, "making the directory %s", path);
    return link_entries(path, host_path, err);
}

int cli_usr_add_place(
    const char *directory, const char *path, bool is_directory, struct error **err)
{
    if (!text_starts_with(path, "/usr/"))
        return 0;
    auto_free char *host_path = xstrdup(path);
    for (char *slash = host_path + strlen("/usr"); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        auto_free char *place = xasprintf("%s%s", directory, host_path + strlen("/usr"));
        if (add_directory(place, host_path, err) < 0)
            return -1;
        *slash = '/';
    }
    auto_free char *place = xasprintf("%s%s", directory, path + strlen("/usr"));
    if (is_directory)
        return add_directory(place, path, err);
    unlink(place);
    auto_fd int fd = open(place, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    return fd < 0 ? error_set_errno(err, "making the file %s", place) : 0;
}
