/* One watch: a request whose answer is a stream of events, one JSON object per line, until the
 * server or the connection ends it. kube/informer.h keeps a watch going. */
#ifndef KUBE_WATCH_H
#define KUBE_WATCH_H

#include "kube/client.h"
#include "kube/list.h"
#include "kube/watch_event.h"

struct kube_watch;

/* One event; object is borrowed. */
typedef void kube_watch_event(void *user, enum kube_event_type type, json_t *object);

/* Called with the reason why an event was skipped: wrong type, unknown type, or beyond the size
 * limit. */
typedef void kube_watch_skipped(void *user, const char *why);

/* The watch is over. failure is NULL if the server ended it normally (its time-out); reason
 * KUBE_EXPIRED says that the resourceVersion is too old, even if that was an ERROR event. */
typedef void kube_watch_end(void *user, const struct kube_failure *failure);

struct kube_watch_options {
    const struct kube_resource *resource;
    const char *namespace; /* NULL: all */
    const char *label_selector;
    const char *field_selector;
    const char *resource_version; /* events after this one */
    int timeout_seconds; /* the server ends it then; 0: 290 plus a random part */
    size_t max_event; /* bytes; a longer event is skipped, 0: 8 MiB */
    const char *const *keep; /* as in kube_object_limits; borrowed as long as the watch lives */
    kube_watch_event *on_event;
    kube_watch_skipped *on_skipped;
    kube_list_bad *on_unreadable; /* an object that was added or changed, and cannot be built */
    kube_watch_end *on_end; /* once, from the loop; the watch ends with it */
    void *user;
};

/* Starts a watch. A silent server is detected by TCP keep-alive, and when no data arrives for
 * timeout_seconds plus a grace period. Returns the watch, which ends with on_end or
 * kube_watch_cancel. */
struct kube_watch *kube_watch_start(
    struct kube_client *client, const struct kube_watch_options *options);

/* Ends the watch without on_end. May be called from its callbacks. */
void kube_watch_cancel(struct kube_watch *watch);

#endif
