#include "manager/plugin_socket.h"

#include <fnmatch.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/unix_socket.h"

enum { DIRECTORY_MODE = 0750, SOCKET_MODE = 0660 };

int manager_plugin_socket_check(const char *path, struct error **err)
{
    if (path[0] != '/' || strstr(path, "//") != NULL || strstr(path, "/./") != NULL ||
        strstr(path, "/../") != NULL)
        return error_set(err, ERROR_USAGE,
            "--plugin-socket: \"%s\" must be an absolute path without \"//\", \"/./\" and "
            "\"/../\"",
            path);
    if (!text_ends_with(path, ".sock"))
        return error_set(err, ERROR_USAGE, "--plugin-socket: \"%s\" must end in .sock", path);
    if (strlen(path) > MANAGER_PLUGIN_SOCKET_MAX_BYTES)
        return error_set(err, ERROR_USAGE,
            "--plugin-socket: \"%s\" has %zu bytes; the address of a socket holds at most %d", path,
            strlen(path), MANAGER_PLUGIN_SOCKET_MAX_BYTES);
    return 0;
}

bool manager_plugin_socket_is_reachable(const char *path)
{
    return fnmatch(MANAGER_PLUGIN_DIRECTORY "/*/*.sock", path, 0) == 0;
}

int manager_plugin_socket_clear(const char *path, struct error **err)
{
    auto_free char *directory = xstrndup(path, (size_t)(strrchr(path, '/') - path) + 1);
    if (file_make_directories(directory, DIRECTORY_MODE, err) < 0)
        return error_wrap(err, "the plugin socket %s", path);
    return unix_socket_remove_stale(path, err);
}

int manager_plugin_socket_listen(const char *path, struct error **err)
{
    return unix_socket_listen(path, SOCKET_MODE, err);
}
