/* What a VM owns: objects that are made for it, and what is read of it for that. */
#ifndef CONTROLLER_APPLIANCE_OWNED_H
#define CONTROLLER_APPLIANCE_OWNED_H

#include <jansson.h>
#include <stdbool.h>
#include <time.h>

#include "kube/resource.h"

/* The parts of a VM that are read; for kube_informer_options. */
extern const char *const controller_owned_kept[];

/* When an object was created. Returns false if it does not say. */
bool controller_owned_time(const json_t *object, time_t *created);

/* The resource of an object that may be made for a VM, a Secret or a ConfigMap; NULL: it is another
 * kind. Static. */
const struct kube_resource *controller_owned_resource(const json_t *object);

/* The object in the VM's namespace, owned by the VM. A Secret has no type but Opaque: others mean
 * something to Kubernetes. New reference. */
json_t *controller_owned_make(const json_t *object, const json_t *vm);

/* Overwrites what is secret in a Secret or ConfigMap that nobody else has. */
void controller_owned_wipe(json_t *object);

#endif
