#include "appliance/image.h"

#include <string.h>

#include "base/memory.h"

enum {
    SECTOR = 512,
    QCOW2_BACKING = 8, /* offsets in a qcow2 header */
    QCOW2_SIZE = 24,
    VMDK_CAPACITY = 12, /* in sectors */
    VDI_SIZE = 368,
    VHD_SIZE = 48,
};

/* A file as far as it is known. */
struct head {
    const unsigned char *data;
    size_t length;
};

static bool has(const struct head *head, size_t offset, const char *magic, size_t length)
{
    return head->length >= offset + length && memcmp(head->data + offset, magic, length) == 0;
}

/* A number of 8 bytes; 0 beyond the end. */
static uint64_t big_endian(const struct head *head, size_t offset)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8 && head->length >= offset + 8; i++)
        value = value << 8 | head->data[offset + i];
    return value;
}

static uint64_t little_endian(const struct head *head, size_t offset)
{
    uint64_t value = 0;
    for (size_t i = 8; i > 0 && head->length >= offset + 8; i--)
        value = value << 8 | head->data[offset + i - 1];
    return value;
}

/* Whether it is a qcow2 image, of version 3, that has the incompatible feature. */
static bool has_external_data(const struct head *head)
{
    enum { VERSION_LAST_BYTE = 7, FEATURES_LAST_BYTE = 79, EXTERNAL_DATA = 1 << 2 };
    return has(head, 0, "QFI\xfb", 4) && head->length > FEATURES_LAST_BYTE &&
           head->data[VERSION_LAST_BYTE] >= 3 &&
           (head->data[FEATURES_LAST_BYTE] & EXTERNAL_DATA) != 0;
}

struct magic {
    size_t offset;
    const char *bytes;
    size_t length;
    const char *name; /* of the format; of another kind of file, what it is */
};

#define MAGIC(offset, bytes, name)                                                                 \
    {                                                                                              \
        offset, bytes, sizeof(bytes) - 1, name                                                     \
    }

static const struct magic formats[] = {
    MAGIC(0, "QFI\xfb", "qcow2"),
    MAGIC(0, "KDMV", "vmdk"),
    MAGIC(64, "\x7f\x10\xda\xbe", "vdi"),
    MAGIC(0, "conectix", "vhd"),
    MAGIC(0, "vhdxfile", "vhdx"),
    MAGIC(0, "\x1f\x8b\x08", "gzip"),
    MAGIC(0,
        "\xfd"
        "7zXZ\0",
        "xz"),
    MAGIC(0, "\x28\xb5\x2f\xfd", "zstd"),
    MAGIC(32769, "CD001", "iso"),
};

static const struct magic others[] = {
    MAGIC(257, "ustar", "a tar archive (hookctl appliance import takes OVA and OCI archives)"),
    MAGIC(0, "# Disk DescriptorFile",
        "the descriptor of a VMDK whose disk is in other files (qemu-img convert -O qcow2 makes "
        "one "
        "file of them)"),
    MAGIC(0, "PK\x03\x04", "a ZIP archive"),
    MAGIC(0,
        "\x7f"
        "ELF",
        "a program"),
    MAGIC(0, "%PDF", "a PDF document"),
    MAGIC(0, "#!", "a script"),
    MAGIC(0, "BZh", "compressed with bzip2, which CDI does not take: unpack it first"),
    MAGIC(0, "-----BEGIN", "a PEM file"),
    MAGIC(0, "apiVersion:", "a manifest"),
};

/* What a raw disk begins with: a partition table, or the super block of a file system. */
static const struct magic disks[] = {
    MAGIC(510, "\x55\xaa", "raw"), /* MBR, also before a GPT */
    MAGIC(512, "EFI PART", "raw"),
    MAGIC(4096, "EFI PART", "raw"), /* of a disk with sectors of 4 KiB */
    MAGIC(1080, "\x53\xef", "raw"), /* ext2 to ext4 */
    MAGIC(0, "XFSB", "raw"), MAGIC(65600, "_BHRfS_M", "raw"), /* Btrfs */
    MAGIC(536, "LVM2", "raw"), MAGIC(0, "LUKS\xba\xbe", "raw"),
    MAGIC(0, "hsqs", "raw"), /* squashfs */
};

static const char *match(const struct head *head, const struct magic *magics, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (has(head, magics[i].offset, magics[i].bytes, magics[i].length))
            return magics[i].name;
    }
    return NULL;
}

static uint64_t size_of(const struct head *head, const char *format, uint64_t file_bytes)
{
    uint64_t sectors;
    switch (format[0] << 8 | format[1]) {
    case 'q' << 8 | 'c':
        return big_endian(head, QCOW2_SIZE);
    case 'v' << 8 | 'm':
        sectors = little_endian(head, VMDK_CAPACITY);
        return has(head, 0, "KDMV", 4) && sectors < UINT64_MAX / SECTOR ? sectors * SECTOR : 0;
    case 'v' << 8 | 'd':
        return little_endian(head, VDI_SIZE);
    case 'v' << 8 | 'h':
        return has(head, 0, "conectix", 8) ? big_endian(head, VHD_SIZE) : 0;
    case 'i' << 8 | 's':
    case 'r' << 8 | 'a':
        return file_bytes;
    default:
        return 0;
    }
}

int appliance_image_detect(const void *data, size_t length, uint64_t file_bytes, bool any,
    struct appliance_image *out, struct error **err)
{
    const struct head head = {.data = data, .length = length};
    if (file_bytes == 0 || length == 0)
        return error_set(err, ERROR_INPUT, "it is empty");
    const char *format = match(&head, formats, ARRAY_SIZE(formats));
    const char *other = match(&head, others, ARRAY_SIZE(others));
    if (format == NULL)
        format = match(&head, disks, ARRAY_SIZE(disks));
    if (format == NULL && other != NULL)
        return error_set(err, ERROR_INPUT, "it is not a disk image: it is %s", other);
    if (format == NULL && !any)
        return error_set(err, ERROR_INPUT,
            "it is not a disk image that is known: it is none of qcow2, vmdk, vdi, vhd, vhdx, ISO, "
            "gzip, xz, zstd, and has neither a partition table nor a file system (--raw takes it "
            "as "
            "a raw disk)");
    *out = (struct appliance_image){.format = format != NULL ? format : "raw"};
    out->disk_bytes = size_of(&head, out->format, file_bytes);
    if (has(&head, 0, "QFI\xfb", 4) && big_endian(&head, QCOW2_BACKING) != 0)
        return error_set(err, ERROR_INPUT,
            "it is a qcow2 image with a backing file, which is not in it: qemu-img convert -O "
            "qcow2 makes one that is complete");
    if (has_external_data(&head))
        return error_set(err, ERROR_INPUT,
            "it is a qcow2 image with its data in another file: qemu-img convert -O qcow2 makes "
            "one that is complete");
    if (format == NULL || format[0] == 'r') {
        if (file_bytes % SECTOR != 0)
            return error_set(err, ERROR_INPUT,
                "it is a raw disk of %llu bytes, which are not whole sectors of 512: it is cut "
                "short",
                (unsigned long long)file_bytes);
    }
    return 0;
}
