#include "kube/transport.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/text.h"
#include "kube/transfer.h"

/* A socket of libcurl's, watched. */
struct kube_socket {
    ev_io io;
    struct kube_socket *prev, *next;
};

static void advance(struct kube_pool *pool, curl_socket_t socket, int events);

static void on_socket(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop;
    advance(io->data, io->fd,
        ((events & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
            ((events & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0));
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    advance(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static void forget_socket(struct kube_pool *pool, struct kube_socket *socket)
{
    ev_io_stop(pool->transport->loop, &socket->io);
    DL_DELETE(pool->sockets, socket);
    free(socket);
}

/* CURLMOPT_SOCKETFUNCTION: what libcurl wants to know of a socket. */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *known)
{
    (void)easy;
    struct kube_pool *pool = user;
    struct kube_socket *socket = known;
    struct ev_loop *loop = pool->transport->loop;
    if (what == CURL_POLL_REMOVE) {
        curl_multi_assign(pool->multi, fd, NULL);
        if (socket != NULL)
            forget_socket(pool, socket);
        return 0;
    }
    if (socket == NULL) {
        socket = xcalloc(1, sizeof(*socket));
        ev_init(&socket->io, on_socket);
        socket->io.data = pool;
        DL_APPEND(pool->sockets, socket);
        curl_multi_assign(pool->multi, fd, socket);
    }
    ev_io_stop(loop, &socket->io);
    ev_io_set(&socket->io, fd,
        ((what & CURL_POLL_IN) != 0 ? EV_READ : 0) | ((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0));
    ev_io_start(loop, &socket->io);
    return 0;
}

/* CURLMOPT_TIMERFUNCTION: when libcurl wants to be called next. */
static int set_timer(CURLM *multi, long milliseconds, void *user)
{
    (void)multi;
    struct kube_pool *pool = user;
    struct ev_loop *loop = pool->transport->loop;
    ev_timer_stop(loop, &pool->timer);
    if (milliseconds < 0)
        return 0;
    ev_now_update(loop);
    ev_timer_set(&pool->timer, (double)milliseconds / 1000, 0);
    ev_timer_start(loop, &pool->timer);
    return 0;
}

static void pool_free(struct kube_pool *pool)
{
    curl_multi_cleanup(pool->multi);
    while (pool->sockets != NULL)
        forget_socket(pool, pool->sockets);
    ev_timer_stop(pool->transport->loop, &pool->timer);
    DL_DELETE(pool->transport->pools, pool);
    free(pool);
}

/* Lets libcurl work, then tells the transfers what came of it. */
static void advance(struct kube_pool *pool, curl_socket_t socket, int events)
{
    struct kube_transport *transport = pool->transport;
    int running = 0;
    int left = 0;
    const CURLMsg *message = NULL;
    curl_multi_socket_action(pool->multi, socket, events, &running);
    while ((message = curl_multi_info_read(pool->multi, &left)) != NULL) {
        struct kube_transfer *transfer = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        kube_transfer_end(transfer, message->data.result);
    }
    while (transport->ready != NULL)
        kube_transfer_deliver(transport->ready); /* the pool may go with this */
}

void kube_pool_leave(struct kube_pool *pool)
{
    pool->transfers--;
    if (pool->transfers == 0 && pool != pool->transport->current)
        pool_free(pool);
}

void kube_transport_renew(struct kube_transport *transport)
{
    struct kube_pool *pool = xcalloc(1, sizeof(*pool));
    pool->transport = transport;
    pool->multi = curl_multi_init();
    if (pool->multi == NULL)
        abort(); /* out of memory */
    ev_init(&pool->timer, on_timer);
    pool->timer.data = pool;
    curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool);
    curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool);
    DL_APPEND(transport->pools, pool);
    transport->current = pool;
}

/* The server's URL by parts, for a name in the certificate that is not the host's: the URL then
 * bears the name, and the connection and the Host header go to the host. */
static int set_server_name(
    struct kube_transport *transport, const char *server, const char *name, struct error **err)
{
    CURLU *url = curl_url();
    char *host = NULL;
    char *port = NULL;
    char *renamed = NULL;
    bool valid = url != NULL && curl_url_set(url, CURLUPART_URL, server, 0) == CURLUE_OK &&
                 curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                 curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                 curl_url_set(url, CURLUPART_HOST, name, 0) == CURLUE_OK &&
                 curl_url_get(url, CURLUPART_URL, &renamed, 0) == CURLUE_OK;
    if (valid) {
        auto_free char *connect_to = xasprintf("::%s:%s", host, port);
        transport->base = xstrdup(renamed);
        transport->host_header = xasprintf("Host: %s:%s", host, port);
        transport->connect_to = curl_slist_append(NULL, connect_to);
    }
    curl_free(host);
    curl_free(port);
    curl_free(renamed);
    curl_url_cleanup(url);
    return valid ? 0
                 : error_set(err, ERROR_INPUT,
                       "server %s with tls-server-name %s: they make no URL", server, name);
}

/* Whether the URL's host is this machine itself. */
static bool is_loopback(const char *server)
{
    CURLU *url = curl_url();
    char *host = NULL;
    struct in_addr address;
    bool found = url != NULL && curl_url_set(url, CURLUPART_URL, server, 0) == CURLUE_OK &&
                 curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                 (streq(host, "localhost") || streq(host, "[::1]") ||
                     (inet_pton(AF_INET, host, &address) == 1 &&
                         ntohl(address.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET));
    curl_free(host);
    curl_url_cleanup(url);
    return found;
}

/* Which proxy, as Go's programs choose it: the configuration's for all, else the environment's for
 * all but this machine. libcurl reads HTTPS_PROXY and NO_PROXY by itself, but HTTP_PROXY in small
 * letters alone. */
static void set_proxy(struct kube_transport *transport)
{
    static const char socks[] = "socks5://";
    const char *proxy = transport->config->proxy_url;
    const char *server = transport->config->server;
    if (proxy == NULL && is_loopback(server))
        transport->no_proxy = "*";
    else if (proxy == NULL && text_starts_with(server, "http://"))
        xstrset(&transport->proxy, getenv("HTTP_PROXY"));
    else if (proxy != NULL && text_starts_with(proxy, socks))
        transport->proxy = xasprintf("socks5h://%s", proxy + strlen(socks)); /* it resolves names */
    else
        xstrset(&transport->proxy, proxy);
    if (proxy != NULL)
        transport->no_proxy = "";
}

struct kube_transport *kube_transport_new(
    const struct kube_config *config, const char *user_agent, struct error **err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        error_set(err, ERROR_INTERNAL, "libcurl cannot be initialized");
        return NULL;
    }
    struct kube_transport *transport = xcalloc(1, sizeof(*transport));
    transport->loop = ev_default_loop(EVFLAG_AUTO);
    transport->config = config;
    transport->user_agent = xstrdup(user_agent);
    kube_transport_renew(transport);
    set_proxy(transport);
    if (config->tls_server_name == NULL)
        transport->base = xstrdup(config->server);
    else if (set_server_name(transport, config->server, config->tls_server_name, err) < 0) {
        kube_transport_free(transport);
        return NULL;
    }
    size_t length = strlen(transport->base);
    while (length > 0 && transport->base[length - 1] == '/')
        transport->base[--length] = '\0';
    return transport;
}

void kube_transport_free(struct kube_transport *transport)
{
    if (transport == NULL)
        return;
    while (transport->transfers != NULL)
        kube_transfer_cancel(transport->transfers);
    while (transport->pools != NULL)
        pool_free(transport->pools);
    curl_slist_free_all(transport->connect_to);
    free(transport->base);
    free(transport->host_header);
    free(transport->user_agent);
    free_secret(transport->proxy, transport->proxy != NULL ? strlen(transport->proxy) : 0);
    free(transport);
    curl_global_cleanup();
}
