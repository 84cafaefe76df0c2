/* Adds SSH keys to cloud-init's user data. */
#ifndef APPLIANCE_USERDATA_KEYS_H
#define APPLIANCE_USERDATA_KEYS_H

#include "appliance/userdata.h"
#include "base/option.h"

/* Has SSH keys added to ssh_authorized_keys, but for those that are there: of the first account of
 * "users" if none of these is the default one, else of the default account. Returns false if the
 * text is not a cloud-config, or is written in a way that cannot be added to. */
bool appliance_userdata_add_keys(
    struct appliance_userdata *userdata, const struct option_texts *keys);

#endif
