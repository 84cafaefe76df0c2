#include "appliance/partitions.h"

#include <endian.h>
#include <string.h>

#include "base/memory.h"

/* The legacy MBR: four partitions. */
enum {
    MBR_ENTRIES_AT = 446,
    MBR_ENTRY_BYTES = 16,
    MBR_ENTRIES = 4,
    MBR_TYPE_AT = 4,
    MBR_START_AT = 8,
    MBR_SIGNATURE_AT = 510,
    TYPE_NTFS = 0x07,
    TYPE_GPT = 0xee,
};
static const uint8_t linux_types[] = {0x82, 0x83, 0x85, 0x8e, 0xfd};

/* The GPT. */
enum {
    GPT_HEADER_AT = APPLIANCE_SECTOR_BYTES,
    GPT_TABLE_AT = 72,
    GPT_COUNT_AT = 80,
    GPT_ENTRY_BYTES_AT = 84,
    GPT_START_AT = 32,
    GPT_LEAST_ENTRY_BYTES = 128,
    GUID_BYTES = 16,
};

/* As they are in the table: the first three parts little-endian. */
#define GUID(...)                                                                                  \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
static const uint8_t basic_data[GUID_BYTES] = GUID(
    0xa2, 0xa0, 0xd0, 0xeb, 0xe5, 0xb9, 0x33, 0x44, 0x87, 0xc0, 0x68, 0xb6, 0xb7, 0x26, 0x99, 0xc7);
static const uint8_t linux_guids[][GUID_BYTES] = {
    /* file system data */
    GUID(0xaf, 0x3d, 0xc6, 0x0f, 0x83, 0x84, 0x72, 0x47, 0x8e, 0x79, 0x3d, 0x69, 0xd8, 0x47, 0x7d,
        0xe4),
    /* swap */
    GUID(0x6d, 0xfd, 0x57, 0x06, 0xab, 0xa4, 0xc4, 0x43, 0x84, 0xe5, 0x09, 0x33, 0xc8, 0x4b, 0x4f,
        0x4f),
    /* LVM */
    GUID(0x79, 0xd3, 0xd6, 0xe6, 0x07, 0xf5, 0xc2, 0x44, 0xa2, 0x3c, 0x23, 0x8f, 0x2a, 0x3d, 0xf9,
        0x28),
    /* root on x86-64 */
    GUID(0xe3, 0xbc, 0x68, 0x4f, 0xcd, 0xe8, 0xb1, 0x4d, 0x96, 0xe7, 0xfb, 0xca, 0xf9, 0x84, 0xb7,
        0x09),
};

static uint32_t read_32(const uint8_t *at)
{
    uint32_t value = 0;
    memcpy(&value, at, sizeof(value));
    return le32toh(value);
}

static uint64_t read_64(const uint8_t *at)
{
    uint64_t value = 0;
    memcpy(&value, at, sizeof(value));
    return le64toh(value);
}

static void add_windows(struct appliance_partitions *out, uint64_t start)
{
    if (out->count < APPLIANCE_PARTITIONS_MAX && start > 0)
        out->windows[out->count++] = start;
}

static void read_gpt(const uint8_t *head, size_t length, struct appliance_partitions *out)
{
    const uint8_t *header = head + GPT_HEADER_AT;
    if (length < (size_t)2 * GPT_HEADER_AT || memcmp(header, "EFI PART", 8) != 0)
        return;
    uint64_t table = read_64(header + GPT_TABLE_AT);
    uint32_t count = read_32(header + GPT_COUNT_AT);
    uint32_t size = read_32(header + GPT_ENTRY_BYTES_AT);
    if (table > length / APPLIANCE_SECTOR_BYTES || size < GPT_LEAST_ENTRY_BYTES || size > length)
        return;
    size_t at = (size_t)table * APPLIANCE_SECTOR_BYTES;
    for (uint32_t i = 0; i < count && length - at >= size; i++, at += size) {
        const uint8_t *entry = head + at;
        if (memcmp(entry, basic_data, GUID_BYTES) == 0)
            add_windows(out, read_64(entry + GPT_START_AT));
        for (size_t k = 0; k < ARRAY_SIZE(linux_guids); k++)
            out->has_linux |= memcmp(entry, linux_guids[k], GUID_BYTES) == 0;
    }
}

void appliance_partitions_read(const void *head, size_t length, struct appliance_partitions *out)
{
    const uint8_t *bytes = head;
    *out = (struct appliance_partitions){0};
    if (length < APPLIANCE_SECTOR_BYTES || bytes[MBR_SIGNATURE_AT] != 0x55 ||
        bytes[MBR_SIGNATURE_AT + 1] != 0xaa)
        return;
    for (size_t i = 0; i < MBR_ENTRIES; i++) {
        const uint8_t *entry = bytes + MBR_ENTRIES_AT + i * MBR_ENTRY_BYTES;
        uint8_t type = entry[MBR_TYPE_AT];
        if (type == TYPE_GPT) {
            read_gpt(bytes, length, out);
            return;
        }
        if (type == TYPE_NTFS)
            add_windows(out, read_32(entry + MBR_START_AT));
        out->has_linux |= memchr(linux_types, type, sizeof(linux_types)) != NULL;
    }
}

bool appliance_partitions_is_windows(const void *sector, size_t length)
{
    enum { NAME_AT = 3, NAME_BYTES = 8 };
    const char *bytes = sector;
    return length >= NAME_AT + NAME_BYTES &&
           (memcmp(bytes + NAME_AT, "NTFS    ", NAME_BYTES) == 0 ||
               memcmp(bytes + NAME_AT, "-FVE-FS-", NAME_BYTES) == 0);
}
