/* A virtual machine out of an OVF descriptor (DMTF DSP0243, versions 1 and 2): a VirtualMachine,
 * and the disks of its package that must be converted and uploaded. */
#ifndef APPLIANCE_OVF_H
#define APPLIANCE_OVF_H

#include "appliance/ovf_types.h"
#include "base/finding.h"

/* Reads a descriptor of length bytes. Everything wrong with it is added as errors; what becomes
 * something else, or nothing, as warnings; their pointers are empty and their messages begin with
 * the line. Returns 0, or -1 with errors. appliance_ovf_clear is due either way. */
int appliance_ovf_read(struct appliance_ovf *ovf, const char *xml, size_t length,
    const struct appliance_ovf_request *request, struct findings *findings);

void appliance_ovf_clear(struct appliance_ovf *ovf);

#endif
