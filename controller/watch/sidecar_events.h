/* Tells of sidecars in trouble as Events on their VMI. */
#ifndef CONTROLLER_WATCH_SIDECAR_EVENTS_H
#define CONTROLLER_WATCH_SIDECAR_EVENTS_H

#include <jansson.h>

#include "kube/events.h"

/* Records what is new in after against before, as controller_sidecar_notices has it, as Warning
 * events on the VMI that owns the pod; nothing when after is NULL. */
void controller_sidecar_events_record(
    struct kube_events *events, const json_t *before, const json_t *after);

#endif
