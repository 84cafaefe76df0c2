/* The disk for metrics is what vm-dump-metrics reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/unused.h"
#include "guest/metrics.h"

enum { DISK_BYTES = 256 * 1024, HEADER_BYTES = 16 };

static void test_disk(UNUSED void **state)
{
    static const char document[] = "<metrics></metrics>\n";
    auto_free char *directory = file_make_temporary("hookline-metrics-", NULL);
    auto_free char *path = file_join(directory, "vhostmd0");
    auto_free char *disk = NULL;
    size_t length = 0;
    assert_int_equal(guest_metrics_make(path, NULL), 0);
    assert_int_equal(file_read(path, DISK_BYTES, &disk, &length, NULL), 0);
    assert_int_equal(length, DISK_BYTES);
    uint32_t numbers[3]; /* busy, checksum, length */
    uint32_t sum = 0;
    memcpy(numbers, disk + 4, sizeof(numbers));
    for (size_t i = 0; i < strlen(document); i++)
        sum += (unsigned char)document[i];
    assert_memory_equal(disk, "mvbd", 4);
    assert_int_equal(numbers[0], 0);
    assert_int_equal(be32toh(numbers[1]), sum);
    assert_int_equal(be32toh(numbers[2]), strlen(document));
    assert_memory_equal(disk + HEADER_BYTES, document, strlen(document));
    for (size_t i = HEADER_BYTES + strlen(document); i < length; i++)
        assert_int_equal(disk[i], 0);
    assert_int_equal(file_remove_tree(directory, NULL), 0);
}

static void test_no_directory(UNUSED void **state)
{
    auto_error struct error *error = NULL;
    assert_int_equal(guest_metrics_make("/nowhere/vhostmd0", &error), -1);
    assert_int_equal(error->class, ERROR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disk),
        cmocka_unit_test(test_no_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
