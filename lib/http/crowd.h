/* How many have come from each address: connections, or requests. Not synchronized. */
#ifndef HTTP_CROWD_H
#define HTTP_CROWD_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <uthash.h>

/* Those from one address. */
struct http_crowd {
    struct in6_addr address; /* IPv4 is mapped */
    unsigned count;
    UT_hash_handle hh;
};

/* The crowd of an address, which is owned by the table and gone when its last member leaves; NULL: a
 * unix socket, whose clients are no crowd. */
struct http_crowd *http_crowd_join(struct http_crowd **table, const struct sockaddr *address);

/* crowd may be NULL. */
void http_crowd_leave(struct http_crowd **table, struct http_crowd *crowd);

#endif
