/* Handles of libcurl's multi interface, worked by a loop of libev, each with its own connections.
 * Nothing of its users is called from inside libcurl, so that their callbacks may add and remove
 * transfers as they like. */
#ifndef HTTP_POOL_H
#define HTTP_POOL_H

#include <curl/curl.h>
#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

struct http_pool;
struct http_member;

/* All pools of one client. Its members are private but for first. */
struct http_pools {
    struct ev_loop *loop;
    struct http_pool *first;
    struct http_pool *current; /* the one that new transfers go to */
    struct http_member *members; /* all transfers there are */
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
    /* libcurl is through with it. Called from inside the loop, not from inside libcurl; then comes
     * on_ready. */
    void (*on_end)(struct http_member *member, CURLcode result);
    /* It was made ready. May remove any member. */
    void (*on_ready)(struct http_member *member);
};

void http_pools_init(struct http_pools *pools, struct ev_loop *loop);

/* When it has no members any more. */
void http_pools_clear(struct http_pools *pools);

/* New transfers go to a new pool, when those of the current one go to the same as member does. Over
 * HTTP/2 they would otherwise share a connection on which nothing comes back any more, though
 * somebody acknowledges what is sent: libcurl keeps it while another transfer is on it. */
void http_pools_renew(struct http_pools *pools, const struct http_member *member);

/* Makes member, whose callbacks are set, one of the current pool, with a handle of libcurl that
 * does not run yet. */
void http_pools_add(struct http_pools *pools, struct http_member *member);

/* Lets it run. Returns whether libcurl takes it. */
bool http_member_run(struct http_member *member);

/* It has something to tell: on_ready is called as soon as libcurl is not at work. */
void http_member_make_ready(struct http_member *member);

/* Takes it out and frees its handle. */
void http_member_remove(struct http_member *member);

#endif
