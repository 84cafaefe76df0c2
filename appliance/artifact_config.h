/* The object in an artifact: without what a cluster wrote into it, and its claims. */
#ifndef APPLIANCE_ARTIFACT_CONFIG_H
#define APPLIANCE_ARTIFACT_CONFIG_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

enum { APPLIANCE_ARTIFACT_MAX_CONFIG = 1 << 20 }; /* bytes of the object in JSON */

/* The object as an artifact has it: a VirtualMachine or VirtualMachineTemplate without what a cluster
 * wrote into it; of a VirtualMachine, DataVolumes are claims of the same name. New reference, or
 * NULL with an input error: another kind, or too large. */
json_t *appliance_artifact_config(const json_t *object, struct error **err);

bool appliance_artifact_config_is_template(const json_t *config);

/* The name of the disk of a claim: dots are dashes. Owned by the caller. */
char *appliance_artifact_disk_name(const char *claim);

/* The disk that a user means by the name of a claim or of a volume in the config. Owned by the
 * caller; NULL with an input error that lists the claims. */
char *appliance_artifact_find_disk(const json_t *config, const char *name, struct error **err);

/* The first claim of the config whose disk is not among count names; borrowed, or NULL. */
const char *appliance_artifact_missing_disk(const json_t *config, char *const *names, size_t count);

/* The architecture that the config asks for; "amd64" if it does not say. Borrowed. */
const char *appliance_artifact_architecture(const json_t *config);

#endif
