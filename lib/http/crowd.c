#include "http/crowd.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static struct in6_addr address_of(const struct sockaddr *address)
{
    struct in6_addr found = IN6ADDR_ANY_INIT;
    if (address->sa_family == AF_INET6) {
        found = ((const struct sockaddr_in6 *)address)->sin6_addr;
    } else if (address->sa_family == AF_INET) { /* RFC 4291, section 2.5.5.2 */
        const struct in_addr *four = &((const struct sockaddr_in *)address)->sin_addr;
        found.s6_addr[10] = found.s6_addr[11] = 0xff;
        memcpy(&found.s6_addr[12], four, sizeof(*four));
    }
    return found;
}

struct http_crowd *http_crowd_join(
    struct http_crowd **table, const struct sockaddr *address, size_t size)
{
    const struct in6_addr key = address_of(address);
    struct http_crowd *crowd = NULL;
    if (IN6_IS_ADDR_UNSPECIFIED(&key))
        return NULL;
    HASH_FIND(hh, *table, &key, sizeof(key), crowd);
    if (crowd == NULL) {
        crowd = xcalloc(1, sizeof(*crowd));
        crowd->address = key;
        HASH_ADD(hh, *table, address, sizeof(crowd->address), crowd);
    }
    crowd->size += size;
    return crowd;
}

void http_crowd_leave(struct http_crowd **table, struct http_crowd *crowd, size_t size)
{
    if (crowd == NULL)
        return;
    crowd->size -= size;
    if (crowd->size > 0)
        return;
    HASH_DELETE(hh, *table, crowd);
    free(crowd);
}
