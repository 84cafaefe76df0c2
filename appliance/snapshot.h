/* A VirtualMachineSnapshot: making it, and what its status says.
 * Source: KubeVirt 1.9, snapshot.kubevirt.io/v1beta1; pkg/storage/snapshot. */
#ifndef APPLIANCE_SNAPSHOT_H
#define APPLIANCE_SNAPSHOT_H

#include <jansson.h>
#include <stdint.h>
#include <time.h>

#include "appliance/status.h"

#define APPLIANCE_SNAPSHOT_API "snapshot.kubevirt.io/v1beta1"

/* "{vm}-20261130-061500", in UTC, at most 63 bytes. Owned by the caller. */
char *appliance_snapshot_name(const char *vm, time_t now);

/* The object; deadline_ms is how long KubeVirt tries, 0: as long as it does by itself, 5 minutes.
 * New reference. */
json_t *appliance_snapshot_new(
    const char *namespace, const char *vm, const char *name, int64_t deadline_ms);

/* Done when it is ready to use. An error in its status alone is not final: KubeVirt goes on until its
 * deadline. */
int appliance_snapshot_look(const json_t *snapshot, char **saying, struct error **err);

/* The volumes in a snapshot, "root, data", or "none". Owned by the caller. */
char *appliance_snapshot_included(const json_t *snapshot);

/* What limits a snapshot's use, an array of sentences: its indications, and the volumes that it has
 * not. New reference. */
json_t *appliance_snapshot_notes(const json_t *snapshot);

/* The disks of the VM that cannot be snapshotted, each with the reason: "data: StorageClass x has no
 * VolumeSnapshotClass; …". Owned by the caller; NULL: all can. A disk of which nothing is known yet
 * counts as one that can.
 * Source: KubeVirt 1.9, status.volumeSnapshotStatuses. */
char *appliance_snapshot_unfit(const json_t *vm);

#endif
