/* Direct I/O is probed without a trace: the answer is open(2)'s, and nothing is left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/unused.h"
#include "machine/block_size.h"
#include "machine/direct_io.h"

static void test_probe(UNUSED void **state)
{
    auto_free char *directory = file_make_temporary("hookline-direct-", NULL);
    auto_free char *there = file_join(directory, "there");
    auto_free char *missing = file_join(directory, "missing");
    auto_free char *nowhere = file_join(directory, "nowhere/missing");
    assert_int_equal(file_write(there, "a", 1, 0600, NULL), 0);
    int fd = open(there, O_RDONLY | O_DIRECT | O_CLOEXEC);
    bool works = fd >= 0;
    if (works)
        close(fd);
    assert_true(machine_direct_io_works(there) == works);
    assert_true(machine_direct_io_works(missing) == works);
    assert_int_equal(access(missing, F_OK), -1);
    assert_int_equal(access(there, F_OK), 0);
    assert_false(machine_direct_io_works(nowhere));
    assert_int_equal(file_remove_tree(directory, NULL), 0);
}

/* The block sizes of a file are those of its file system, even before it is there. */
static void test_block_size(UNUSED void **state)
{
    auto_free char *directory = file_make_temporary("hookline-blocks-", NULL);
    struct machine_volume volume = {.path = file_join(directory, "missing")};
    struct machine_block_size size = machine_block_size_of(&volume);
    assert_true(size.logical > 0);
    assert_int_equal(size.physical, size.logical);
    assert_int_equal(size.discard, size.logical);
    free(volume.path);
    volume.path = (char[]){"/nowhere/missing"};
    assert_int_equal(machine_block_size_of(&volume).logical, 0);
    assert_int_equal(file_remove_tree(directory, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probe),
        cmocka_unit_test(test_block_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
