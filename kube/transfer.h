/* What kube/transport.c and kube/transfer.c share: the transport with its sockets and timer, and
 * one transfer in it. */
#ifndef KUBE_TRANSFER_H
#define KUBE_TRANSFER_H

#include <curl/curl.h>
#include <ev.h>

#include "kube/transport.h"

struct kube_transport {
    struct ev_loop *loop;
    CURLM *multi;
    ev_timer timer; /* libcurl's next time-out */
    struct kube_socket *sockets;
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

/* libcurl is through with the transfer: it becomes ready. */
void kube_transfer_end(struct kube_transfer *transfer, CURLcode result);

/* Takes a transfer from the ready ones and tells its owner what there is. */
void kube_transfer_deliver(struct kube_transfer *transfer);

#endif
