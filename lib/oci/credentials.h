/* The user's credentials for a registry, from the files in which docker and podman keep them. */
#ifndef OCI_CREDENTIALS_H
#define OCI_CREDENTIALS_H

#include <stddef.h>

#include "base/error.h"

enum { OCI_CREDENTIALS_MAX_BYTES = 1 << 20 }; /* of a file */

/* All owned. Zeroed is none. */
struct oci_credentials {
    char *username; /* NULL: none */
    char *password;
    char *elsewhere; /* why a file that mentions the registry has none that can be used here: they
                        are in a credential helper, or are an identity token; NULL: it has, or does
                        not mention it */
};

/* Finds the credentials of a repository: in $REGISTRY_AUTH_FILE alone if that is set, else in
 * $XDG_RUNTIME_DIR/containers/auth.json, $XDG_CONFIG_HOME/containers/auth.json (~/.config),
 * $DOCKER_CONFIG/config.json (~/.docker); the first file that has some counts. No helper program is
 * run. Returns 0 with *out for oci_credentials_clear, or -1 with an error that names the file: it
 * cannot be read or is not such a file.
 * Sources: containers-auth.json(5); docker login's reference. */
int oci_credentials_find(
    const char *registry, const char *repository, struct oci_credentials *out, struct error **err);

/* The same from the text of one file; name begins errors. Of several entries the most specific
 * counts: registry/repository, its parents, the registry. */
int oci_credentials_read(const char *name, const char *text, size_t length, const char *registry,
    const char *repository, struct oci_credentials *out, struct error **err);

/* Overwrites and frees. */
void oci_credentials_clear(struct oci_credentials *credentials);

#endif
