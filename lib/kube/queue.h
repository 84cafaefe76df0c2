/* A work queue of keys with rate-limited retry, as in controllers: a key already queued is not
 * queued twice; a key added while it is being processed is queued again afterwards; a key that
 * failed is retried after a delay that doubles, per key. */
#ifndef KUBE_QUEUE_H
#define KUBE_QUEUE_H

#include <stddef.h>
#include <stdint.h>

struct kube_queue;

/* Processes key, which is borrowed until the work ends with one call of kube_queue_done or
 * kube_queue_failed, at once or later. Called from the loop; may add keys, pause and resume, but
 * not free the queue. */
typedef void kube_work(void *user, const char *key);

struct kube_queue_options {
    int workers; /* keys processed at once; 0: 1 */
    int64_t retry_min_ms; /* the first delay; 0: 50 */
    int64_t retry_max_ms; /* 0: 60000 */
    kube_work *work;
    void *user;
};

/* Owned by the caller. Runs on the default loop. */
struct kube_queue *kube_queue_new(const struct kube_queue_options *options);
void kube_queue_free(struct kube_queue *queue); /* NULL is allowed; what is left is dropped */

/* Adds a key; if it waits for a retry, the wait ends. */
void kube_queue_add(struct kube_queue *queue, const char *key);

/* The work on key succeeded: its retry delay starts over. */
void kube_queue_done(struct kube_queue *queue, const char *key);

/* The work on key failed: retries it after its delay, but not before at_least_ms. If key was added
 * during the work, it also waits for the retry. */
void kube_queue_failed(struct kube_queue *queue, const char *key, int64_t at_least_ms);

/* Stop handing out work (as for a leader that lost its lease) and start again. Keys added meanwhile
 * are kept. A new queue is running. */
void kube_queue_pause(struct kube_queue *queue);
void kube_queue_resume(struct kube_queue *queue);

struct kube_queue_figures {
    size_t depth; /* keys that are ready to be processed */
    size_t delayed;
    size_t working;
    unsigned long added, retried;
};
struct kube_queue_figures kube_queue_figures(const struct kube_queue *queue);

/* Keys are numbered in the order in which they become ready, or are added while they are ready.
 * Return the last number of the key, which is being processed, and the last number of all. A read
 * that began when kube_queue_last_number was at least the key's number is not older than the reason
 * for this work. */
unsigned long kube_queue_number(const struct kube_queue *queue, const char *key);
unsigned long kube_queue_last_number(const struct kube_queue *queue);

/* Calls observe with how long each key waited and how long the work took, in seconds; for
 * metrics. */
void kube_queue_observe(struct kube_queue *queue,
    void (*observe)(void *user, double waited, double worked), void *user);

#endif
