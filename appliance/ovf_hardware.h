/* The virtual hardware of an OVF descriptor: its items, as far as they apply. */
#ifndef APPLIANCE_OVF_HARDWARE_H
#define APPLIANCE_OVF_HARDWARE_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/finding.h"

enum { APPLIANCE_OVF_MAX_ITEMS = 500 };

/* Source: DMTF CIM, CIM_ResourceAllocationSettingData.ResourceType. */
enum appliance_ovf_type {
    APPLIANCE_OVF_CPU = 3,
    APPLIANCE_OVF_MEMORY = 4,
    APPLIANCE_OVF_IDE = 5,
    APPLIANCE_OVF_SCSI = 6,
    APPLIANCE_OVF_ETHERNET = 10,
    APPLIANCE_OVF_FLOPPY = 14,
    APPLIANCE_OVF_CD = 15,
    APPLIANCE_OVF_DVD = 16,
    APPLIANCE_OVF_DISK = 17,
    APPLIANCE_OVF_STORAGE = 20, /* of another kind: SATA, NVMe */
    APPLIANCE_OVF_USB = 23,
};

/* One item. Its strings are owned; NULL: it does not say. */
struct appliance_ovf_item {
    long type; /* of enum appliance_ovf_type; others are other hardware */
    long line; /* in the descriptor */
    bool is_optional; /* it is of deployment options */
    char *id;
    char *parent; /* the id of its controller */
    char *address; /* on the controller */
    char *subtype; /* "lsilogic", "AHCI", "E1000" */
    char *name; /* "Hard disk 1" */
    char *resource; /* "ovf:/disk/vmdisk1", "ovf:/file/iso" */
    char *network;
    char *quantity;
    char *units;
    char *cores; /* of one socket */
};

struct appliance_ovf_hardware {
    struct appliance_ovf_item *items; /* in the descriptor's order; owned */
    size_t count;
};

/* Reads the items of a VirtualHardwareSection that apply: not those that only state a range, nor
 * those of a deployment option other than configuration (NULL: there are none). Of two of one id, the
 * later one counts, if one of them is of a deployment option. Adds what is wrong with one, and that there are too many, as errors. */
void appliance_ovf_hardware_read(struct appliance_ovf_hardware *hardware, const xmlNode *section,
    const char *configuration, struct findings *findings);

/* The item of that id, or NULL. Borrowed. */
const struct appliance_ovf_item *appliance_ovf_hardware_find(
    const struct appliance_ovf_hardware *hardware, const char *id);

/* The last item of a type, or NULL. Borrowed. */
const struct appliance_ovf_item *appliance_ovf_hardware_last(
    const struct appliance_ovf_hardware *hardware, enum appliance_ovf_type type);

void appliance_ovf_hardware_clear(struct appliance_ovf_hardware *hardware);

#endif
