/* Answers a registry's challenges: a token of its realm, or a user name and a password.
 *
 * To whom credentials go: to the registry that the user named, and to the realm that this registry
 * names in an answer of its own. A realm on another host gets them only if both connections are
 * encrypted: then the registry, which could have asked for the password itself, vouches for it. What
 * a host says to which the registry redirects is no challenge. */
#ifndef OCI_LOGIN_H
#define OCI_LOGIN_H

#include "http/target.h"
#include "oci/credentials.h"
#include "oci/wire.h"

struct oci_login {
    const char *registry_url; /* "https://localhost:5000"; borrowed */
    const struct oci_credentials *credentials; /* borrowed */
    char *token; /* owned; NULL: none yet */
    bool basic; /* it has asked for the password itself */
};

/* Answers a challenge of the registry; scope is what is needed if the challenge does not say it.
 * Returns 0, and further requests have the identity of oci_login_identity; or -1 with an error:
 * policy when there are no credentials, or they may not go to the realm. */
int oci_login_answer(struct oci_login *login, struct oci_wire *wire,
    const struct oci_challenge *challenge, const char *scope, struct error **err);

/* The identity of a request to the registry. Its strings are borrowed until the next answer. */
struct http_identity oci_login_identity(const struct oci_login *login);

/* Whether the credentials may go to a realm, by the rule above. Returns 0, or -1 with a policy
 * error. */
int oci_login_trust_realm(const char *registry_url, const char *realm, struct error **err);

void oci_login_clear(struct oci_login *login);

#endif
