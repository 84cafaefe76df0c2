#include "http/places.h"

#include <stddef.h>
#include <string.h>
#include <utlist.h>

void http_places_init(struct http_places *places, unsigned most)
{
    *places = (struct http_places){.most = most};
    pthread_mutex_init(&places->mutex, NULL);
}

void http_places_clear(struct http_places *places)
{
    pthread_mutex_destroy(&places->mutex);
}

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

static bool has_address(const struct http_place *place)
{
    return !IN6_IS_ADDR_UNSPECIFIED(&place->address);
}

static bool same_address(const struct http_place *a, const struct http_place *b)
{
    return IN6_ARE_ADDR_EQUAL(&a->address, &b->address);
}

/* Returns who makes place for another: of all, or of those with its address. most is how many these
 * may be. NULL: nobody. */
static struct http_place *choose(
    const struct http_places *places, const struct http_place *with_address, unsigned most)
{
    struct http_place *newcomer = NULL;
    struct http_place *idle = NULL;
    struct http_place *busy = NULL;
    struct http_place *each = NULL;
    unsigned newcomers = 0;
    DL_FOREACH (places->first, each) {
        if (each->use == HTTP_PLACE_HANDLED ||
            (with_address != NULL && !same_address(each, with_address)))
            continue;
        newcomers += each->newcomer;
        struct http_place **kind = each->newcomer                 ? &newcomer
                                   : each->use == HTTP_PLACE_IDLE ? &idle
                                                                  : &busy;
        if (*kind == NULL)
            *kind = each;
    }
    if (newcomer != NULL && (idle == NULL || newcomers >= most / HTTP_NEWCOMER_SHARE))
        return newcomer;
    return idle != NULL ? idle : busy;
}

static void take_off(struct http_places *places, struct http_place *place)
{
    if (!place->listed)
        return;
    DL_DELETE(places->first, place);
    place->listed = false;
    places->count--;
}

static void displace(struct http_places *places, struct http_place *place)
{
    shutdown(place->fd, SHUT_RDWR); /* its owner sees that, and closes it */
    place->displaced = true;
    take_off(places, place);
}

static unsigned count_address(const struct http_places *places, const struct http_place *place)
{
    const struct http_place *each = NULL;
    unsigned count = 0;
    DL_FOREACH (places->first, each)
        count += same_address(each, place);
    return count;
}

void http_place_enter(
    struct http_places *places, struct http_place *place, int fd, const struct sockaddr *address)
{
    unsigned share = places->most / HTTP_ADDRESS_SHARE;
    share = share > 0 ? share : 1;
    *place = (struct http_place){.fd = fd, .newcomer = true, .address = address_of(address)};
    pthread_mutex_lock(&places->mutex);
    bool address_full = has_address(place) && count_address(places, place) >= share;
    bool full = address_full || places->count >= places->most;
    struct http_place *leaves = NULL;
    if (full)
        leaves = choose(places, address_full ? place : NULL, address_full ? share : places->most);
    if (leaves != NULL)
        displace(places, leaves);
    if (!full || leaves != NULL) {
        DL_APPEND(places->first, place);
        place->listed = true;
        places->count++;
    } else {
        displace(places, place);
    }
    pthread_mutex_unlock(&places->mutex);
}

void http_place_use(struct http_places *places, struct http_place *place, enum http_place_use use)
{
    pthread_mutex_lock(&places->mutex);
    place->newcomer = place->newcomer && place->use != HTTP_PLACE_HANDLED;
    place->use = use;
    if (place->listed) {
        DL_DELETE(places->first, place);
        DL_APPEND(places->first, place);
    }
    pthread_mutex_unlock(&places->mutex);
}

bool http_place_leave(struct http_places *places, struct http_place *place)
{
    pthread_mutex_lock(&places->mutex);
    take_off(places, place);
    bool displaced = place->displaced;
    pthread_mutex_unlock(&places->mutex);
    return displaced;
}
