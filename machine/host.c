#include "machine/host.h"

#include <string.h>
#include <sys/un.h>

#include "base/file.h"
#include "base/text.h"

/* Checks a path for the domain, which an option gives. */
static int check_path(const char *option, const char *path, struct error **err)
{
    auto_free char *shown = text_printable(path, strlen(path), strlen(path));
    if (streq(shown, path))
        return 0;
    return error_set(err, ERROR_USAGE,
        "%s: the path %s contains characters that a domain cannot hold", option, shown);
}

static int check_socket(const char *option, const char *path, struct error **err)
{
    static const size_t socket_max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
    if (check_path(option, path, err) < 0)
        return -1;
    if (strlen(path) <= socket_max)
        return 0;
    return error_set(err, ERROR_USAGE,
        "%s: the socket path %s is longer than %zu bytes: choose a shorter directory", option, path,
        socket_max);
}

int machine_host_check(const struct machine_host *host, struct error **err)
{
    if (host->console_file != NULL && check_path("--console", host->console_file, err) < 0)
        return -1;
    auto_free char *socket = file_join(host->work_directory, "virt-usbredir-0");
    return check_socket("--tmp-dir", socket, err);
}
