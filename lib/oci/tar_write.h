/* Writes a tar archive in pieces. */
#ifndef OCI_TAR_WRITE_H
#define OCI_TAR_WRITE_H

#include <stdint.h>
#include <sys/types.h>

#include "oci/sink.h"

struct oci_tar_writer; /* opaque */

/* Writes to out, which is copied. Owned by the caller. */
struct oci_tar_writer *oci_tar_writer_new(const struct oci_sink *out);

/* Add a directory, and a file with size bytes of fd from its start; fd -1: of data. Both belong to
 * user and group id, and have no time, so that equal contents make equal archives. Return 0, or -1
 * with an error: io, or that of out. */
int oci_tar_writer_add_directory(
    struct oci_tar_writer *writer, const char *path, mode_t mode, uint32_t id, struct error **err);
int oci_tar_writer_add_file(struct oci_tar_writer *writer, const char *path, mode_t mode,
    uint32_t id, int fd, const void *data, uint64_t size, struct error **err);

/* Ends the archive. Returns 0, or -1 with an error. */
int oci_tar_writer_finish(struct oci_tar_writer *writer, struct error **err);

void oci_tar_writer_free(struct oci_tar_writer *writer); /* NULL is allowed */

DEFINE_CLEANUP(oci_tar_writer, struct oci_tar_writer *, oci_tar_writer_free);
#define auto_oci_tar_writer auto_cleanup(oci_tar_writer)

#endif
