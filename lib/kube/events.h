/* Events about objects (core/v1), as `kubectl describe` shows them. A repeated event increments the
 * count of the first; too many similar ones about one object within ten minutes are combined into
 * one; each object has a budget, so that a loop of failures never floods the API. */
#ifndef KUBE_EVENTS_H
#define KUBE_EVENTS_H

#include "kube/client.h"

struct kube_events;

struct kube_events_options {
    const char *component; /* source.component: "hook-controller" */
    const char *instance; /* reportingInstance: the pod's name */
};

/* Owned by the caller; free it before the client. Strings are copied. */
struct kube_events *kube_events_new(
    struct kube_client *client, const struct kube_events_options *options);
void kube_events_free(struct kube_events *events); /* NULL is allowed */

enum kube_event_kind { KUBE_EVENT_NORMAL, KUBE_EVENT_WARNING };

/* Records an event about object, which has at least metadata with namespace, name and uid. reason
 * is one word in CamelCase; the message is cut at 1,024 bytes. An event that cannot be written is
 * retried a few times, then passed to the client's warn. */
void kube_event(struct kube_events *events, const struct kube_resource *resource,
    const json_t *object, enum kube_event_kind kind, const char *reason, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* Delays events while something more urgent uses the API server: until kube_events_release, but no
 * longer than five seconds. */
void kube_events_hold(struct kube_events *events);
void kube_events_release(struct kube_events *events); /* also when nothing is held */

#endif
