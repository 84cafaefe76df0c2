/* Kubernetes quantities: equality, order, and what is not a quantity. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "annotations/quantity.h"
#include "base/memory.h"
#include "base/unused.h"

static void test_equal(UNUSED void **state)
{
    static const char *const pairs[][2] = {
        {"1", "1000m"},
        {"0.1", "100m"},
        {"1Gi", "1024Mi"},
        {"64M", "64000k"},
        {"1e3", "1k"},
        {"5E-1", "500m"},
        {"1E+2", "100"},
        {".5", "500m"},
        {"1.", "1"},
        {"+2", "2"},
        {"0", "0Ei"},
        {"0.0000000001", "1n"},
        {"1.5Gi", "1536Mi"},
        {"000000000000000000000000000001", "1"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        annotations_quantity a = 0;
        annotations_quantity b = 1;
        assert_true(annotations_quantity_parse(pairs[i][0], &a));
        assert_true(annotations_quantity_parse(pairs[i][1], &b));
        if (a != b)
            fail_msg("%s is not %s", pairs[i][0], pairs[i][1]);
    }
}

static void test_order(UNUSED void **state)
{
    static const char *const rising[] = {
        "0", "1n", "1u", "999u", "1m", "0.9", "1", "1k", "1Ki", "1M", "1Mi", "7Ei", "9e18"};
    for (size_t i = 0; i + 1 < ARRAY_SIZE(rising); i++) {
        annotations_quantity a = 0;
        annotations_quantity b = 0;
        assert_true(annotations_quantity_parse(rising[i], &a));
        assert_true(annotations_quantity_parse(rising[i + 1], &b));
        if (a >= b)
            fail_msg("%s is not below %s", rising[i], rising[i + 1]);
    }
}

static void test_refused(UNUSED void **state)
{
    static const char *const bad[] = {"", " ", "-1", "1 ", "1x", "1mi", "1K", "1.2.3", "e3", ".",
        "1e", "1e+", "1e+-3", "1e101", "8Ei", "9.3e18", "1e100", "99999999999999999999999999999999",
        "99999999999999999999999999999999999999999999999", "0x10", "1,5", "Mi"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        annotations_quantity value = 0;
        if (annotations_quantity_parse(bad[i], &value))
            fail_msg("\"%s\" was taken", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
