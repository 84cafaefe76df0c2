#include "kube/queue.h"

#include <ev.h>
#include <stdbool.h>
#include <stdlib.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/unused.h"

enum { TURN_MAX = 64 }; /* keys that are handed out in one turn of the loop */

static const int64_t default_retry_min_ms = 50;
static const int64_t default_retry_max_ms = 60000;

/* A key that is ready, being processed, or delayed since its work failed; freed when it is none of
 * these. */
struct item {
    char *key;
    struct kube_queue *queue;
    bool ready; /* is in queue->ready */
    bool working;
    bool again; /* was added while it was being processed */
    int failures; /* in a row */
    double since; /* when it became ready, or its work began; seconds */
    double waited; /* seconds between these */
    unsigned long number; /* for kube_queue_number */
    ev_timer delay;
    struct item *prev, *next; /* in queue->ready */
    UT_hash_handle hh;
};

struct kube_queue {
    struct kube_queue_options options;
    struct ev_loop *loop;
    struct item *items; /* by key */
    struct item *ready; /* longest waiting first */
    ev_idle dispatch; /* active while there are ready keys and free workers */
    bool paused;
    unsigned long last_number;
    struct kube_queue_figures figures;
    void (*observe)(void *user, double waited, double worked);
    void *observe_user;
};

static void update_dispatch(struct kube_queue *queue)
{
    bool busy = queue->figures.working >= (size_t)queue->options.workers;
    if (queue->ready != NULL && !queue->paused && !busy)
        ev_idle_start(queue->loop, &queue->dispatch);
    else
        ev_idle_stop(queue->loop, &queue->dispatch);
}

static void make_ready(struct item *item)
{
    struct kube_queue *queue = item->queue;
    item->ready = true;
    item->since = clock_seconds();
    item->number = ++queue->last_number;
    DL_APPEND(queue->ready, item);
    queue->figures.depth++;
    update_dispatch(queue);
}

static void stop_delay(struct item *item)
{
    if (!ev_is_active(&item->delay))
        return;
    ev_timer_stop(item->queue->loop, &item->delay);
    item->queue->figures.delayed--;
}

static void on_delay_over(UNUSED struct ev_loop *loop, ev_timer *watcher, UNUSED int events)
{
    struct item *item = watcher->data;
    item->queue->figures.delayed--;
    make_ready(item);
}

/* Makes the item, which is neither ready nor being processed, ready after delay_ms. */
static void start_delay(struct item *item, int64_t delay_ms)
{
    struct ev_loop *loop = item->queue->loop;
    ev_now_update(loop); /* the delay counts from now, not from when the loop woke up */
    ev_timer_set(&item->delay, (double)delay_ms / 1000, 0);
    ev_timer_start(loop, &item->delay);
    item->queue->figures.delayed++;
}

static struct item *find(const struct kube_queue *queue, const char *key)
{
    struct item *item = NULL;
    HASH_FIND_STR(queue->items, key, item);
    return item;
}

static struct item *find_or_add(struct kube_queue *queue, const char *key)
{
    struct item *item = find(queue, key);
    if (item != NULL)
        return item;
    item = xcalloc(1, sizeof(*item));
    item->key = xstrdup(key);
    item->queue = queue;
    ev_init(&item->delay, on_delay_over);
    item->delay.data = item;
    HASH_ADD_KEYPTR(hh, queue->items, item->key, strlen(item->key), item);
    return item;
}

static void item_free(struct item *item)
{
    stop_delay(item);
    HASH_DEL(item->queue->items, item);
    free(item->key);
    free(item);
}

/* Hands out the keys that were ready when it began, but not too many: the rest and those that
 * become ready meanwhile wait for the next turn of the loop, so that sockets are served in between,
 * and caches lend little in one turn. */
static void on_dispatch(UNUSED struct ev_loop *loop, ev_idle *watcher, UNUSED int events)
{
    struct kube_queue *queue = watcher->data;
    size_t left = queue->figures.depth < TURN_MAX ? queue->figures.depth : TURN_MAX;
    for (; left > 0 && ev_is_active(watcher); left--) {
        struct item *item = queue->ready;
        DL_DELETE(queue->ready, item);
        item->ready = false;
        item->working = true;
        double began = clock_seconds();
        item->waited = began - item->since;
        item->since = began;
        queue->figures.depth--;
        queue->figures.working++;
        update_dispatch(queue);
        queue->options.work(queue->options.user, item->key);
    }
}

struct kube_queue *kube_queue_new(const struct kube_queue_options *options)
{
    struct kube_queue *queue = xcalloc(1, sizeof(*queue));
    queue->options = *options;
    if (queue->options.workers <= 0)
        queue->options.workers = 1;
    if (queue->options.retry_min_ms <= 0)
        queue->options.retry_min_ms = default_retry_min_ms;
    if (queue->options.retry_max_ms <= 0)
        queue->options.retry_max_ms = default_retry_max_ms;
    queue->loop = EV_DEFAULT;
    ev_idle_init(&queue->dispatch, on_dispatch);
    ev_set_priority(&queue->dispatch, EV_MAXPRI); /* busy sockets do not hold it up */
    queue->dispatch.data = queue;
    return queue;
}

void kube_queue_free(struct kube_queue *queue)
{
    if (queue == NULL)
        return;
    ev_idle_stop(queue->loop, &queue->dispatch);
    struct item *item = NULL;
    struct item *next = NULL;
    HASH_ITER (hh, queue->items, item, next)
        item_free(item);
    free(queue);
}

void kube_queue_add(struct kube_queue *queue, const char *key)
{
    struct item *item = find_or_add(queue, key);
    queue->figures.added++;
    stop_delay(item);
    if (item->working)
        item->again = true;
    else if (item->ready)
        item->number = ++queue->last_number;
    else
        make_ready(item);
}

/* The item whose work ends now; NULL if the key is not being processed. */
static struct item *end_work(struct kube_queue *queue, const char *key)
{
    struct item *item = find(queue, key);
    if (item == NULL || !item->working)
        return NULL;
    item->working = false;
    queue->figures.working--;
    if (queue->observe != NULL)
        queue->observe(queue->observe_user, item->waited, clock_seconds() - item->since);
    update_dispatch(queue);
    return item;
}

void kube_queue_done(struct kube_queue *queue, const char *key)
{
    struct item *item = end_work(queue, key);
    if (item == NULL)
        return;
    item->failures = 0;
    if (item->again) {
        item->again = false;
        make_ready(item);
    } else {
        item_free(item);
    }
}

/* A key that was added during the failed work waits for the retry. */
void kube_queue_failed(struct kube_queue *queue, const char *key, int64_t at_least_ms)
{
    struct item *item = end_work(queue, key);
    if (item == NULL)
        return;
    int64_t delay = queue->options.retry_min_ms;
    for (int i = 0; i < item->failures && delay < queue->options.retry_max_ms; i++)
        delay *= 2;
    if (delay > queue->options.retry_max_ms)
        delay = queue->options.retry_max_ms;
    item->failures++;
    item->again = false;
    queue->figures.retried++;
    start_delay(item, delay > at_least_ms ? delay : at_least_ms);
}

void kube_queue_pause(struct kube_queue *queue)
{
    queue->paused = true;
    update_dispatch(queue);
}

void kube_queue_resume(struct kube_queue *queue)
{
    queue->paused = false;
    update_dispatch(queue);
}

struct kube_queue_figures kube_queue_figures(const struct kube_queue *queue)
{
    return queue->figures;
}

unsigned long kube_queue_number(const struct kube_queue *queue, const char *key)
{
    const struct item *item = find(queue, key);
    return item != NULL ? item->number : queue->last_number;
}

unsigned long kube_queue_last_number(const struct kube_queue *queue)
{
    return queue->last_number;
}

void kube_queue_observe(
    struct kube_queue *queue, void (*observe)(void *user, double waited, double worked), void *user)
{
    queue->observe = observe;
    queue->observe_user = user;
}
