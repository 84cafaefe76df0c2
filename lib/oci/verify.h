/* Verifies contents on their way to a sink: no more bytes than their descriptor says, and its
 * digest. When the sink finds the contents wrong, the rest is still measured: whether they are what
 * the descriptor names says whose fault it is. */
#ifndef OCI_VERIFY_H
#define OCI_VERIFY_H

#include "oci/manifest.h"
#include "oci/sink.h"

struct oci_verify {
    const struct oci_descriptor *descriptor; /* borrowed */
    const struct oci_sink *sink; /* borrowed */
    struct oci_meter *meter;
    struct error *refusal; /* the sink's input error, after which it gets nothing more; owned */
};

void oci_verify_init(struct oci_verify *verify, const struct oci_descriptor *descriptor,
    const struct oci_sink *sink);

/* Takes the contents. Valid as long as verify is. */
struct oci_sink oci_verify_sink(struct oci_verify *verify);

/* Ends it. result is 0 if all contents have come, or -1 with *err set. Returns 0 if they are right,
 * or -1 with an error: that they are not what the descriptor names, which begins with what, or else
 * the sink's own. */
int oci_verify_finish(struct oci_verify *verify, const char *what, int result, struct error **err);

#endif
