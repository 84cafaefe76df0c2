/* The firmware files on this machine for a guest that boots with EFI. */
#ifndef GUEST_FIRMWARE_H
#define GUEST_FIRMWARE_H

#include <stdbool.h>

#include "base/error.h"

/* Finds OVMF for x86_64, the first that exists where distributions install it; with Secure Boot,
 * the one whose variables hold Microsoft's keys. any: returns the first place even if nothing
 * exists. Returns 0 with *code, the program, read-only, and *vars, the template of its variables,
 * both static; or -1 with an io error that names the package. */
int guest_firmware_find(
    bool secure_boot, bool any, const char **code, const char **vars, struct error **err);

#endif
