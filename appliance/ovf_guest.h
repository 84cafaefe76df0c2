/* The operating system that an OVF descriptor names, and the preference of KubeVirt's own that
 * matches it. */
#ifndef APPLIANCE_OVF_GUEST_H
#define APPLIANCE_OVF_GUEST_H

#include <stdbool.h>

/* What a descriptor says of the guest. All borrowed; each may be NULL. */
struct appliance_ovf_guest {
    const char *id; /* of the OperatingSystemSection: a number of CIM_OperatingSystem */
    const char *vendor_type; /* vmw:osType, "rhel9_64Guest"; or VirtualBox's OSType, "Fedora_64" */
    const char *description; /* "Red Hat Enterprise Linux 9 (64-bit)" */
};

/* The name of a preference that KubeVirt 1.9 installs, from what says most: the vendor's type, the
 * description, the number. NULL: none matches. Static.
 * Source: DMTF CIM, CIM_OperatingSystem.OSType; VMware's guest identifiers; VirtualBox's guest
 * types. */
const char *appliance_ovf_guest_preference(const struct appliance_ovf_guest *guest);

/* Whether it is Windows of any kind. */
bool appliance_ovf_guest_is_windows(const struct appliance_ovf_guest *guest);

#endif
