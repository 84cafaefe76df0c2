#include "guest/image.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* The beginning of a qcow2 image, big-endian. */
struct qcow2_header {
    uint32_t magic;
    uint32_t version;
    uint64_t backing_file_offset;
    uint32_t backing_file_size;
    uint32_t cluster_bits;
    uint64_t size;
    uint32_t crypt_method;
    uint32_t l1_size;
    uint64_t l1_table_offset;
    uint64_t refcount_table_offset;
    uint32_t refcount_table_clusters;
    uint32_t snapshot_count;
    uint64_t snapshots_offset;
    uint64_t incompatible_features; /* from version 3 on */
};

enum {
    QCOW2_MAGIC = 0x514649FB, /* "QFI\xfb" */
    QCOW2_EXTERNAL_DATA = 1 << 2,
};
_Static_assert(offsetof(struct qcow2_header, incompatible_features) == 72, "as the format has it");

/* Reads the first bytes of a file, as many as there are up to size. Returns how many, or -1. */
static ssize_t read_start(const char *path, void *data, size_t size, struct error **err)
{
    /* O_NONBLOCK: a FIFO must not hold the launch up */
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set_errno(err, "opening %s", path);
    size_t length = 0;
    while (length < size) {
        ssize_t got = read(fd, (char *)data + length, size - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(err, "reading %s", path);
        if (got == 0)
            break;
        length += (size_t)got;
    }
    return (ssize_t)length;
}

int guest_image_inspect(const char *path, const char **format, struct error **err)
{
    struct qcow2_header header = {0};
    ssize_t length = read_start(path, &header, sizeof(header), err);
    if (length < 0)
        return -1;
    if (length < (ssize_t)sizeof(header.magic) || be32toh(header.magic) != QCOW2_MAGIC) {
        *format = "raw";
        return 0;
    }
    *format = "qcow2";
    if (header.backing_file_offset != 0)
        return error_set(err, ERROR_INPUT, "%s is a qcow2 image with a backing file", path);
    if (be32toh(header.version) >= 3 &&
        (be64toh(header.incompatible_features) & QCOW2_EXTERNAL_DATA) != 0)
        return error_set(err, ERROR_INPUT, "%s is a qcow2 image with an external data file", path);
    return 0;
}
