/* Zstandard (RFC 8878): contents are compressed or decompressed on their way from one sink to
 * another. */
#ifndef OCI_ZSTD_H
#define OCI_ZSTD_H

#include <stdint.h>

#include "oci/sink.h"

enum {
    OCI_ZSTD_LEVEL = 3,
    OCI_ZSTD_MAX_WINDOW_LOG = 27, /* 128 MiB of memory; what needs more is refused */
};

struct oci_zstd; /* opaque */

/* Compresses what its own sink takes into out. With the processors that there are: the result is the
 * same for any number of them. out is copied. Owned by the caller. */
struct oci_zstd *oci_zstd_new_compressor(const struct oci_sink *out);

/* Decompresses into out at most limit bytes: what is larger is an input error as soon as it is. */
struct oci_zstd *oci_zstd_new_decompressor(const struct oci_sink *out, uint64_t limit);

/* Where the contents go in. Valid as long as it lives. */
struct oci_sink oci_zstd_sink(struct oci_zstd *zstd);

/* The contents are complete: passes on what is left. Returns 0, or -1 with an error: that of out, or
 * an input error when compressed contents are cut. */
int oci_zstd_finish(struct oci_zstd *zstd, struct error **err);

void oci_zstd_free(struct oci_zstd *zstd); /* NULL is allowed */

DEFINE_CLEANUP(oci_zstd, struct oci_zstd *, oci_zstd_free);
#define auto_oci_zstd auto_cleanup(oci_zstd)

#endif
