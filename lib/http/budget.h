/* The memory that the requests of a server hold together: bodies, and answers that are being sent.
 * When a request needs more than is left, another loses its own: the one that holds the most. A
 * second in which it did not get on, though the server was waiting for it, counts as much as a
 * hundred times what it holds, after half of one. All counts more if the bodies that its address is
 * sending are larger than a quarter of all, by their square. Among equals, the oldest loses. So
 * neither slow uploads nor many keep out an honest one, and those that get on come to an end. */
#ifndef HTTP_BUDGET_H
#define HTTP_BUDGET_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "http/crowd.h"

/* What one request holds; embedded in the request. Guarded by the budget's mutex. */
struct http_holding {
    struct http_holding *prev, *next;
    size_t bytes;
    struct http_crowd *crowd; /* what its address is sending; or NULL: nothing, or a unix socket */
    size_t claim; /* its part of that: the size of its body */
    double since; /* clock_seconds */
    double moved; /* when it last got on */
    size_t arrived; /* bytes, after that */
    bool kept; /* it cannot be lost now */
    /* Frees the memory, or makes its owner free it soon; it counts no longer. Called on any thread,
     * with the mutex held. */
    void (*on_lost)(struct http_holding *holding);
    /* Whether the server has yet to read what its client has sent; or NULL: no. Called as on_lost
     * is. */
    bool (*is_waiting)(struct http_holding *holding);
};

struct http_budget {
    pthread_mutex_t mutex;
    struct http_holding *first;
    struct http_crowd *crowds;
    size_t held, most; /* bytes */
};

void http_budget_init(struct http_budget *budget, size_t most);

/* Call when no other thread uses it. */
void http_budget_clear(struct http_budget *budget);

/* Enters a request that holds nothing yet, and removes one. Any thread, without the mutex. */
void http_budget_enter(struct http_budget *budget, struct http_holding *holding);
void http_budget_leave(struct http_budget *budget, struct http_holding *holding);

/* The body of a request will have this size, which is not 0. Any thread, without the mutex. */
void http_budget_expect(struct http_budget *budget, struct http_holding *holding,
    const struct sockaddr *address, size_t size);

/* The body is complete, or nobody waits for it; what the request holds cannot be lost. Any thread,
 * without the mutex. */
void http_budget_keep(struct http_budget *budget, struct http_holding *holding);

/* Takes more bytes for a request, from others if need be. Returns whether it got them; if it did
 * not, it is the one that should lose what it has. With the mutex held. */
bool http_budget_take(struct http_budget *budget, struct http_holding *holding, size_t more);

/* Bytes of its body have arrived: it gets on with a sixteenth of what it holds. With the mutex
 * held. */
void http_budget_move(struct http_holding *holding, size_t bytes);

/* Counts more bytes that exist already, whether they fit or not. With the mutex held. */
void http_budget_count(struct http_budget *budget, struct http_holding *holding, size_t more);

/* The request no longer holds anything. With the mutex held. */
void http_budget_release(struct http_budget *budget, struct http_holding *holding);

#endif
