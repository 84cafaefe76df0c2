/* The tags that a VMI gives its devices: in the guest, the metadata of a config drive says at which
 * address each tagged device is. */
#ifndef MACHINE_DEVICE_TAGS_H
#define MACHINE_DEVICE_TAGS_H

#include <jansson.h>
#include <stdbool.h>

#include "domain/interfaces.h"

/* Whether the guest is told of tags: an interface has one, and the data are for a config drive. */
bool machine_device_tags_are_told(const json_t *vmi, const json_t *cloud_init);

/* Makes the DevicesData of CloudInitData: an object for each tagged interface of the VMI, with its
 * place in the domain as libvirt has completed it. *missing gets the name of the first tagged
 * interface without a PCI address there, borrowed from the VMI, or NULL. New reference; NULL when
 * there would be none.
 * Source: KubeVirt, buildDevicesMetadata and cloudinit.DeviceData. */
json_t *machine_device_tags_data(
    const json_t *vmi, const struct domain_interfaces *interfaces, const char **missing);

#endif
