/* Digests, by which contents are named: "sha256:" and 64 hexadecimal digits. */
#ifndef OCI_DIGEST_H
#define OCI_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define OCI_DIGEST_FORM "sha256: and 64 lowercase hexadecimal digits"

enum { OCI_DIGEST_LENGTH = 7 + 64 };

/* Whether text is a digest. Those of other algorithms are not: no tool makes them by default.
 * Source: OCI image specification, descriptor.md. */
bool oci_digest_is_valid(const char *text);

/* The digest of length bytes. */
void oci_digest_of(const void *data, size_t length, char digest[OCI_DIGEST_LENGTH + 1]);

/* Measures contents that come in pieces. */
struct oci_meter;

struct oci_meter *oci_meter_new(void); /* owned by the caller */
void oci_meter_add(struct oci_meter *meter, const void *data, size_t length);
uint64_t oci_meter_size(const struct oci_meter *meter);

/* The digest of all that was added; nothing may be added afterwards. */
void oci_meter_finish(struct oci_meter *meter, char digest[OCI_DIGEST_LENGTH + 1]);
void oci_meter_free(struct oci_meter *meter); /* NULL is allowed */

DEFINE_CLEANUP(oci_meter, struct oci_meter *, oci_meter_free);
#define auto_oci_meter auto_cleanup(oci_meter)

/* Ends a meter: returns 0 if the contents have this size and digest, or -1 with a remote error that
 * says what differs. what begins it. */
int oci_meter_check(struct oci_meter *meter, const char *what, const char *digest, uint64_t size,
    struct error **err);

#endif
