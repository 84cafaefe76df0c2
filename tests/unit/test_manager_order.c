/* The order in which sidecars are called. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/memory.h"
#include "base/unused.h"
#include "manager/info.h"
#include "manager/order.h"

static struct manager_sidecar sidecar(const char *name, int32_t priority)
{
    struct manager_sidecar made = {.name = name, .index = manager_index_of(name)};
    made.priority[HOOKS_ON_DEFINE_DOMAIN] = priority;
    return made;
}

static int compare(const void *a, const void *b)
{
    return manager_order_by_priority(a, b, HOOKS_ON_DEFINE_DOMAIN);
}

static void priority_then_index_then_name(UNUSED void **state)
{
    const struct manager_sidecar expected[] = {
        sidecar("hook-sidecar-20", INT32_MAX),
        sidecar("hook-sidecar-3", 7),
        sidecar("hook-sidecar-0", 0),
        sidecar("hook-sidecar-2", 0),
        sidecar("hook-sidecar-10", 0),
        sidecar("other-10", 0),
        sidecar("alpha", 0),
        sidecar("beta", 0),
        sidecar("hook-sidecar-1", -1),
        sidecar("first", INT32_MIN),
    };
    enum { COUNT = ARRAY_SIZE(expected) };
    /* from every rotation of the list */
    for (size_t shift = 0; shift < COUNT; shift++) {
        struct manager_sidecar sorted[COUNT];
        for (size_t i = 0; i < COUNT; i++)
            sorted[i] = expected[(i * 3 + shift) % COUNT];
        qsort(sorted, COUNT, sizeof(sorted[0]), compare);
        for (size_t i = 0; i < COUNT; i++)
            assert_string_equal(sorted[i].name, expected[i].name);
    }
}

static void other_hooks_do_not_count(UNUSED void **state)
{
    struct manager_sidecar a = sidecar("hook-sidecar-0", 0);
    struct manager_sidecar b = sidecar("hook-sidecar-1", 0);
    b.priority[HOOKS_SHUTDOWN] = 100;
    assert_true(manager_order_by_priority(&a, &b, HOOKS_ON_DEFINE_DOMAIN) < 0);
    assert_true(manager_order_by_priority(&a, &b, HOOKS_SHUTDOWN) > 0);
    assert_true(manager_order_by_index(&a, &b) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(priority_then_index_then_name),
        cmocka_unit_test(other_hooks_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
