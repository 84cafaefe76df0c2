/* What a registry holds: manifests by tag or digest, and blobs by digest. All run the event loop until
 * they are done, and return -1 with an error that names what was asked for.
 * Source: OCI distribution specification 1.1. */
#ifndef OCI_REMOTE_H
#define OCI_REMOTE_H

#include "oci/client.h"
#include "oci/source.h"

/* Reads the manifest or index of a tag or digest, as it is. Its digest is checked: against a digest
 * that it is asked for by, and what the registry says of it. Returns 0 with *text and *media_type,
 * owned by the caller. */
int oci_remote_get_manifest(struct oci_client *client, const char *reference, char **text,
    size_t *length, char **media_type, struct error **err);

/* Writes a manifest or index to a tag or digest. digest is what the text has. */
int oci_remote_put_manifest(struct oci_client *client, const char *reference,
    const char *media_type, const char *text, const char *digest, struct error **err);

/* Whether the registry has a blob: 1, 0, or -1 with an error. */
int oci_remote_has_blob(
    struct oci_client *client, const char *digest, uint64_t size, struct error **err);

/* Takes a blob over from another repository of the registry. Returns 1, 0 if that is not possible
 * and it must be uploaded, or -1 with an error. */
int oci_remote_mount_blob(
    struct oci_client *client, const char *from, const char *digest, struct error **err);

/* Passes a blob to the sink, verified: not more bytes than the descriptor says. */
int oci_remote_get_blob(struct oci_client *client, const struct oci_descriptor *descriptor,
    const struct oci_sink *sink, struct error **err);

/* A reference as a source; both are borrowed as long as it is used. */
struct oci_remote {
    struct oci_client *client;
    const char *manifest; /* its tag or digest */
};
struct oci_source oci_remote_source(struct oci_remote *remote);

#endif
