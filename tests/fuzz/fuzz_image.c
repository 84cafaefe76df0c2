/* The format of a disk image is told from its first bytes: whatever they are, it is a known format
 * or an error. */
#include <stddef.h>
#include <stdint.h>

#include "appliance/image.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct appliance_image image = {0};
    auto_error struct error *error = NULL;
    int result = appliance_image_detect(data, size, size, size % 2 == 0, &image, &error);
    check((result == 0) == (error == NULL));
    check(result < 0 || image.format != NULL);
    return 0;
}
