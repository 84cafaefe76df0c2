/* What a DataSource owns. */
#ifndef APPLIANCE_PUBLISH_OWNED_H
#define APPLIANCE_PUBLISH_OWNED_H

#include "appliance/publish_draft.h"

/* Adds an object of the DataSource's namespace to what it owns, as it is to be applied: without what
 * a server fills in, with an owner reference that has the DataSource's uid. Does nothing if it is
 * there already. */
void appliance_publish_own(
    struct appliance_publish_draft *draft, const struct appliance_object *object);

/* Adds the objects that say already that the DataSource owns them. Without its uid, a reference that
 * has none is an error. */
void appliance_publish_own_existing(struct appliance_publish_draft *draft);

/* Says that what is owned does not refer to its owner yet, if its uid is not known. */
void appliance_publish_say_owner(struct appliance_publish_draft *draft);

/* Gives an object that is owned a reference with the DataSource's uid. Returns whether it changed. */
bool appliance_publish_set_owner(json_t *object, const char *name, const char *uid);

#endif
