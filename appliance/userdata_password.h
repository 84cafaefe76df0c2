/* Replaces passwords in cloud-init's user data. */
#ifndef APPLIANCE_USERDATA_PASSWORD_H
#define APPLIANCE_USERDATA_PASSWORD_H

#include "appliance/userdata.h"

/* Has a password replaced by a plain one of printable characters: as it is where it means itself in
 * YAML, else quoted. Returns 0, or -1 with an input error if it is written in a way that cannot be
 * replaced: it must be a hash, an alias repeats it, a key is written twice then. */
int appliance_userdata_set_password(struct appliance_userdata *userdata,
    const struct appliance_userdata_password *password, const char *plain, struct error **err);

/* The password that is in the text, as YAML means it. Owned by the caller; NULL if it is a number. */
char *appliance_userdata_old_password(
    const struct appliance_userdata *userdata, const struct appliance_userdata_password *password);

/* Whether a text can be a password here: of printable UTF-8, on one line, at most 256 bytes. */
bool appliance_userdata_is_password(const char *text);

#endif
