/* Where a manifest and its contents are read from: a registry, a layout in a directory or in a tar
 * archive. Everything is verified by its digest on the way. */
#ifndef OCI_SOURCE_H
#define OCI_SOURCE_H

#include <stddef.h>

#include "oci/manifest.h"
#include "oci/sink.h"

struct oci_source {
    /* Reads a manifest or index; descriptor NULL: what the source is about. Returns 0 with *out for
     * oci_manifest_clear, or -1 with an error. */
    int (*read_manifest)(void *user, const struct oci_descriptor *descriptor,
        struct oci_manifest *out, struct error **err);
    /* Passes contents to the sink. Returns 0 when they were complete and right; or -1 with an error,
     * and what the sink has got is worth nothing. */
    int (*read_blob)(void *user, const struct oci_descriptor *descriptor,
        const struct oci_sink *sink, struct error **err);
    void *user;
};

/* Reads contents of at most limit bytes into memory. Returns 0 with *data, owned by the caller and
 * followed by a zero byte; or -1 with an error, an input error if they are larger. what names
 * them. */
int oci_source_read_small(const struct oci_source *source, const char *what,
    const struct oci_descriptor *descriptor, size_t limit, char **data, size_t *length,
    struct error **err);

/* Reads the manifest that the source is about; of an index, that for the platform (NULL: the only
 * one). *index gets the index, unless NULL; zeroed if there is none. Returns 0 with *out and *index
 * for oci_manifest_clear, or -1 with an error. */
int oci_source_read_platform(const struct oci_source *source, const char *platform,
    struct oci_manifest *out, struct oci_manifest *index, struct error **err);

#endif
