#include "kube/bucket.h"

#include <utlist.h>

#include "base/clock.h"
#include "base/unused.h"

static void fill(struct kube_bucket *bucket)
{
    double now = clock_seconds();
    double tokens = bucket->tokens + (now - bucket->filled) * bucket->qps;
    bucket->tokens = tokens < bucket->burst ? tokens : bucket->burst;
    bucket->filled = now;
}

/* Arms the timer for when the next token is available. */
static void arm(struct kube_bucket *bucket)
{
    struct ev_loop *loop = ev_default_loop(EVFLAG_AUTO);
    ev_now_update(loop);
    ev_timer_set(&bucket->timer, bucket->tokens < 1 ? (1 - bucket->tokens) / bucket->qps : 0, 0);
    ev_timer_start(loop, &bucket->timer);
}

static void on_timer(UNUSED struct ev_loop *loop, ev_timer *timer, UNUSED int events)
{
    struct kube_bucket *bucket = timer->data;
    fill(bucket);
    /* a callback may take a token, leave and queue again: look at the head again each time */
    while (bucket->waiters != NULL && bucket->tokens >= 1) {
        struct kube_bucket_waiter *waiter = bucket->waiters;
        bucket->tokens -= 1;
        kube_bucket_leave(bucket, waiter);
        waiter->on_token(waiter->user);
    }
    if (bucket->waiters != NULL && !ev_is_active(&bucket->timer))
        arm(bucket);
}

void kube_bucket_init(struct kube_bucket *bucket, double qps, int burst)
{
    *bucket = (struct kube_bucket){
        .qps = qps,
        .burst = burst,
        .tokens = burst,
        .filled = clock_seconds(),
    };
    ev_timer_init(&bucket->timer, on_timer, 0, 0);
    bucket->timer.data = bucket;
}

void kube_bucket_clear(struct kube_bucket *bucket)
{
    ev_timer_stop(ev_default_loop(EVFLAG_AUTO), &bucket->timer);
    bucket->waiters = NULL;
}

bool kube_bucket_take(struct kube_bucket *bucket, struct kube_bucket_waiter *waiter)
{
    fill(bucket);
    if (bucket->waiters == NULL && bucket->tokens >= 1) {
        bucket->tokens -= 1;
        return true;
    }
    waiter->waits = true;
    DL_APPEND(bucket->waiters, waiter);
    if (!ev_is_active(&bucket->timer))
        arm(bucket);
    return false;
}

void kube_bucket_leave(struct kube_bucket *bucket, struct kube_bucket_waiter *waiter)
{
    if (!waiter->waits)
        return;
    waiter->waits = false;
    DL_DELETE(bucket->waiters, waiter);
    if (bucket->waiters == NULL)
        ev_timer_stop(ev_default_loop(EVFLAG_AUTO), &bucket->timer);
}
