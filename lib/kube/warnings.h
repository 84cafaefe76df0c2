/* Warnings about what a server sends, of which it may send any number: some are passed on in each
 * minute, and the others counted. */
#ifndef KUBE_WARNINGS_H
#define KUBE_WARNINGS_H

#include "kube/client.h"

/* Embedded; unset members are zero. */
struct kube_warnings {
    struct kube_client *client; /* borrowed */
    const char *about; /* the plural of the resource; borrowed */
    double began; /* the minute; clock_seconds */
    unsigned long count; /* in it */
};

/* Passes a warning to the client's warn, unless there were too many. */
void kube_warnings_add(struct kube_warnings *warnings, const char *message);

#endif
