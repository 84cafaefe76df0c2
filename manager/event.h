/* What a manager tells: what happens, as it happens, and how an operation ended. */
#ifndef MANAGER_EVENT_H
#define MANAGER_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "manager/sidecar.h"

enum manager_event_kind {
    MANAGER_EVENT_FOUND, /* a socket appeared */
    MANAGER_EVENT_READY, /* its Info was answered */
    MANAGER_EVENT_HOP_START, /* a hook is called */
    MANAGER_EVENT_HOP_DONE, /* it returned, and the result passed the checks (error NULL) or not */
    MANAGER_EVENT_WARNING, /* error says what */
};

/* What happens, as it happens. Everything is borrowed for the time of the callback. */
struct manager_event {
    enum manager_event_kind kind;
    const struct manager_sidecar
        *sidecar; /* NULL where none is meant; when FOUND only name, index and socket are set */
    enum hooks_point hook; /* of a hop */
    size_t call; /* which chain call of this manager it is, from 1 */
    const char *input, *output; /* of a hop; output NULL when it failed */
    size_t input_length, output_length;
    double milliseconds; /* a hop's time; for READY: since the collection began */
    const struct error *error; /* why a hop failed, or a warning's text */
    bool ignored; /* it failed, and failurePolicy Ignore keeps what was before */
};
typedef void manager_observer(void *user, const struct manager_event *event);

/* One operation runs at a time; done comes from the loop, once, unless it is cancelled, and may
 * begin the next or free the manager. take_error is NULL when it went well; the callee owns it.
 * output is the result of a chain, and when it failed the document as it stood before the
 * hop that did; borrowed for the time of the callback. NULL for collect and shutdown. */
typedef void manager_done(
    void *user, struct error *take_error, const char *output, size_t output_length);

#endif
