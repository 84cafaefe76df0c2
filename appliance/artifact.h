/* KubeVirt's OCI artifacts: a VirtualMachine or a VirtualMachineTemplate with its disks, as KubeVirt
 * 1.9 exports them. Its manifest has the object as its config, in JSON, and each disk as a layer: a
 * raw image, compressed with Zstandard, named as its claim is, with dots as dashes. An index around
 * it has the architecture.
 * Source: KubeVirt 1.9, pkg/storage/oci. */
#ifndef APPLIANCE_ARTIFACT_H
#define APPLIANCE_ARTIFACT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "appliance/artifact_config.h"
#include "base/error.h"
#include "oci/source.h"

#define APPLIANCE_ARTIFACT_VM "application/vnd.kubevirt.virtualmachine.v1"
#define APPLIANCE_ARTIFACT_TEMPLATE "application/vnd.kubevirt.virtualmachinetemplate.v1"
#define APPLIANCE_ARTIFACT_VM_CONFIG "application/vnd.kubevirt.virtualmachine.config.v1+json"
#define APPLIANCE_ARTIFACT_TEMPLATE_CONFIG                                                         \
    "application/vnd.kubevirt.virtualmachinetemplate.config.v1+json"
#define APPLIANCE_ARTIFACT_DISK "application/vnd.kubevirt.disk.raw+zstd"
#define APPLIANCE_ARTIFACT_DISK_NAME "io.kubevirt.disk.name"
#define APPLIANCE_ARTIFACT_DISK_SIZE "io.kubevirt.disk.size"

enum {
    APPLIANCE_ARTIFACT_MAX_DISKS = 64,
    APPLIANCE_ARTIFACT_MAX_NAME = 253, /* bytes of a disk's name: it is a claim's */
};

/* How far packing or unpacking is; called often. */
struct appliance_artifact_progress {
    void (*tell)(void *user, const char *disk, uint64_t done, uint64_t size); /* or NULL */
    bool (*is_canceled)(void *user); /* asked as often; or NULL */
    void *user;
};

/* Tells it. Returns 0, or -1 with a canceled error. progress may be NULL. */
int appliance_artifact_tell(const struct appliance_artifact_progress *progress, const char *disk,
    uint64_t done, uint64_t size, struct error **err);

/* Contents on their way to another sink, with progress. */
struct appliance_artifact_passage {
    struct oci_sink next;
    const struct appliance_artifact_progress *progress; /* borrowed; or NULL */
    const char *name; /* of the disk; borrowed */
    uint64_t size; /* that is expected */
    uint64_t done;
};

/* Where they go in. Valid as long as the passage. */
struct oci_sink appliance_artifact_passage_sink(struct appliance_artifact_passage *passage);

/* A disk of an artifact. */
struct appliance_artifact_disk {
    char *name; /* fit for the name of a file; owned */
    uint64_t size; /* of the raw image */
    const struct oci_descriptor *layer; /* borrowed from the artifact's manifest */
};

/* An artifact that was read. All owned. */
struct appliance_artifact {
    struct oci_manifest manifest;
    bool is_template;
    json_t *config;
    char *architecture; /* NULL: there is no index that says it */
    struct appliance_artifact_disk *disks;
    size_t disk_count;
};

/* Reads everything but the disks, of the artifact for a platform (NULL: the only one). Returns 0, or
 * -1 with an input error: another kind of artifact, a layer that is not a disk, a disk without a
 * name, two of one name, no valid size. appliance_artifact_clear is due either way. */
int appliance_artifact_read(struct appliance_artifact *artifact, const struct oci_source *source,
    const char *platform, struct error **err);

/* Writes a disk as a raw image with holes to a new file. Returns 0, or -1 with an error; then there
 * is no file: what came is not what the manifest says, or has another size than the disk declares.
 */
int appliance_artifact_unpack_disk(const struct appliance_artifact_disk *disk,
    const struct oci_source *source, const char *path,
    const struct appliance_artifact_progress *progress, struct error **err);

/* Reads an artifact whole into a new directory, DIRECTORY/vm.yaml or template.yaml, and NAME.raw for
 * each disk; the directory appears when it is complete. Returns 0, or -1 with an error, and there is
 * none. */
int appliance_artifact_unpack(struct appliance_artifact *artifact, const struct oci_source *source,
    const char *directory, const struct appliance_artifact_progress *progress, struct error **err);

void appliance_artifact_clear(struct appliance_artifact *artifact);

#endif
