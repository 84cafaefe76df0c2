/* Pushes a layout to a registry: blobs, then manifests, then the index. What the registry has is not
 * sent again. */
#ifndef OCI_PUSH_H
#define OCI_PUSH_H

#include "oci/client.h"
#include "oci/manifest.h"

enum oci_push_state { OCI_PUSH_UPLOADING, OCI_PUSH_EXISTS, OCI_PUSH_MOUNTED, OCI_PUSH_DONE };

/* All borrowed. */
struct oci_push_options {
    const char *directory; /* of the layout */
    const char *tag; /* NULL: none, only digests */
    bool without_index; /* the tag is for the manifest, of which there is one */
    const char
        *mount_from; /* another repository of the registry that may have the blobs; or NULL */
    void (*on_blob)(void *user, const struct oci_descriptor *blob, enum oci_push_state state);
    void *user;
};

/* Returns 0 with the digest of what was tagged, or -1 with an error; then nothing new is tagged. */
int oci_push_layout(struct oci_client *client, const struct oci_push_options *options,
    char digest[OCI_DIGEST_LENGTH + 1], struct error **err);

#endif
