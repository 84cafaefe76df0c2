/* A directory as an ISO 9660 image (Joliet and Rock Ridge), made by xorriso or genisoimage. */
#ifndef LAUNCHER_ISO_H
#define LAUNCHER_ISO_H

#include "launcher/tool.h"

/* Starts making path from what is in directory, with the given volume label. Symbolic links are
 * followed, and names that begin with ".." are left out: so does Kubernetes write volumes of
 * config maps. With xorriso the image is the same for the same files. Returns the program, as
 * launcher_tool_start does, or NULL with an io error. */
struct launcher_tool *launcher_iso_make(const char *directory, const char *label, const char *path,
    launcher_tool_done *done, void *user, struct error **err);

#endif
