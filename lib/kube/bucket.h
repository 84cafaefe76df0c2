/* A token bucket: allows burst requests at once and qps per second on average, first come, first
 * served. Its timer runs only while somebody waits. */
#ifndef KUBE_BUCKET_H
#define KUBE_BUCKET_H

#include <ev.h>
#include <stdbool.h>

struct kube_bucket_waiter {
    struct kube_bucket_waiter *prev, *next; /* in the bucket's queue */
    bool waits;
    void (*on_token)(void *user); /* its turn has come; from the loop */
    void *user;
};

struct kube_bucket {
    double qps;
    double burst;
    double tokens;
    double filled; /* when tokens was last updated; clock_seconds */
    ev_timer timer;
    struct kube_bucket_waiter *waiters;
};

void kube_bucket_init(struct kube_bucket *bucket, double qps, int burst);
void kube_bucket_clear(struct kube_bucket *bucket); /* waiters are forgotten */

/* Takes a token. Returns true if there was one; else waiter, which is borrowed, is queued and
 * called when it gets one. */
bool kube_bucket_take(struct kube_bucket *bucket, struct kube_bucket_waiter *waiter);

/* Removes a waiter from the queue, if it is there. */
void kube_bucket_leave(struct kube_bucket *bucket, struct kube_bucket_waiter *waiter);

#endif
