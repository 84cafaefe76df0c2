/* Tar archives: read safely, and written. What is read comes from strangers: a path that leaves the
 * archive, or a link to one, is an error, and so is more than the limits. */
#ifndef OCI_TAR_H
#define OCI_TAR_H

#include <stdbool.h>
#include <stdint.h>

#include "oci/sink.h"

struct oci_tar; /* opaque */

struct oci_tar_limits {
    uint64_t bytes; /* of the archive, decompressed */
    size_t entries;
};

enum oci_tar_kind { OCI_TAR_FILE, OCI_TAR_DIRECTORY, OCI_TAR_LINK, OCI_TAR_OTHER };

/* Valid until the next one is read. */
struct oci_tar_entry {
    enum oci_tar_kind kind;
    const char *path; /* relative, without "." and "..", "//" and a slash at its end */
    uint64_t size; /* of a file */
};

/* Opens the archive in a file, from its position on, which may be compressed with gzip or zstd if
 * may_be_compressed. name is for errors. Both are borrowed. Owned by the caller, or NULL with an
 * error. */
struct oci_tar *oci_tar_open(int fd, const char *name, bool may_be_compressed,
    const struct oci_tar_limits *limits, struct error **err);

/* Goes to the next entry. Returns 1, 0 at the end, or -1 with an input error. */
int oci_tar_next(struct oci_tar *tar, struct oci_tar_entry *entry, struct error **err);

/* Passes the contents of the entry to the sink, holes as zeros. Returns 0 when there were as many
 * bytes as the entry says, or -1 with an error. */
int oci_tar_read(struct oci_tar *tar, const struct oci_sink *sink, struct error **err);

void oci_tar_close(struct oci_tar *tar); /* NULL is allowed */

/* The path of an entry as struct oci_tar_entry has it. Owned by the caller; NULL if it is absolute,
 * has "..", or is empty; "." is "". */
char *oci_tar_clean_path(const char *path);

DEFINE_CLEANUP(oci_tar, struct oci_tar *, oci_tar_close);
#define auto_oci_tar auto_cleanup(oci_tar)

#endif
