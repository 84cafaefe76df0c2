#include "controller/appliance/inbox.h"

#include <ev.h>
#include <pthread.h>
#include <stdlib.h>
#include <utlist.h>

#include "base/memory.h"
#include "base/unused.h"

struct letter {
    struct http_request *request;
    struct letter *prev, *next;
};

struct controller_inbox {
    void (*take)(void *user, struct http_request *request);
    void *user;
    struct ev_async arrived;
    pthread_mutex_t mutex;
    struct letter *letters; /* guarded by mutex; owned */
};

static void take_all(struct controller_inbox *inbox)
{
    pthread_mutex_lock(&inbox->mutex);
    struct letter *letters = steal(&inbox->letters);
    pthread_mutex_unlock(&inbox->mutex);
    struct letter *letter = NULL;
    struct letter *next = NULL;
    DL_FOREACH_SAFE (letters, letter, next) {
        struct http_request *request = letter->request;
        free(letter);
        inbox->take(inbox->user, request);
    }
}

static void on_arrived(UNUSED struct ev_loop *loop, struct ev_async *async, UNUSED int events)
{
    take_all(async->data);
}

struct controller_inbox *controller_inbox_new(
    void (*take)(void *user, struct http_request *request), void *user)
{
    struct controller_inbox *inbox = xcalloc(1, sizeof(*inbox));
    inbox->take = take;
    inbox->user = user;
    pthread_mutex_init(&inbox->mutex, NULL);
    ev_async_init(&inbox->arrived, on_arrived);
    inbox->arrived.data = inbox;
    ev_async_start(EV_DEFAULT_ & inbox->arrived);
    return inbox;
}

void controller_inbox_free(struct controller_inbox *inbox)
{
    if (inbox == NULL)
        return;
    take_all(inbox);
    ev_async_stop(EV_DEFAULT_ & inbox->arrived);
    pthread_mutex_destroy(&inbox->mutex);
    free(inbox);
}

void controller_inbox_put(struct controller_inbox *inbox, struct http_request *request)
{
    struct letter *letter = xcalloc(1, sizeof(*letter));
    letter->request = request;
    pthread_mutex_lock(&inbox->mutex);
    DL_APPEND(inbox->letters, letter);
    pthread_mutex_unlock(&inbox->mutex);
    ev_async_send(EV_DEFAULT_ & inbox->arrived);
}
