/* The manifest of an OVF package: the digests of its files. */
#ifndef APPLIANCE_OVF_DIGESTS_H
#define APPLIANCE_OVF_DIGESTS_H

#include <stddef.h>

#include "base/error.h"

enum {
    APPLIANCE_OVF_DIGESTS_MAX_BYTES = 1 << 20,
    APPLIANCE_OVF_DIGESTS_MAX = 1000,
};

enum appliance_ovf_algorithm {
    APPLIANCE_OVF_SHA1,
    APPLIANCE_OVF_SHA256,
    APPLIANCE_OVF_SHA512,
    APPLIANCE_OVF_ALGORITHMS,
};

/* One line of it. */
struct appliance_ovf_digest {
    enum appliance_ovf_algorithm algorithm;
    char *name; /* of the file; owned */
    char *digits; /* of its digest, lower-case hexadecimal; owned */
};

/* Zeroed is empty. */
struct appliance_ovf_digests {
    struct appliance_ovf_digest *items; /* owned */
    size_t count;
};

/* "SHA256" and the number of its hexadecimal digits. */
const char *appliance_ovf_algorithm_name(enum appliance_ovf_algorithm algorithm);
size_t appliance_ovf_algorithm_digits(enum appliance_ovf_algorithm algorithm);

/* Reads a manifest: lines "SHA256(NAME)= DIGITS", of SHA1, SHA256 or SHA512. Returns 0, or -1 with
 * an input error that names the line. appliance_ovf_digests_clear is due either way.
 * Source: DMTF DSP0243, 6.1 (the manifest file). */
int appliance_ovf_digests_read(
    struct appliance_ovf_digests *digests, const char *text, size_t length, struct error **err);

/* The digest of a file, or NULL. Borrowed. */
const struct appliance_ovf_digest *appliance_ovf_digests_find(
    const struct appliance_ovf_digests *digests, const char *name);

void appliance_ovf_digests_clear(struct appliance_ovf_digests *digests);

#endif
