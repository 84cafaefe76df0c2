/* Images of disks as raw images. */
#ifndef CLI_ONLINE_IMAGE_H
#define CLI_ONLINE_IMAGE_H

#include "base/error.h"

/* The path of a raw image with the contents of a raw or qcow2 image: the same path, or a new file in
 * the directory, which qemu-img makes. An interrupt ends that. Owned by the caller; NULL with an
 * error: that of qemu-img, or that the image refers to other files. */
char *cli_image_as_raw(const char *path, const char *directory, struct error **err);

#endif
