/* The Secret in which the replicas keep their certificate: ca.crt, tls.crt and tls.key, and the
 * previous CA in previous-ca.crt. The CA's key is not kept: it is discarded after signing, and each
 * new leaf comes with a new CA. */
#ifndef CONTROLLER_CERTIFICATES_SECRET_PAIR_H
#define CONTROLLER_CERTIFICATES_SECRET_PAIR_H

#include <jansson.h>

#include "tls/certificate.h"

struct controller_secret_pair {
    char *ca, *previous_ca; /* PEM, owned; previous_ca is NULL without a usable one */
    struct tls_certificate *certificate; /* a reference */
};

/* Reads a Secret and overwrites the key in it. Returns 0, or -1 with an input error that says what
 * is wrong; pair then has the CAs that are valid. It needs controller_secret_pair_clear either way.
 * name is the name of the Secret in errors. */
int controller_secret_pair_read(
    struct controller_secret_pair *pair, const char *name, json_t *secret, struct error **err);

void controller_secret_pair_clear(struct controller_secret_pair *pair);

/* A new CA and leaf for the names. existing is the Secret to update, or NULL for a new one;
 * its other keys stay.
 * previous_ca may be NULL. Returns the Secret to be written, new reference, to be wiped with
 * controller_secret_wipe; or NULL with an internal error. */
json_t *controller_secret_make(const char *namespace, const char *name, const json_t *existing,
    const char *const *dns_names, int64_t validity_ms, const char *previous_ca, struct error **err);

/* Overwrites the key in a Secret's data. */
void controller_secret_wipe(json_t *secret);

/* When to replace a certificate: when a third of its lifetime is left. */
time_t controller_certificate_renewal(const struct tls_certificate *certificate);

#endif
