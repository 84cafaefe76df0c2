#include "http/places.h"

#include <stddef.h>
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

static void become_established(struct http_places *places, struct http_place *place)
{
    http_crowd_leave(&places->newcomers, place->newcomers, 1);
    place->newcomers = NULL;
    place->newcomer = false;
}

static size_t newcomers_with(const struct http_place *place)
{
    return place->newcomers != NULL ? place->newcomers->size : 1;
}

/* Returns who makes place for another: of all, or of those with its address. most is how many these
 * may be. NULL: nobody. */
static struct http_place *choose(
    const struct http_places *places, const struct http_crowd *with, unsigned most)
{
    struct http_place *newcomer = NULL;
    struct http_place *idle = NULL;
    struct http_place *busy = NULL;
    struct http_place *each = NULL;
    unsigned newcomers = 0;
    DL_FOREACH (places->first, each) {
        if (each->use == HTTP_PLACE_HANDLED || (with != NULL && each->crowd != with))
            continue;
        newcomers += each->newcomer;
        if (each->newcomer) {
            if (newcomer == NULL || newcomers_with(each) > newcomers_with(newcomer))
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
    if (place->listed) {
        DL_DELETE(places->first, place);
        places->count--;
    }
    place->listed = false;
    become_established(places, place);
    http_crowd_leave(&places->crowds, place->crowd, 1);
    place->crowd = NULL;
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
    place->crowd = http_crowd_join(&places->crowds, address, 1);
    place->newcomers = http_crowd_join(&places->newcomers, address, 1);
    bool address_full = place->crowd != NULL && place->crowd->size > share;
    bool full = address_full || places->count >= places->most;
    struct http_place *leaves = NULL;
    if (full)
        leaves =
            choose(places, address_full ? place->crowd : NULL, address_full ? share : places->most);
    if (full)
        displace(places, leaves != NULL ? leaves : place);
    if (!full || leaves != NULL) {
        DL_APPEND(places->first, place);
        place->listed = true;
        places->count++;
    }
    pthread_mutex_unlock(&places->mutex);
}

void http_places_shed(struct http_places *places)
{
    pthread_mutex_lock(&places->mutex);
    struct http_place *place = NULL;
    DL_FOREACH (places->first, place) {
        if (place->use == HTTP_PLACE_IDLE)
            break;
    }
    if (place != NULL && places->shed == NULL) {
        displace(places, place);
        places->shed = place;
    }
    pthread_mutex_unlock(&places->mutex);
}

void http_place_use(struct http_places *places, struct http_place *place, enum http_place_use use)
{
    pthread_mutex_lock(&places->mutex);
    if (place->use == HTTP_PLACE_HANDLED)
        become_established(places, place);
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
    if (places->shed == place)
        places->shed = NULL;
    bool displaced = place->displaced;
    pthread_mutex_unlock(&places->mutex);
    return displaced;
}
