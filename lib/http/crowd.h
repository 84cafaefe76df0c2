/* How much there is from each address, such as connections or bytes. Not synchronized. */
#ifndef HTTP_CROWD_H
#define HTTP_CROWD_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/hash.h"

/* All from one address. */
struct http_crowd {
    struct in6_addr address; /* IPv4 is mapped */
    size_t size;
    UT_hash_handle hh;
};

/* Adds to the crowd of an address, which the table owns, and which is gone when all that was added
 * has left. Returns it, or NULL: a unix socket, whose clients are no crowd. size is not 0. */
struct http_crowd *http_crowd_join(
    struct http_crowd **table, const struct sockaddr *address, size_t size);

/* crowd may be NULL. */
void http_crowd_leave(struct http_crowd **table, struct http_crowd *crowd, size_t size);

#endif
