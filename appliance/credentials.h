/* The passwords and SSH keys of a completed VM. */
#ifndef APPLIANCE_CREDENTIALS_H
#define APPLIANCE_CREDENTIALS_H

#include "appliance/draft.h"

/* Replaces literal passwords in the user data of cloud-init volumes as the request says, all of
 * them by the same one, and adds the request's SSH keys. User data with a password that was
 * replaced, or that comes from a parameter, goes to the Secret "{vm}-{volume}", under the key
 * userdata. Keys are added to a cloud-config itself; beside user data of another form they are
 * access credentials with a Secret "{vm}-ssh-keys"; without any cloud-init volume, one is added.
 * Network data stay as they are. Passwords elsewhere (sysprep, scripts) are not looked for, with a
 * warning.
 * Source: KubeVirt 1.9, pkg/cloud-init; API reference, CloudInitNoCloudSource. */
void appliance_credentials_complete(struct appliance_draft *draft);

#endif
