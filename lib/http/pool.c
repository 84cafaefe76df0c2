#include "http/pool.h"

#include <stdlib.h>
#include <utlist.h>

#include "base/memory.h"
#include "base/unused.h"

/* A socket of libcurl that is being watched. */
struct watched {
    ev_io io;
    struct watched *prev, *next;
};

/* A handle of libcurl with its connections, sockets and timer. */
struct http_pool {
    struct http_pool *prev, *next;
    struct http_pools *pools;
    CURLM *multi;
    ev_timer timer; /* libcurl's next time-out */
    struct watched *sockets;
    size_t members; /* how many it has */
};

static void advance(struct http_pool *pool, curl_socket_t socket, int events);

static void on_socket(UNUSED struct ev_loop *loop, ev_io *io, int events)
{
    advance(io->data, io->fd,
        ((events & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
            ((events & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0));
}

static void on_timer(UNUSED struct ev_loop *loop, ev_timer *timer, UNUSED int events)
{
    advance(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static void forget_socket(struct http_pool *pool, struct watched *socket)
{
    ev_io_stop(pool->pools->loop, &socket->io);
    DL_DELETE(pool->sockets, socket);
    free(socket);
}

/* CURLMOPT_SOCKETFUNCTION: what libcurl wants to know of a socket. */
static int watch_socket(UNUSED CURL *easy, curl_socket_t fd, int what, void *user, void *known)
{
    struct http_pool *pool = user;
    struct watched *socket = known;
    struct ev_loop *loop = pool->pools->loop;
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
static int set_timer(UNUSED CURLM *multi, long milliseconds, void *user)
{
    struct http_pool *pool = user;
    struct ev_loop *loop = pool->pools->loop;
    ev_timer_stop(loop, &pool->timer);
    if (milliseconds < 0)
        return 0;
    ev_now_update(loop);
    ev_timer_set(&pool->timer, (double)milliseconds / 1000, 0);
    ev_timer_start(loop, &pool->timer);
    return 0;
}

static void pool_free(struct http_pool *pool)
{
    curl_multi_cleanup(pool->multi);
    while (pool->sockets != NULL)
        forget_socket(pool, pool->sockets);
    ev_timer_stop(pool->pools->loop, &pool->timer);
    DL_DELETE(pool->pools->first, pool);
    free(pool);
}

static void end_ready(struct http_member *member)
{
    member->is_ready = false;
    DL_DELETE2(member->pools->ready, member, ready_prev, ready_next);
}

/* Runs libcurl, then calls back the transfers that are ready. */
static void advance(struct http_pool *pool, curl_socket_t socket, int events)
{
    struct http_pools *pools = pool->pools;
    int running = 0;
    int left = 0;
    const CURLMsg *message = NULL;
    curl_multi_socket_action(pool->multi, socket, events, &running);
    while ((message = curl_multi_info_read(pool->multi, &left)) != NULL) {
        struct http_member *member = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&member);
        member->on_end(member, message->data.result);
        http_member_make_ready(member);
    }
    while (pools->ready != NULL) {
        struct http_member *member = pools->ready;
        end_ready(member);
        member->on_ready(member); /* this may free the pool */
    }
}

static void start_pool(struct http_pools *pools)
{
    struct http_pool *pool = xcalloc(1, sizeof(*pool));
    pool->pools = pools;
    pool->multi = curl_multi_init();
    if (pool->multi == NULL)
        abort(); /* out of memory */
    ev_init(&pool->timer, on_timer);
    pool->timer.data = pool;
    curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool);
    curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool);
    DL_APPEND(pools->first, pool);
    pools->current = pool;
}

void http_pools_init(struct http_pools *pools, struct ev_loop *loop)
{
    *pools = (struct http_pools){.loop = loop};
    start_pool(pools);
}

void http_pools_clear(struct http_pools *pools)
{
    while (pools->first != NULL)
        pool_free(pools->first);
}

void http_pools_renew(struct http_pools *pools, const struct http_member *member)
{
    if (member->pool == pools->current)
        start_pool(pools);
}

void http_pools_add(struct http_pools *pools, struct http_member *member)
{
    member->pools = pools;
    member->pool = pools->current;
    member->pool->members++;
    member->easy = curl_easy_init();
    if (member->easy == NULL)
        abort(); /* out of memory */
    DL_APPEND(pools->members, member);
}

bool http_member_run(struct http_member *member)
{
    return curl_easy_setopt(member->easy, CURLOPT_PRIVATE, (void *)member) == CURLE_OK &&
           curl_multi_add_handle(member->pool->multi, member->easy) == CURLM_OK;
}

void http_member_make_ready(struct http_member *member)
{
    if (member->is_ready)
        return;
    member->is_ready = true;
    DL_APPEND2(member->pools->ready, member, ready_prev, ready_next);
}

void http_member_remove(struct http_member *member)
{
    struct http_pool *pool = member->pool;
    if (member->is_ready)
        end_ready(member);
    DL_DELETE(member->pools->members, member);
    curl_multi_remove_handle(pool->multi, member->easy);
    curl_easy_cleanup(member->easy);
    pool->members--;
    if (pool->members == 0 && pool != pool->pools->current)
        pool_free(pool);
}
