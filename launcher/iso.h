/* A directory as an ISO 9660 image (Joliet and Rock Ridge), made by xorriso or genisoimage. */
#ifndef LAUNCHER_ISO_H
#define LAUNCHER_ISO_H

#include "base/error.h"

typedef void launcher_iso_done(void *user, struct error *take_error);

/* Starts making path from directory with the given volume label; done comes from libev's default
 * loop. Returns 0, or -1 with an io error (no such program: says which package has it). The image is the same for
 * the same files. */
int launcher_iso_make(const char *directory, const char *label, const char *path,
    launcher_iso_done *done, void *user, struct error **err);

#endif
