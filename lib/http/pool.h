/* Handles of libcurl's multi interface on a libev loop, each with its own connections. Callbacks
 * are never called from inside libcurl, so that they may add and remove any transfer. */
#ifndef HTTP_POOL_H
#define HTTP_POOL_H

#include <curl/curl.h>
#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

struct http_pool;
struct http_member;

/* All pools of one client. Its members are private. */
struct http_pools {
    struct ev_loop *loop;
    struct http_pool *first;
    struct http_pool *current; /* the one that new transfers go to */
    struct http_member *members; /* all transfers */
    struct http_member *ready; /* those that have something to tell */
};

/* One transfer in a pool; embedded in what belongs to the transfer. */
struct http_member {
    struct http_member *prev, *next; /* of the pools' members */
    struct http_member *ready_prev, *ready_next;
    struct http_pools *pools;
    struct http_pool *pool;
    CURL *easy; /* owned */
    bool is_ready;
    /* libcurl has finished the transfer. Called from the loop, but not from inside libcurl;
     * on_ready follows. */
    void (*on_end)(struct http_member *member, CURLcode result);
    /* It was made ready. May remove any member. */
    void (*on_ready)(struct http_member *member);
};

void http_pools_init(struct http_pools *pools, struct ev_loop *loop);

/* Call when no members are left. */
void http_pools_clear(struct http_pools *pools);

/* Directs new transfers to a new pool, if the current one is that of member. Over HTTP/2 they would
 * otherwise share a connection that no longer answers, though its data is acknowledged: libcurl
 * keeps it while another transfer uses it. */
void http_pools_renew(struct http_pools *pools, const struct http_member *member);

/* Adds member, whose callbacks are set, to the current pool, with a libcurl handle that does not
 * run yet. */
void http_pools_add(struct http_pools *pools, struct http_member *member);

/* Starts the transfer. Returns whether libcurl accepts it. */
bool http_member_run(struct http_member *member);

/* Has on_ready called as soon as libcurl has returned. */
void http_member_make_ready(struct http_member *member);

/* Removes the member and frees its handle. */
void http_member_remove(struct http_member *member);

#endif
