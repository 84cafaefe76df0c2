/* An upload through CDI: the DataVolume that takes it, its token, the DataSource of it, and what
 * their statuses say.
 * Source: CDI, cdi.kubevirt.io/v1beta1 and upload.cdi.kubevirt.io/v1beta1. */
#ifndef APPLIANCE_UPLOAD_H
#define APPLIANCE_UPLOAD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "appliance/status.h"

/* All borrowed; NULL: not given. */
struct appliance_upload {
    const char *namespace;
    const char *name; /* of the DataVolume, its claim, and the DataSource */
    uint64_t disk_bytes;
    const char *fingerprint; /* of the file */
    const char *storage_class;
    const char *access_mode; /* "ReadWriteOnce", … */
    const char *volume_mode; /* "Block", "Filesystem" */
    const char *instancetype; /* the defaults of VMs that are made of it */
    const char *preference;
};

/* The DataVolume: of the disk's size, rounded up to whole MiB. It is bound at once, because no VM
 * waits for it. New reference. */
json_t *appliance_upload_volume(const struct appliance_upload *upload);

/* The DataSource of its claim. New reference. */
json_t *appliance_upload_source(const struct appliance_upload *upload);

/* The request for a token. New reference. */
json_t *appliance_upload_token_request(const struct appliance_upload *upload);

/* What a DataVolume that exists is: of which source, size and phase, in words. Owned by the caller. */
char *appliance_upload_describe(const json_t *volume);

/* The fingerprint of a file: its size, and the digest of its first bytes. Owned by the caller. */
char *appliance_upload_fingerprint(const void *head, size_t length, uint64_t file_bytes);

/* Whether a DataVolume that exists is of an upload of the same file and size, which has not failed:
 * one that was interrupted, or is complete. */
bool appliance_upload_same(const json_t *volume, const json_t *ours);

/* Done when the DataVolume takes an upload (or has it). */
int appliance_upload_look_ready(const json_t *volume, char **saying, struct error **err);

/* Done when the DataVolume has succeeded. */
int appliance_upload_look_done(const json_t *volume, char **saying, struct error **err);

/* Done when the DataSource is ready. */
int appliance_upload_look_source(const json_t *source, char **saying, struct error **err);

#endif
