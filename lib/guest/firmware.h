/* The firmware of a guest that boots with EFI: which files of this machine it is. */
#ifndef GUEST_FIRMWARE_H
#define GUEST_FIRMWARE_H

#include <stdbool.h>

#include "base/error.h"

struct guest_firmware {
    const char *code; /* the program, read-only */
    const char *vars; /* the template of its variables */
};

/* OVMF for x86_64 in the places where distributions put it, the first that is there; with Secure
 * Boot, the one whose variables hold Microsoft's keys. any: the first place also when nothing is
 * there. Returns 0 with static strings, or -1 with an io error that names the package. */
int guest_firmware_find(bool secure_boot, bool any, struct guest_firmware *out, struct error **err);

#endif
