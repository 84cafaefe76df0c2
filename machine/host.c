#include "machine/host.h"

#include <string.h>
#include <sys/un.h>

#include "base/file.h"
#include "base/text.h"

/* Checks a path for the domain. socket: the path of a unix socket. */
static void check_path(struct findings *findings, const char *path, bool socket)
{
    static const size_t socket_max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
    if (path == NULL)
        return;
    auto_free char *shown = text_printable(path, strlen(path), strlen(path));
    if (!streq(shown, path)) {
        findings_error(
            findings, "", "the path %s contains characters that a domain cannot hold", shown);
    }
    if (socket && strlen(path) > socket_max) {
        findings_error(findings, "",
            "the socket path %s is longer than %zu bytes: choose a shorter directory", shown,
            socket_max);
    }
}

void machine_host_check(const struct machine_host *host, struct findings *findings)
{
    check_path(findings, host->console_file, false);
    auto_free char *socket = file_join(host->work_directory, "virt-usbredir-0");
    check_path(findings, socket, true);
}
