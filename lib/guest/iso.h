/* A directory as an ISO 9660 image (Joliet and Rock Ridge), made by xorriso or genisoimage. */
#ifndef GUEST_ISO_H
#define GUEST_ISO_H

#include "guest/tool.h"

/* Starts creating the image at path from the contents of directory, with the given volume label.
 * Symbolic links are followed, and names that begin with ".." are skipped, since Kubernetes writes
 * ConfigMap volumes that way. With xorriso, the same files give the same image. Returns the
 * program, as guest_tool_start does, or NULL with an io error. */
struct guest_tool *guest_iso_make(const char *directory, const char *label, const char *path,
    guest_tool_done *done, void *user, struct error **err);

#endif
