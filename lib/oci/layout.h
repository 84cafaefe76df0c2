/* OCI image layouts: a directory with oci-layout, index.json and blobs/sha256/DIGITS.
 * Source: OCI image specification 1.1, image-layout.md. */
#ifndef OCI_LAYOUT_H
#define OCI_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "oci/sink.h"
#include "oci/source.h"

/* Makes the directory, unless it is there, the folders of a layout in it, and oci-layout. Returns 0,
 * or -1 with an io error. */
int oci_layout_create(const char *directory, struct error **err);

/* Writes a blob. Returns 0 with its digest, or -1 with an io error. */
int oci_layout_add(const char *directory, const void *data, size_t length,
    char digest[OCI_DIGEST_LENGTH + 1], struct error **err);

/* A blob that is written in pieces, into a file that is not part of the layout yet. */
struct oci_layout_blob;

/* Returns it, owned by the caller, or NULL with an io error. */
struct oci_layout_blob *oci_layout_begin(const char *directory, struct error **err);

/* Where its contents go. Valid as long as it lives. */
struct oci_sink oci_layout_blob_sink(struct oci_layout_blob *blob);

/* Makes it part of the layout. Returns 0 with its digest and size, or -1 with an io error. */
int oci_layout_blob_finish(struct oci_layout_blob *blob, char digest[OCI_DIGEST_LENGTH + 1],
    uint64_t *size, struct error **err);

/* Frees it; without finish, removes the file. NULL is allowed. */
void oci_layout_blob_free(struct oci_layout_blob *blob);

/* Writes index.json. Returns 0, or -1 with an io error. */
int oci_layout_write_index(const char *directory, const char *text, struct error **err);

/* The path of a blob. Owned by the caller. */
char *oci_layout_blob_path(const char *directory, const char *digest);

/* Opens a file of a layout: a regular one, not a link, with which whoever made the layout could choose
 * another file. Returns the descriptor, owned by the caller, with *size; or -1 with an io or input
 * error. */
int oci_layout_open(const char *path, uint64_t *size, struct error **err);

/* A layout as a source; the directory is borrowed as long as it is used. */
struct oci_source oci_layout_source(const char *directory);

DEFINE_CLEANUP(oci_layout_blob, struct oci_layout_blob *, oci_layout_blob_free);
#define auto_oci_layout_blob auto_cleanup(oci_layout_blob)

#endif
