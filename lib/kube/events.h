/* Events about objects (core/v1), as `kubectl describe` shows them. The same event again raises
 * the count of the first; too many different ones about one object within ten minutes become one
 * that says so; each object has a budget, so that a loop of failures never floods the API. */
#ifndef KUBE_EVENTS_H
#define KUBE_EVENTS_H

#include "kube/client.h"

struct kube_events;

struct kube_events_options {
    const char *component; /* source.component: "hook-controller" */
    const char *instance; /* reportingInstance: the pod's name */
};

/* Owned by the caller, and to be freed before the client. Strings are copied. */
struct kube_events *kube_events_new(
    struct kube_client *client, const struct kube_events_options *options);
void kube_events_free(struct kube_events *events); /* NULL is allowed */

enum kube_event_kind { KUBE_EVENT_NORMAL, KUBE_EVENT_WARNING };

/* Records an event about object, which has at least metadata with namespace, name and uid. reason
 * is one word in CamelCase; the message is cut at 1,024 bytes. What cannot be written goes to the
 * client's warn, and is not tried for ever. */
void kube_event(struct kube_events *events, const struct kube_resource *resource,
    const json_t *object, enum kube_event_kind kind, const char *reason, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* Lets events wait while something uses the API server that cannot, until kube_events_release, but
 * no longer than five seconds: then they are written beside it. */
void kube_events_hold(struct kube_events *events);
void kube_events_release(struct kube_events *events); /* also when nothing is held */

#endif
