/* A file that is written in order, with holes where its contents are zero. */
#ifndef OCI_SPARSE_H
#define OCI_SPARSE_H

#include <stdint.h>

#include "oci/sink.h"

/* Zeroed but for fd and name is an empty file. */
struct oci_sparse {
    int fd; /* empty, seekable; borrowed */
    const char *name; /* for errors; borrowed */
    uint64_t size; /* of what was taken */
};

struct oci_sink oci_sparse_sink(struct oci_sparse *sparse);

/* Gives the file its size. Returns 0, or -1 with an io error. */
int oci_sparse_finish(const struct oci_sparse *sparse, struct error **err);

/* Passes length zeros to a sink. Returns 0, or -1 with its error. */
int oci_sparse_pass_zeros(const struct oci_sink *sink, uint64_t length, struct error **err);

/* Passes length bytes of a file from its start to the sink; holes are not read. Returns 0, or -1
 * with an error: io when the file is shorter, or that of the sink. */
int oci_sparse_read(
    int fd, const char *name, uint64_t length, const struct oci_sink *sink, struct error **err);

#endif
