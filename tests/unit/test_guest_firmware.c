/* The firmware of this machine, whichever it has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/unused.h"
#include "guest/firmware.h"

static void test_firmware(UNUSED void **state)
{
    const char *plain_code = NULL;
    const char *plain_vars = NULL;
    const char *code = NULL;
    const char *vars = NULL;
    assert_int_equal(guest_firmware_find(false, true, &plain_code, &plain_vars, NULL), 0);
    assert_int_equal(guest_firmware_find(true, true, &code, &vars, NULL), 0);
    assert_string_not_equal(plain_code, code);
    assert_string_not_equal(plain_vars, vars);
    auto_error struct error *error = NULL;
    if (guest_firmware_find(true, false, &code, &vars, &error) < 0) {
        assert_int_equal(error->class, ERROR_IO);
        assert_non_null(strstr(error->message, "package ovmf"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_firmware),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
