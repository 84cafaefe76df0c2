#include "cli/online/image.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/online/convert_image.h"
#include "guest/image.h"

char *cli_image_as_raw(const char *path, const char *directory, struct error **err)
{
    const char *format = NULL;
    if (guest_image_inspect(path, &format, err) < 0)
        return NULL;
    if (streq(format, "raw"))
        return xstrdup(path);
    auto_free char *raw = xasprintf("%s/image-XXXXXX", directory);
    auto_fd int fd = mkostemp(raw, O_CLOEXEC);
    /* qemu-img would take what is before a colon as a protocol */
    auto_free char *absolute = realpath(path, NULL);
    if (fd < 0 || absolute == NULL) {
        error_set_errno(err, "converting %s", path);
        return NULL;
    }
    /* the format is given: one that is guessed is chosen by who made the image */
    if (cli_convert_image(absolute, format, raw, "raw", err) < 0) {
        unlink(raw);
        return NULL;
    }
    return steal(&raw);
}
