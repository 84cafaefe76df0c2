/* A token bucket: it lets burst through at once and qps a second on average, in the order in which
 * they came. Its timer runs only while somebody waits. */
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
    ev_tstamp filled; /* when tokens was right, on the monotonic clock */
    ev_timer timer;
    struct kube_bucket_waiter *waiters;
};

void kube_bucket_init(struct kube_bucket *bucket, double qps, int burst);
void kube_bucket_clear(struct kube_bucket *bucket); /* whoever waits is forgotten */

/* Takes a token: true when one is there, else waiter, which is borrowed, is told when it has got
 * one. */
bool kube_bucket_take(struct kube_bucket *bucket, struct kube_bucket_waiter *waiter);

/* Takes a waiter out of the queue, if it is in it. */
void kube_bucket_leave(struct kube_bucket *bucket, struct kube_bucket_waiter *waiter);

#endif
