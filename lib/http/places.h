/* The places for a server's connections, limited in total and for each address. When there is none
 * for a new connection, it displaces an older one: the one idle longest. So a client can be crowded
 * out only while it is idle, and never keeps others out by being there first.
 *
 * Connections on which no request was answered yet, by a handler, are newcomers. Once these are a
 * quarter of all, they displace one another, so that a flood of them does not displace the
 * established ones. One of the address that has the most newcomers goes first: others have time for
 * a handshake, however fast new ones arrive. */
#ifndef HTTP_PLACES_H
#define HTTP_PLACES_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "http/crowd.h"

enum {
    HTTP_ADDRESS_SHARE = 4, /* one address has at most a quarter of the places */
    HTTP_NEWCOMER_SHARE = 4,
};

enum http_place_use {
    HTTP_PLACE_IDLE, /* in the handshake, or between two requests */
    HTTP_PLACE_BUSY, /* its request is being read, or the answer sent */
    HTTP_PLACE_HANDLED, /* its request is with the handler; it is not displaced */
};

/* One connection's place; embedded in the connection's struct. Guarded by the mutex of the
 * places. */
struct http_place {
    struct http_place *prev, *next;
    int fd;
    struct http_crowd *crowd; /* NULL: a unix socket, which has no share; or not listed */
    struct http_crowd *newcomers; /* NULL besides: not a newcomer */
    enum http_place_use use;
    bool listed;
    bool newcomer;
    bool displaced; /* the socket was shut down */
};

struct http_places {
    pthread_mutex_t mutex;
    struct http_place *first; /* by last use, idle longest first */
    struct http_crowd *crowds, *newcomers; /* of the places in the list */
    unsigned count, most;
    const struct http_place *shed; /* who was shut down by http_places_shed and has yet to leave */
};

void http_places_init(struct http_places *places, unsigned most);

/* Call when no other thread uses it. */
void http_places_clear(struct http_places *places);

/* Gives fd, a socket connected to address, a place, and shuts down another socket if there are too
 * many; or fd itself, if all others are with their handlers. */
void http_place_enter(
    struct http_places *places, struct http_place *place, int fd, const struct sockaddr *address);

/* Shuts down the socket that has been idle longest, if one is, and none that was shut down so has
 * yet to leave: descriptors have run out. */
void http_places_shed(struct http_places *places);

/* The connection is used, in this way, from now on. When a handler has answered (HANDLED is
 * followed by another use) it is no longer a newcomer. */
void http_place_use(struct http_places *places, struct http_place *place, enum http_place_use use);

/* Gives the place back; after this, fd may be closed. Returns whether it was displaced. */
bool http_place_leave(struct http_places *places, struct http_place *place);

#endif
