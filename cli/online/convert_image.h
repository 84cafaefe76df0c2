/* Disk images, converted by qemu-img. */
#ifndef CLI_ONLINE_CONVERT_IMAGE_H
#define CLI_ONLINE_CONVERT_IMAGE_H

#include "base/error.h"

/* Converts the image at from, which is of this format and no other, to a new one. Runs the default
 * loop until it is done; an interrupt that cli/online/interrupt.h notices ends it. Returns 0, or -1
 * with an io error that has qemu-img's words, or a canceled one. */
int cli_convert_image(const char *from, const char *from_format, const char *to,
    const char *to_format, struct error **err);

#endif
