/* One watch: a request whose answer is events, one JSON object a line, until the server or the
 * connection ends it. kube/informer.h is what keeps a watch going. */
#ifndef KUBE_WATCH_H
#define KUBE_WATCH_H

#include "kube/client.h"
#include "kube/watch_event.h"

struct kube_watch;

/* One event; object is borrowed. */
typedef void kube_watch_event(void *user, enum kube_event_type type, json_t *object);

/* An event that was left out, in words: wrong-typed, unknown type, or beyond the size limit. */
typedef void kube_watch_skipped(void *user, const char *why);

/* The watch is over. failure is NULL when the server ended it in order (its time-out); reason
 * KUBE_EXPIRED says that the resourceVersion is too old, also when that came as an ERROR event. */
typedef void kube_watch_end(void *user, const struct kube_failure *failure);

struct kube_watch_options {
    const struct kube_resource *resource;
    const char *namespace; /* NULL: all */
    const char *label_selector;
    const char *field_selector;
    const char *resource_version; /* events after this one */
    int timeout_seconds; /* the server ends it then; 0: 290 and a random part */
    size_t max_event; /* bytes; a longer event is skipped, 0: 8 MiB */
    kube_watch_event *on_event;
    kube_watch_skipped *on_skipped;
    kube_watch_end *on_end; /* once, from the loop; the watch ends with it */
    void *user;
};

/* Starts a watch. A server that falls silent is noticed by TCP keep-alive, and by no bytes coming
 * for timeout_seconds and a grace. Returns it; it ends with on_end or kube_watch_cancel. */
struct kube_watch *kube_watch_start(
    struct kube_client *client, const struct kube_watch_options *options);

/* Ends it without on_end. May come from its own callbacks. */
void kube_watch_cancel(struct kube_watch *watch);

#endif
