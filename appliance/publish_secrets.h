/* The Secrets and ConfigMaps of a VM that is published, and the passwords in its user data. */
#ifndef APPLIANCE_PUBLISH_SECRETS_H
#define APPLIANCE_PUBLISH_SECRETS_H

#include "appliance/publish_draft.h"

/* Writes user data into the boilerplate that are elsewhere: in a Secret among the objects, unless
 * passwords are to be kept, or in Base64. The DataSource owns the other Secrets and ConfigMaps that
 * the VM refers to; one that is not among the objects is a warning. */
void appliance_publish_secrets(struct appliance_publish_draft *draft);

/* Replaces the literal passwords in user data by a reference to the parameter PASSWORD, which is
 * declared then; or warns of them, if they are to be kept. */
void appliance_publish_passwords(struct appliance_publish_draft *draft);

#endif
