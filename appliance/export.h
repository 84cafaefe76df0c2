/* A VirtualMachineExport: making it, what its status says, the links to the disks, and the VM's
 * manifest beside them.
 * Source: KubeVirt 1.9, export.kubevirt.io; pkg/storage/export. */
#ifndef APPLIANCE_EXPORT_H
#define APPLIANCE_EXPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "appliance/random.h"
#include "appliance/status.h"

/* What a VirtualMachineExport is made of. All borrowed. */
struct appliance_export {
    const char *namespace;
    const char *name; /* also of the Secret with its token */
    const char *vm;
    const char *snapshot; /* of the VM; NULL: the disks as they are */
    int64_t life_ms; /* after it, KubeVirt deletes the export, should we not */
};

/* The object. New reference. */
json_t *appliance_export_new(const struct appliance_export *export);

enum { APPLIANCE_EXPORT_TOKEN = 40 }; /* characters of a token */

/* A Secret with a new token for an export, as the cluster made it, and owned by it. New reference. */
json_t *appliance_export_secret(const json_t *export, const struct appliance_random *random);

/* The token in such a Secret, borrowed. */
const char *appliance_export_token(const json_t *secret);

/* Done when it is ready. That its VM runs, or has no disks, is an error: KubeVirt would wait. */
int appliance_export_look(const json_t *export, char **saying, struct error **err);

/* When the export became ready, as KubeVirt wrote it; while it is the same, the disks are. Borrowed,
 * or "". */
const char *appliance_export_since(const json_t *export);

/* A disk to download. All owned. */
struct appliance_export_disk {
    char *name; /* of its claim: a DNS name, and so of a file */
    char *format; /* "raw", "gzip", "tar.gz" */
    char *url; /* https:// */
};

/* Zeroed is empty. All owned. */
struct appliance_export_links {
    char *certificates; /* PEM; NULL: those that the system trusts */
    struct appliance_export_disk *disks;
    size_t count;
};

enum { APPLIANCE_EXPORT_MAX_DISKS = 256 };

/* Reads the links of a ready export: external or internal; each disk in the format (raw or gzip) if
 * there is one, else as tar.gz, which claims that hold files have. Returns 0, or -1 with an error
 * that says which is missing. appliance_export_links_clear is due either way. */
int appliance_export_links_read(struct appliance_export_links *links, const json_t *export,
    bool internal, const char *format, struct error **err);
void appliance_export_links_clear(struct appliance_export_links *links);

/* The name of its file: "web-root.raw", as an artifact's disks are unpacked, "web-root.raw.gz" or
 * "web-root.tar.gz". Owned by the caller. */
char *appliance_export_file(const struct appliance_export_disk *disk);

/* The manifest of a VM that the cluster has (or of one in a snapshot) for another cluster, as an
 * artifact has it: without what the cluster wrote into it, with its disks as claims of their names in
 * place of what made them. Unless with_identity is set, also without MAC addresses, firmware UUID
 * and serial, and hostname. New reference, or NULL with an input error. */
json_t *appliance_export_manifest(const json_t *vm, bool with_identity, struct error **err);

#endif
