/* One line of a watch. */
#ifndef KUBE_WATCH_EVENT_H
#define KUBE_WATCH_EVENT_H

#include <jansson.h>
#include <stddef.h>

#include "kube/resource.h"

enum kube_event_type { KUBE_ADDED, KUBE_MODIFIED, KUBE_DELETED, KUBE_BOOKMARK };

enum kube_watch_line {
    KUBE_LINE_EVENT, /* type and object are set */
    KUBE_LINE_ERROR, /* the server ends the watch: object is its Status, or NULL */
    KUBE_LINE_SKIPPED, /* why is set */
    KUBE_LINE_UNREADABLE, /* the object was added or changed, and cannot be built: object is a stub,
                             as kube_list_bad gets it, and why is set */
};

struct kube_watch_read {
    enum kube_watch_line line;
    enum kube_event_type type;
    json_t *object; /* owned */
    char *why; /* a sentence that quotes nothing of the object but its key; owned */
};

/* Reads one line of a watch of a resource, and builds of its object what kube_object_limits says of
 * keep. *out needs kube_watch_read_clear. */
void kube_watch_read(const struct kube_resource *resource, const char *const *keep,
    const char *line, size_t length, struct kube_watch_read *out);

void kube_watch_read_clear(struct kube_watch_read *read);

#endif
