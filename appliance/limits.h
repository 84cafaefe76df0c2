/* Limits of what the annotations of an appliance may hold. */
#ifndef APPLIANCE_LIMITS_H
#define APPLIANCE_LIMITS_H

enum {
    APPLIANCE_MAX_BYTES = 256 << 10,
    APPLIANCE_MAX_DEPTH = 16,
    APPLIANCE_MAX_DISKS = 64,
    APPLIANCE_MAX_PARAMETERS = 100,
};

#endif
