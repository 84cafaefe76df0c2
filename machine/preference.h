/* A preference, applied to a VM: it gives values to what the VM leaves open. */
#ifndef MACHINE_PREFERENCE_H
#define MACHINE_PREFERENCE_H

#include "machine/application.h"

/* Applies those fields of application->preference, if there is one, that say which devices a VM
 * gets by itself. KubeVirt does so before it adds them. */
void machine_preference_apply_autoattach(struct machine_application *application);

/* Applies all of it; the VM's own fields win, but for the few where KubeVirt's do not, which is
 * warned of.
 * Source: KubeVirt 1.9, pkg/instancetype/preference/apply and webhooks/vm. */
void machine_preference_apply(struct machine_application *application);

#endif
