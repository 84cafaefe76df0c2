/* The devices of a VM out of the hardware of an OVF descriptor: disks with their volumes, network
 * interfaces with their networks. */
#ifndef APPLIANCE_OVF_DEVICES_H
#define APPLIANCE_OVF_DEVICES_H

#include <jansson.h>

#include "appliance/ovf_hardware.h"
#include "appliance/ovf_media.h"
#include "appliance/ovf_types.h"
#include "base/finding.h"

struct appliance_ovf_devices {
    const struct appliance_ovf_hardware *hardware; /* borrowed, as are the two below */
    const struct appliance_ovf_media *media;
    const struct appliance_ovf_request *request;
    const char *vm_name; /* borrowed */
    json_t *devices; /* of the domain; with interfaces and disks; owned, as are the others */
    json_t *networks;
    json_t *volumes;
    json_t *templates; /* for empty disks */
};

/* Makes the disks; those with a file in the package go to ovf->disks. Adds errors and warnings. */
void appliance_ovf_devices_make_disks(
    struct appliance_ovf_devices *devices, struct appliance_ovf *ovf, struct findings *findings);

/* Makes the interfaces: the first one's network becomes the pod network and the others' those of
 * Multus, unless the request says otherwise. */
void appliance_ovf_devices_make_interfaces(
    struct appliance_ovf_devices *devices, bool is_windows, struct findings *findings);

void appliance_ovf_devices_clear(struct appliance_ovf_devices *devices);

#endif
