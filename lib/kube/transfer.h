/* What kube/transport.c and kube/transfer.c share: the transport, its pools of connections, and one
 * transfer in one of them. */
#ifndef KUBE_TRANSFER_H
#define KUBE_TRANSFER_H

#include <curl/curl.h>
#include <ev.h>

#include "kube/transport.h"

/* A handle of libcurl's with its connections, sockets and timer. */
struct kube_pool {
    struct kube_pool *prev, *next;
    struct kube_transport *transport;
    CURLM *multi;
    ev_timer timer; /* libcurl's next time-out */
    struct kube_socket *sockets;
    size_t transfers; /* how many there are in it */
};

struct kube_transport {
    struct ev_loop *loop;
    struct kube_pool *pools;
    struct kube_pool *current; /* the one that new transfers go to */
    struct kube_transfer *transfers; /* all there are */
    struct kube_transfer *ready; /* those that have something to tell */
    const struct kube_config *config;
    char *user_agent;
    char *base; /* URL, without a slash at its end */
    char *host_header; /* where the URL does not bear the host, or NULL */
    struct curl_slist *connect_to; /* the same */
    char *proxy; /* NULL: as libcurl finds it in the environment */
    const char *no_proxy; /* hosts without the proxy; NULL: as libcurl finds them there; static */
};

/* New transfers go to a new pool. Over HTTP/2 they would otherwise share a connection on which
 * nothing comes back any more, though somebody acknowledges what is sent: libcurl keeps it while a
 * watch is on it. */
void kube_transport_renew(struct kube_transport *transport);

/* A transfer less is in the pool; when it is not the current one, it goes with its last. Not from
 * inside libcurl. */
void kube_pool_leave(struct kube_pool *pool);

/* libcurl is through with the transfer: it becomes ready. */
void kube_transfer_end(struct kube_transfer *transfer, CURLcode result);

/* Takes a transfer from the ready ones and tells its owner what there is. */
void kube_transfer_deliver(struct kube_transfer *transfer);

#endif
