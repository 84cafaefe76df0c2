#include "launcher/start.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

/* The errno with which listening on a port of this machine fails; 0 if it works. */
static int port_trouble(const struct machine_port *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port->here)};
    auto_fd int fd = socket(AF_INET, (port->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
    int again = 1;
    if (fd < 0)
        return errno;
    if (!port->udp) /* as QEMU does: closed connections do not count */
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &again, sizeof(again));
    return bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
}

static int forward(struct guest *guest, const struct machine_port *port, struct error **err)
{
    auto_error struct error *error = NULL;
    const char *protocol = port->udp ? "UDP" : "TCP";
    if (guest_forward(guest, port->interface, port->udp, port->here, port->number, &error) == 0)
        return 0;
    if (error->class == ERROR_INPUT) {
        log_warning("%s port %d of interface %s is not forwarded: %s", protocol, port->number,
            port->interface, error->message);
        return 0;
    }
    errno = port_trouble(port); /* QEMU gives no reason */
    if (errno != 0)
        return error_set_errno(
            err, "forwarding %s port %d to interface %s", protocol, port->here, port->interface);
    error_move(err, steal(&error));
    return error_wrap(
        err, "forwarding %s port %d to interface %s", protocol, port->here, port->interface);
}

int launcher_start(struct guest *guest, const struct launcher_plan *plan, struct error **err)
{
    bool paused = plan->ports.count > 0;
    if (guest_start(guest, plan->machine.domain, paused, err) < 0)
        return -1;
    for (size_t i = 0; i < plan->ports.count; i++) {
        if (forward(guest, &plan->ports.items[i], err) < 0)
            return -1;
    }
    return paused ? guest_resume(guest, err) : 0;
}
