/* Amounts of an OVF descriptor: a number and its unit. */
#ifndef APPLIANCE_OVF_UNITS_H
#define APPLIANCE_OVF_UNITS_H

#include <stdbool.h>

/* The bytes of number units, in *bytes, from 0 to 2^62. units is a programmatic unit of bytes
 * ("byte * 2^20", "byte*10^3", "byte * 1024 * 512"), one of the names that older descriptors use
 * ("MegaBytes", "GB", "KiB", powers of two all of them), or NULL for none: otherwise then. number is
 * decimal and may have a fraction ("1.5"). Returns false for anything else, and out of range.
 * Source: DMTF DSP0004, annex C (programmatic units); DSP0243, 8.1. */
bool appliance_ovf_units_bytes(
    const char *number, const char *units, const char *otherwise, long long *bytes);

#endif
