/* Disk image files. test_machine_volume has the cases of what a qcow2 image must not refer to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/unused.h"
#include "guest/image.h"

static void test_inspect_directory(UNUSED void **state)
{
    const char *format = NULL;
    auto_error struct error *error = NULL;
    assert_int_equal(guest_image_inspect("/", &format, &error), -1);
    assert_int_equal(error->class, ERROR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inspect_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
