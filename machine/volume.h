/* The volumes of a VMI as files and devices of this machine: where each disk's data is, and what
 * must be created before the guest starts (overlays, empty disks, ISO images). */
#ifndef MACHINE_VOLUME_H
#define MACHINE_VOLUME_H

#include "machine/volume_item.h"

struct machine_volumes {
    struct machine_volume *items;
    size_t count;
};

/* Finds every volume of a checked VMI (machine_check found no errors). Missing or unreadable
 * sources become errors among the findings, which name the option for their path. A source without
 * such an option is looked for where KubeVirt mounts it. Returns 0, or -1 if there were errors;
 * *out is owned by the caller either way, so that a conversion can add its own. */
int machine_volumes_find(const json_t *vmi, const struct machine_volume_options *options,
    struct machine_volumes *out, struct findings *findings);

const struct machine_volume *machine_volume_named(
    const struct machine_volumes *volumes, const char *name);

void machine_volumes_clear(struct machine_volumes *volumes);

#endif
