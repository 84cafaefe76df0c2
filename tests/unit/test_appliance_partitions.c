/* Partition tables, as far as they tell Windows from other systems. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "appliance/partitions.h"
#include "base/memory.h"
#include "base/unused.h"

#define BASIC_DATA "\xa2\xa0\xd0\xeb\xe5\xb9\x33\x44\x87\xc0\x68\xb6\xb7\x26\x99\xc7"
#define LINUX_DATA "\xaf\x3d\xc6\x0f\x83\x84\x72\x47\x8e\x79\x3d\x69\xd8\x47\x7d\xe4"

struct disk {
    uint8_t bytes[APPLIANCE_PARTITIONS_HEAD_BYTES];
};

static void put_mbr(struct disk *disk, size_t index, uint8_t type, uint8_t start)
{
    uint8_t *entry = disk->bytes + 446 + index * 16;
    entry[4] = type;
    entry[8] = start;
    memcpy(disk->bytes + 510, "\x55\xaa", 2);
}

static void put_gpt_header(struct disk *disk, uint32_t count, uint32_t size)
{
    put_mbr(disk, 0, 0xee, 1);
    uint8_t *header = disk->bytes + 512;
    memcpy(header, "EFI PART", 8);
    header[72] = 2;
    memcpy(header + 80, &count, sizeof(count)); /* the tests run on little-endian machines */
    memcpy(header + 84, &size, sizeof(size));
}

static void put_gpt(struct disk *disk, size_t index, const char *type, uint8_t start)
{
    uint8_t *entry = disk->bytes + 1024 + index * 128;
    memcpy(entry, type, 16);
    entry[33] = start;
}

static void test_mbr(UNUSED void **state)
{
    struct disk disk = {0};
    struct appliance_partitions found;
    put_mbr(&disk, 1, 0x07, 63);
    appliance_partitions_read(&disk, sizeof(disk), &found);
    assert_false(found.has_linux);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.windows[0], 63);
    put_mbr(&disk, 2, 0x83, 99);
    appliance_partitions_read(&disk, sizeof(disk), &found);
    assert_true(found.has_linux);
}

static void test_gpt(UNUSED void **state)
{
    struct disk disk = {0};
    struct appliance_partitions found;
    put_gpt_header(&disk, 128, 128);
    put_gpt(&disk, 3, BASIC_DATA, 8);
    appliance_partitions_read(&disk, sizeof(disk), &found);
    assert_false(found.has_linux);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.windows[0], 8 << 8);
    put_gpt(&disk, 4, LINUX_DATA, 16);
    appliance_partitions_read(&disk, sizeof(disk), &found);
    assert_true(found.has_linux);
}

/* Counts and sizes that lead outside of what was read. */
static void test_hostile_tables(UNUSED void **state)
{
    static const uint32_t sizes[] = {0, 1, 127, 128, 4096, UINT32_MAX};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct disk disk = {0};
        struct appliance_partitions found;
        put_gpt_header(&disk, UINT32_MAX, sizes[i]);
        for (size_t k = 0; k < 100; k++)
            put_gpt(&disk, k, BASIC_DATA, 8);
        appliance_partitions_read(&disk, sizeof(disk), &found);
        assert_true(found.count <= APPLIANCE_PARTITIONS_MAX);
        memset(disk.bytes + 512 + 72, 0xff, 8);
        appliance_partitions_read(&disk, sizeof(disk), &found);
        assert_int_equal(found.count, 0);
        appliance_partitions_read(&disk, 600, &found);
        assert_int_equal(found.count, 0);
        appliance_partitions_read(&disk, 0, &found);
        assert_int_equal(found.count, 0);
    }
}

static void test_sectors(UNUSED void **state)
{
    assert_true(appliance_partitions_is_windows("\xeb\x52\x90NTFS    ", 11));
    assert_true(appliance_partitions_is_windows("\xeb\x58\x90-FVE-FS-", 11));
    assert_false(appliance_partitions_is_windows("\xeb\x58\x90MSDOS5.0", 11));
    assert_false(appliance_partitions_is_windows("\xeb\x52\x90NTFS", 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mbr),
        cmocka_unit_test(test_gpt),
        cmocka_unit_test(test_hostile_tables),
        cmocka_unit_test(test_sectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
