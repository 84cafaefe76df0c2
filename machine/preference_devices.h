/* What a preference says about the devices that a VM has: its disks, interfaces, inputs, sound and
 * panic devices. For machine/preference.c only. */
#ifndef MACHINE_PREFERENCE_DEVICES_H
#define MACHINE_PREFERENCE_DEVICES_H

#include "machine/application.h"

/* Applies it to the VM's devices, the default ones among them. */
void machine_preference_devices_apply(struct machine_application *application);

#endif
