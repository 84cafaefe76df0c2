/* A directory as an ISO 9660 image (Joliet and Rock Ridge), made by xorriso or genisoimage. */
#ifndef GUEST_ISO_H
#define GUEST_ISO_H

#include "guest/tool.h"

/* Starts making path from what is in directory, with the given volume label. Symbolic links are
 * followed, and names that begin with ".." are left out: so does Kubernetes write volumes of
 * config maps. With xorriso the image is the same for the same files. Returns the program, as
 * guest_tool_start does, or NULL with an io error. */
struct guest_tool *guest_iso_make(const char *directory, const char *label, const char *path,
    guest_tool_done *done, void *user, struct error **err);

#endif
