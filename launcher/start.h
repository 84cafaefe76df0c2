/* The start of a guest, with its ports. */
#ifndef LAUNCHER_START_H
#define LAUNCHER_START_H

#include "guest/guest.h"
#include "launcher/plan.h"

/* Starts the plan's domain and forwards its ports; if it has any, the guest stays paused
 * until they are forwarded. Logs a warning for a port of an interface that a hook has replaced by
 * another kind, which is not forwarded. Returns 0, or -1 with an input error (libvirt rejects the
 * domain) or an io error (QEMU does not start, a port is taken). */
int launcher_start(struct guest *guest, const struct launcher_plan *plan, struct error **err);

#endif
