/* What a manager reports: events as they happen, and how an operation ended. */
#ifndef MANAGER_EVENT_H
#define MANAGER_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "manager/sidecar.h"

enum manager_event_kind {
    MANAGER_EVENT_FOUND, /* a socket appeared */
    MANAGER_EVENT_READY, /* a sidecar answered Info */
    MANAGER_EVENT_HOP_START, /* a hook call starts */
    MANAGER_EVENT_HOP_DONE, /* a hook call ended; error is NULL if the result passed the checks */
    MANAGER_EVENT_WARNING, /* error holds the text */
};

/* One event. Everything is borrowed for the callback. */
struct manager_event {
    enum manager_event_kind kind;
    const struct manager_sidecar
        *sidecar; /* NULL if none is concerned; for FOUND only name, index and socket are set */
    enum hooks_point hook; /* of a hop */
    size_t call; /* of a hop: the number of its chain among those of its hook point, from 1 */
    const char *input, *output; /* of a hop; output is NULL when it failed */
    size_t input_length, output_length;
    double milliseconds; /* duration of a hop; for READY: since the collection began */
    const struct error *error; /* why a hop failed, or a warning's text */
    bool ignored; /* the hop failed, and failurePolicy Ignore keeps its input */
};
typedef void manager_observer(void *user, const struct manager_event *event);

/* Called from the loop when an operation ends, once, unless the operation is canceled. One
 * operation runs at a time; this callback may start the next or free the manager. take_error is
 * NULL on success; the callee owns it. output is the result of a chain or, on failure, the document
 * before the hop that failed; NULL for collect and shutdown. It is borrowed for the callback. */
typedef void manager_done(
    void *user, struct error *take_error, const char *output, size_t output_length);

#endif
