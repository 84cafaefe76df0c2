#include "guest/metrics.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "base/file.h"

enum { DISK_BYTES = 256 * 1024 };

/* The beginning of the disk, big-endian. */
struct header {
    char signature[4];
    uint32_t busy; /* while the metrics are being changed */
    uint32_t checksum; /* the sum of the document's bytes */
    uint32_t length; /* of the document, which follows */
};

int guest_metrics_make(const char *path, struct error **err)
{
    static const char document[] = "<metrics></metrics>\n";
    static char disk[DISK_BYTES];
    uint32_t sum = 0;
    for (const char *at = document; *at != '\0'; at++)
        sum += (unsigned char)*at;
    const struct header header = {
        .signature = {'m', 'v', 'b', 'd'},
        .checksum = htobe32(sum),
        .length = htobe32((uint32_t)strlen(document)),
    };
    memcpy(disk, &header, sizeof(header));
    memcpy(disk + sizeof(header), document, sizeof(document));
    return file_write(path, disk, sizeof(disk), 0600, err);
}
