/* Reports sidecars in trouble as Events on their VMI. */
#ifndef CONTROLLER_WATCH_SIDECAR_EVENTS_H
#define CONTROLLER_WATCH_SIDECAR_EVENTS_H

#include <jansson.h>

#include "kube/events.h"

/* Records the controller_sidecar_notices of a change as Warning events on the VMI that owns the
 * pod; nothing when after is NULL. */
void controller_sidecar_events_record(
    struct kube_events *events, const json_t *before, const json_t *after);

#endif
