#include "guest/image.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"

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

static bool is_qcow2(const struct qcow2_header *header, ssize_t length)
{
    return length >= (ssize_t)sizeof(header->magic) && be32toh(header->magic) == QCOW2_MAGIC;
}

static int refuse_data_file(const struct qcow2_header *header, const char *path, struct error **err)
{
    if (be32toh(header->version) < 3 ||
        (be64toh(header->incompatible_features) & QCOW2_EXTERNAL_DATA) == 0)
        return 0;
    return error_set(err, ERROR_INPUT, "%s is a qcow2 image with an external data file", path);
}

int guest_image_inspect(const char *path, const char **format, struct error **err)
{
    struct qcow2_header header = {0};
    ssize_t length = read_start(path, &header, sizeof(header), err);
    if (length < 0)
        return -1;
    if (!is_qcow2(&header, length)) {
        *format = "raw";
        return 0;
    }
    *format = "qcow2";
    if (header.backing_file_offset != 0)
        return error_set(err, ERROR_INPUT, "%s is a qcow2 image with a backing file", path);
    return refuse_data_file(&header, path, err);
}

/* What the beginning of a file says that it is, if it is neither qcow2 nor raw. */
static const struct {
    size_t offset;
    struct bytes magic;
    const char *what;
    const char *remedy;
} foreign[] = {
#define CONVERT(format) "convert it with qemu-img convert -f " format " -O qcow2"
    {0, {"KDMV", 4}, "a VMDK image", CONVERT("vmdk")},
    {0, {"COWD", 4}, "a VMDK image", CONVERT("vmdk")},
    {0, {"# Disk Descriptor", 17}, "the descriptor of a VMDK image", CONVERT("vmdk")},
    {0, {"vhdxfile", 8}, "a VHDX image", CONVERT("vhdx")},
    {0, {"conectix", 8}, "a VHD image", CONVERT("vpc")},
    {64, {"\x7f\x10\xda\xbe", 4}, "a VDI image", CONVERT("vdi")},
    {0, {"QED", 4}, "a QED image", CONVERT("qed")},
    {0, {"LUKS\xba\xbe", 6}, "encrypted", "decrypt it"},
    {0, {"\x1f\x8b", 2}, "a compressed file", "unpack it with gunzip"},
    {0,
        {"\xfd"
         "7zXZ",
            6},
        "a compressed file", "unpack it with unxz"},
    {0, {"\x28\xb5\x2f\xfd", 4}, "a compressed file", "unpack it with unzstd"},
    {0, {"BZh", 3}, "a compressed file", "unpack it with bunzip2"},
};

static int refuse_foreign(const char *path, const char *data, size_t length, struct error **err)
{
    for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
        const struct bytes *magic = &foreign[i].magic;
        if (length >= foreign[i].offset + magic->length &&
            memcmp(data + foreign[i].offset, magic->data, magic->length) == 0)
            return error_set(err, ERROR_INPUT, "%s is %s, not a qcow2 or raw image: %s", path,
                foreign[i].what, foreign[i].remedy);
    }
    return 0;
}

/* The size of a raw image, a file or block device. */
static int measure_raw(const char *path, long long *size, struct error **err)
{
    enum { SECTOR = 512 };
    struct stat status;
    uint64_t bytes = 0;
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_set_errno(err, "opening %s", path);
    if (S_ISBLK(status.st_mode) && ioctl(fd, BLKGETSIZE64, &bytes) < 0)
        return error_set_errno(err, "the size of %s", path);
    if (!S_ISBLK(status.st_mode) && !S_ISREG(status.st_mode))
        return error_set(err, ERROR_INPUT, "%s is neither a file nor a block device", path);
    *size = S_ISBLK(status.st_mode) ? (long long)bytes : (long long)status.st_size;
    if (*size < SECTOR)
        return error_set(
            err, ERROR_INPUT, "%s has %lld bytes, too few for a raw disk image", path, *size);
    return 0;
}

int guest_image_examine(const char *path, struct guest_image *out, struct error **err)
{
    struct qcow2_header header = {0};
    if (guest_image_inspect(path, &out->format, err) < 0)
        return -1;
    ssize_t length = read_start(path, &header, sizeof(header), err);
    if (length < 0)
        return -1;
    if (!is_qcow2(&header, length))
        return refuse_foreign(path, (const char *)&header, (size_t)length, err) < 0
                   ? -1
                   : measure_raw(path, &out->size, err);
    if (length < (ssize_t)offsetof(struct qcow2_header, incompatible_features) ||
        be32toh(header.version) < 2)
        return error_set(err, ERROR_INPUT, "%s is a broken or very old qcow2 image", path);
    if (header.crypt_method != 0)
        return error_set(err, ERROR_INPUT, "%s is an encrypted qcow2 image: decrypt it", path);
    out->size = (long long)be64toh(header.size);
    if (out->size <= 0)
        return error_set(err, ERROR_INPUT, "%s is a qcow2 image of a disk without data", path);
    return 0;
}

int guest_image_check_overlay(const char *path, struct error **err)
{
    struct qcow2_header header = {0};
    ssize_t length = read_start(path, &header, sizeof(header), err);
    if (length < 0)
        return -1;
    if (!is_qcow2(&header, length))
        return error_set(err, ERROR_INPUT, "%s is not a qcow2 image", path);
    return refuse_data_file(&header, path, err);
}
