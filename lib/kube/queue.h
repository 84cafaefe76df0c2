/* A work queue of keys, as controllers use it: a key that is queued already is not queued twice; a
 * key that is added while it is worked on comes again after that; a key that failed comes again
 * after a delay that doubles, per key. */
#ifndef KUBE_QUEUE_H
#define KUBE_QUEUE_H

#include <stddef.h>
#include <stdint.h>

struct kube_queue;

/* Work on key, which is borrowed until it ends: with one call of kube_queue_done or
 * kube_queue_failed, at once or later. It comes from the loop, and may add keys, pause and resume,
 * but not free the queue. */
typedef void kube_work(void *user, const char *key);

struct kube_queue_options {
    int workers; /* keys worked on at once; 0: 1 */
    int64_t retry_min_ms; /* the first delay; 0: 50 */
    int64_t retry_max_ms; /* 0: 60000 */
    kube_work *work;
    void *user;
};

/* Owned by the caller. Runs on the default loop. */
struct kube_queue *kube_queue_new(const struct kube_queue_options *options);
void kube_queue_free(struct kube_queue *queue); /* NULL is allowed; what is left is dropped */

/* Adds a key; a retry for which it waits is not waited for any more. */
void kube_queue_add(struct kube_queue *queue, const char *key);

/* The work on key went well: its next failure is delayed by the least again. */
void kube_queue_done(struct kube_queue *queue, const char *key);

/* The work on key failed: it comes again, after at least at_least_ms (0: as its failures say), also
 * if it was added before that. */
void kube_queue_failed(struct kube_queue *queue, const char *key, int64_t at_least_ms);

/* Stops giving out work (a leader that lost its lease) and starts again. What is added meanwhile
 * is kept. A queue starts running. */
void kube_queue_pause(struct kube_queue *queue);
void kube_queue_resume(struct kube_queue *queue);

struct kube_queue_figures {
    size_t depth; /* keys that wait to be worked on now */
    size_t delayed;
    size_t working;
    unsigned long added, retried;
};
struct kube_queue_figures kube_queue_figures(const struct kube_queue *queue);

/* Numbers in the order in which keys became ready, or were added while they were: the one that the
 * key, which is worked on, had last; and the last of all. What was asked for when the last of all
 * was no less than the key's is not older than the reason for this work. */
unsigned long kube_queue_number(const struct kube_queue *queue, const char *key);
unsigned long kube_queue_last_number(const struct kube_queue *queue);

/* Told how long each key waited and how long the work took, in seconds; for metrics. */
void kube_queue_observe(struct kube_queue *queue,
    void (*observe)(void *user, double waited, double worked), void *user);

#endif
