/* How a registry asks for credentials: the header WWW-Authenticate. */
#ifndef OCI_CHALLENGE_H
#define OCI_CHALLENGE_H

#include <stdbool.h>

enum { OCI_CHALLENGE_MAX_BYTES = 16 << 10 }; /* of the header; what is longer asks for nothing */

/* All owned. */
struct oci_challenge {
    bool basic; /* a user name and a password */
    bool bearer; /* a token of the realm */
    char *realm; /* of the bearer; NULL: not given */
    char *service; /* NULL: not given */
    char *scope; /* NULL: not given */
};

/* Reads one header's value, which may hold several challenges, into what those before it said; the
 * first of a kind counts. What it does not know is passed over. Zeroed is empty;
 * oci_challenge_clear is due.
 * Source: RFC 9110, section 11.6.1; distribution, docs/spec/auth/token.md. */
void oci_challenge_read(struct oci_challenge *challenge, const char *header);

void oci_challenge_clear(struct oci_challenge *challenge);

#endif
