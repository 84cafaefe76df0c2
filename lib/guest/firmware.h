/* The firmware of a guest that boots with EFI: which files of this machine it is. */
#ifndef GUEST_FIRMWARE_H
#define GUEST_FIRMWARE_H

#include <stdbool.h>

#include "base/error.h"

/* OVMF for x86_64 in the places where distributions put it, the first that is there; with Secure
 * Boot, the one whose variables hold Microsoft's keys. any: the first place also when nothing is
 * there. Returns 0 with *code, the program, read-only, and *vars, the template of its variables,
 * static; or -1 with an io error that names the package. */
int guest_firmware_find(
    bool secure_boot, bool any, const char **code, const char **vars, struct error **err);

#endif
