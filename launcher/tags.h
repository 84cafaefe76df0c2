/* The guest's metadata about devices with a tag, whose addresses libvirt chooses. */
#ifndef LAUNCHER_TAGS_H
#define LAUNCHER_TAGS_H

#include "guest/guest.h"
#include "launcher/plan.h"

/* Has libvirt complete the plan's domain, which is replaced, so that the guest starts with the same
 * addresses, and adds the tagged devices to its cloud-init data. A tagged interface without an
 * address is a warning. Returns 0, or -1 with an error. */
int launcher_tags_add(
    struct guest *guest, const json_t *vmi, struct launcher_plan *plan, struct error **err);

#endif
