/* Manifests and indexes of OCI artifacts and images: read with limits, and written. */
#ifndef OCI_MANIFEST_H
#define OCI_MANIFEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "oci/digest.h"

#define OCI_MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"
#define OCI_INDEX_TYPE "application/vnd.oci.image.index.v1+json"
#define OCI_CONFIG_TYPE "application/vnd.oci.image.config.v1+json"
#define OCI_LAYER_TYPE "application/vnd.oci.image.layer.v1.tar"
#define OCI_DOCKER_MANIFEST_TYPE "application/vnd.docker.distribution.manifest.v2+json"
#define OCI_DOCKER_INDEX_TYPE "application/vnd.docker.distribution.manifest.list.v2+json"

enum {
    OCI_MANIFEST_MAX_BYTES = 4 << 20, /* of a manifest or index, as docker-registry limits them */
    OCI_MANIFEST_MAX_ITEMS = 1024, /* layers of a manifest, manifests of an index */
    OCI_MANIFEST_MAX_TEXT = 4096, /* bytes of a media type or an annotation's value */
};

/* Refers to contents. Zeroed is empty. */
struct oci_descriptor {
    char *media_type; /* owned */
    char digest[OCI_DIGEST_LENGTH + 1];
    uint64_t size;
    char *artifact_type; /* owned; NULL: not given */
    char *os, *architecture; /* the platform's; owned; NULL: not given */
    json_t *annotations; /* of strings; owned; NULL: none */
};

/* A manifest, or an index. Zeroed is empty. */
struct oci_manifest {
    bool is_index;
    char *artifact_type; /* owned; NULL: not given */
    struct oci_descriptor config; /* of a manifest */
    struct oci_descriptor *items; /* the layers, or the manifests of an index; owned */
    size_t count;
    json_t *annotations; /* of strings; owned; NULL: none */
};

/* Reads a manifest or an index: length bytes of JSON, of a media type (NULL: that in the text; else
 * both must be the same where the text has one). name begins errors. Returns 0 with *out for
 * oci_manifest_clear, or -1 with an input error: not JSON, another schemaVersion than 2, a digest or
 * size that is none, over the limits.
 * Source: OCI image specification 1.1, manifest.md, image-index.md, descriptor.md. */
int oci_manifest_read(const char *name, const char *text, size_t length, const char *media_type,
    struct oci_manifest *out, struct error **err);

/* The text, always the same for the same manifest. Owned by the caller. */
char *oci_manifest_write(const struct oci_manifest *manifest);

/* OCI_MANIFEST_TYPE or OCI_INDEX_TYPE. Static. */
const char *oci_manifest_type(const struct oci_manifest *manifest);

/* Whether a media type is that of an index, OCI's or Docker's. */
bool oci_manifest_type_is_index(const char *media_type);

/* The annotation, borrowed, or NULL. */
const char *oci_descriptor_annotation(const struct oci_descriptor *descriptor, const char *key);

/* The manifest of an index for a platform, "linux/amd64" or "amd64"; NULL: the only one. Borrowed,
 * or NULL with an input error that lists the platforms. */
const struct oci_descriptor *oci_manifest_choose(
    const struct oci_manifest *index, const char *platform, struct error **err);

void oci_manifest_clear(struct oci_manifest *manifest);
void oci_descriptor_clear(struct oci_descriptor *descriptor);

#endif
