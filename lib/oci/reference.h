/* References to what a registry holds: registry/repository:tag@digest. */
#ifndef OCI_REFERENCE_H
#define OCI_REFERENCE_H

#include "base/error.h"

enum {
    OCI_REFERENCE_MAX_NAME = 255, /* bytes of registry/repository */
    OCI_REFERENCE_MAX_TAG = 128,
};

/* All owned. */
struct oci_reference {
    char *registry; /* "docker.io", "localhost:5000": a host, perhaps with a port */
    char *repository; /* "library/debian" */
    char *tag; /* NULL: none, and there is a digest */
    char *digest; /* "sha256:…"; NULL: none */
};

/* Parses a reference. Without a registry it is docker.io, where a repository without a slash is
 * below library/; without tag and digest, the tag is latest. Returns 0 with *out for
 * oci_reference_clear, or -1 with a usage error that says which part is wrong and what is right.
 * Source: distribution/reference, the grammar of Docker's references. */
int oci_reference_parse(const char *text, struct oci_reference *out, struct error **err);

/* The whole reference, with what was left out. Owned by the caller. */
char *oci_reference_text(const struct oci_reference *reference);

/* What names the manifest in a request: the digest, or else the tag. Borrowed. */
const char *oci_reference_manifest(const struct oci_reference *reference);

void oci_reference_clear(struct oci_reference *reference);

#endif
