#include "http/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/unix_socket.h"

static const char unix_prefix[] = "unix:";

/* Binds and listens. Returns a descriptor, or -1 with errno set. */
static int listen_at(int family, const struct sockaddr *address, socklen_t length)
{
    auto_fd int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    int on = 1;
    int off = 0;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0) ||
        bind(fd, address, length) < 0 || listen(fd, SOMAXCONN) < 0)
        return -1;
    return steal_fd(&fd);
}

/* Listens on every address, only IPv4 if the kernel has no IPv6. */
static int listen_everywhere(in_port_t port)
{
    struct sockaddr_in6 six = {
        .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT, .sin6_port = port};
    int fd = listen_at(AF_INET6, (struct sockaddr *)&six, sizeof(six));
    if (fd >= 0 || (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL))
        return fd;
    struct sockaddr_in four = {
        .sin_family = AF_INET, .sin_addr.s_addr = INADDR_ANY, .sin_port = port};
    return listen_at(AF_INET, (struct sockaddr *)&four, sizeof(four));
}

static int usage(const char *listen, struct error **err)
{
    return error_set(err, ERROR_USAGE,
        "\"%s\" is not an address to listen on; use \":9443\", \"10.0.0.1:9443\" or "
        "\"[fd00::1]:9443\"",
        listen);
}

/* "[HOST]:" or "HOST:" before the port; HOST may be empty. Returns HOST, owned by the caller, or
 * NULL. */
static char *host_of(const char *listen, const char *colon)
{
    size_t length = (size_t)(colon - listen);
    if (listen[0] == '[')
        return length > 2 && listen[length - 1] == ']' ? xstrndup(listen + 1, length - 2) : NULL;
    return memchr(listen, ':', length) == NULL ? xstrndup(listen, length) : NULL;
}

/* Parses the address to listen on. Returns 0 with the port, in network order, and the address, to
 * be freed with freeaddrinfo, or NULL for every address; or -1 with a usage error. */
static int read_listen(
    const char *listen, in_port_t *port, struct addrinfo **address, struct error **err)
{
    const char *colon = strrchr(listen, ':');
    long number = 0;
    if (colon == NULL || !text_parse_int(colon + 1, 0, 65535, &number))
        return usage(listen, err);
    auto_free char *host = host_of(listen, colon);
    if (host == NULL)
        return usage(listen, err);
    const struct addrinfo hints = {
        .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    *address = NULL;
    *port = htons((in_port_t)number);
    if (host[0] != '\0' && getaddrinfo(host, colon + 1, &hints, address) != 0)
        return usage(listen, err);
    return 0;
}

int http_listener_check(const char *listen, struct error **err)
{
    in_port_t port = 0;
    struct addrinfo *address = NULL;
    if (read_listen(listen, &port, &address, err) < 0)
        return -1;
    if (address != NULL)
        freeaddrinfo(address);
    return 0;
}

/* Listens on an address and port. Returns the descriptor, or -1 with an error. */
static int listen_tcp(const char *listen, struct error **err)
{
    in_port_t port = 0;
    struct addrinfo *address = NULL;
    if (read_listen(listen, &port, &address, err) < 0)
        return -1;
    int fd = -1;
    if (address == NULL) {
        fd = listen_everywhere(port);
    } else {
        fd = listen_at(address->ai_family, address->ai_addr, address->ai_addrlen);
        int saved = errno;
        freeaddrinfo(address);
        errno = saved;
    }
    return fd >= 0 ? fd : error_set_errno(err, "listening on %s", listen);
}

/* Remembers the socket's file, so that no other file is removed at the end. */
static int listen_unix(
    struct http_listener *listener, const char *path, mode_t mode, struct error **err)
{
    listener->fd = unix_socket_listen(path, mode, err);
    if (listener->fd < 0)
        return -1;
    struct stat status;
    if (lstat(path, &status) < 0)
        return 0; /* somebody has removed it already */
    listener->path = xstrdup(path);
    listener->device = status.st_dev;
    listener->inode = status.st_ino;
    return 0;
}

int http_listener_open(
    struct http_listener *listener, const char *listen, mode_t mode, struct error **err)
{
    *listener = (struct http_listener){.fd = -1};
    bool is_unix = text_starts_with(listen, unix_prefix);
    if (is_unix && listen_unix(listener, listen + strlen(unix_prefix), mode, err) == 0)
        return 0;
    if (!is_unix)
        listener->fd = listen_tcp(listen, err);
    return listener->fd >= 0 ? 0 : -1;
}

/* Removes the file of a unix socket. */
static void remove_file(struct http_listener *listener)
{
    struct stat status;
    if (listener->path != NULL && lstat(listener->path, &status) == 0 &&
        status.st_dev == listener->device && status.st_ino == listener->inode)
        unlink(listener->path);
    free(steal(&listener->path));
}

void http_listener_close(struct http_listener *listener)
{
    remove_file(listener);
    if (listener->fd >= 0)
        close(listener->fd);
    listener->fd = -1;
}

int http_listener_port(const struct http_listener *listener)
{
    union {
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } address = {.six = {0}};
    socklen_t length = sizeof(address);
    if (getsockname(listener->fd, (struct sockaddr *)&address, &length) < 0)
        return -1;
    if (address.four.sin_family != AF_INET && address.four.sin_family != AF_INET6)
        return -1;
    return ntohs(
        address.four.sin_family == AF_INET ? address.four.sin_port : address.six.sin6_port);
}
