/* The access credentials of a VMI: SSH public keys from Secrets, which reach the guest in its
 * cloud-init data. */
#ifndef MACHINE_ACCESS_CREDENTIALS_H
#define MACHINE_ACCESS_CREDENTIALS_H

#include <jansson.h>

#include "base/finding.h"
#include "base/pairs.h"

/* Returns the name under which --volume-dir gives the files of a credential's Secret, and under
 * which KubeVirt mounts them: SECRET-access-cred. Owned by the caller; NULL if the credential names
 * no Secret. */
char *machine_access_credential_volume(const json_t *credential);

/* Checks the access credentials of a checked VMI: each has one secret and one way to the guest. SSH
 * keys go there in cloud-init data, of which there must be a volume of that kind. What the QEMU
 * guest agent would do in the running guest is an error, and a warning in a dry run, since the
 * domain does not depend on it.
 * Source: KubeVirt, its webhook for VMIs, validateAccessCredentials. */
void machine_access_credentials_check(const json_t *vmi, bool dry_run, struct findings *findings);

/* Returns the keys for a data source, method being "noCloud" or "configDrive": each file of the
 * Secrets by its number, from "0" on, in the order of the credentials and then of the names.
 * directories are the values of --volume-dir. A missing directory is an error, and in a dry run a
 * warning. New reference, empty without keys.
 * Source: KubeVirt, pkg/cloud-init. */
json_t *machine_access_credentials_keys(const json_t *vmi, const char *method,
    const struct pairs *directories, bool dry_run, struct findings *findings);

#endif
