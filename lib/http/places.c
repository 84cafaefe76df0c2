#include "http/places.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/memory.h"

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

/* Returns the entry of an address, a new one if it has no places; NULL: a unix socket. */
static struct http_address *find_address(struct http_places *places, const struct sockaddr *of)
{
    const struct in6_addr address = address_of(of);
    struct http_address *found = NULL;
    if (IN6_IS_ADDR_UNSPECIFIED(&address))
        return NULL;
    HASH_FIND(hh, places->addresses, &address, sizeof(address), found);
    if (found == NULL) {
        found = xcalloc(1, sizeof(*found));
        found->address = address;
        HASH_ADD(hh, places->addresses, address, sizeof(found->address), found);
    }
    return found;
}

/* Frees the entry of an address that has no places. */
static void drop_address(struct http_places *places, struct http_address *address)
{
    if (address == NULL || address->places > 0)
        return;
    HASH_DELETE(hh, places->addresses, address);
    free(address);
}

static void become_established(struct http_place *place)
{
    if (place->newcomer && place->address != NULL)
        place->address->newcomers--;
    place->newcomer = false;
}

static unsigned crowd_of(const struct http_place *newcomer)
{
    return newcomer->address != NULL ? newcomer->address->newcomers : 1;
}

/* Returns who makes place for another: of all, or of those with its address. most is how many these
 * may be. NULL: nobody. */
static struct http_place *choose(
    const struct http_places *places, const struct http_address *with, unsigned most)
{
    struct http_place *newcomer = NULL;
    struct http_place *idle = NULL;
    struct http_place *busy = NULL;
    struct http_place *each = NULL;
    unsigned newcomers = 0;
    DL_FOREACH (places->first, each) {
        if (each->use == HTTP_PLACE_HANDLED || (with != NULL && each->address != with))
            continue;
        newcomers += each->newcomer;
        if (each->newcomer) {
            if (newcomer == NULL || crowd_of(each) > crowd_of(newcomer))
                newcomer = each;
        } else if (each->use == HTTP_PLACE_IDLE) {
            idle = idle == NULL ? each : idle;
        } else {
            busy = busy == NULL ? each : busy;
        }
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
    if (place->address == NULL)
        return;
    place->address->places--;
    place->address->newcomers -= place->newcomer;
    drop_address(places, place->address);
    place->address = NULL;
}

static void put_on(
    struct http_places *places, struct http_place *place, struct http_address *address)
{
    DL_APPEND(places->first, place);
    place->listed = true;
    place->address = address;
    places->count++;
    if (address != NULL) {
        address->places++;
        address->newcomers++;
    }
}

static void displace(struct http_places *places, struct http_place *place)
{
    shutdown(place->fd, SHUT_RDWR); /* its owner sees that, and closes it */
    place->displaced = true;
    take_off(places, place);
}

void http_place_enter(
    struct http_places *places, struct http_place *place, int fd, const struct sockaddr *address)
{
    unsigned share = places->most / HTTP_ADDRESS_SHARE;
    share = share > 0 ? share : 1;
    *place = (struct http_place){.fd = fd, .newcomer = true};
    pthread_mutex_lock(&places->mutex);
    struct http_address *from = find_address(places, address);
    bool address_full = from != NULL && from->places >= share;
    bool full = address_full || places->count >= places->most;
    struct http_place *leaves = NULL;
    if (full)
        leaves = choose(places, address_full ? from : NULL, address_full ? share : places->most);
    if (!full || leaves != NULL)
        put_on(places, place, from);
    else
        drop_address(places, from);
    if (full)
        displace(places, leaves != NULL ? leaves : place);
    pthread_mutex_unlock(&places->mutex);
}

void http_place_use(struct http_places *places, struct http_place *place, enum http_place_use use)
{
    pthread_mutex_lock(&places->mutex);
    if (place->use == HTTP_PLACE_HANDLED)
        become_established(place);
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
