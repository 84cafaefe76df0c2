/* An OCI image layout in a tar archive, which is not compressed: what KubeVirt exports, and what
 * skopeo calls oci-archive. */
#ifndef OCI_LAYOUT_TAR_H
#define OCI_LAYOUT_TAR_H

#include "oci/source.h"

enum { OCI_LAYOUT_TAR_MAX_ENTRIES = 4096 };

struct oci_layout_tar {
    int fd; /* seekable; borrowed */
    const char *name; /* for errors; borrowed */
};

/* The archive as a source; tar is borrowed as long as it is used. An entry whose path is unsafe is an
 * error, wherever it is. */
struct oci_source oci_layout_tar_source(struct oci_layout_tar *tar);

/* Writes the layout in a directory as such an archive to the sink: oci-layout, index.json, then the
 * manifest, its config and its layers. Returns 0, or -1 with an error. */
int oci_layout_tar_write(const char *directory, const struct oci_sink *out, struct error **err);

#endif
