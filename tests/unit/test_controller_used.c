/* Uses of authorizations: one VM each, remembered for a while, and never too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/unused.h"
#include "controller/appliance/used.h"

static void test_claim(UNUSED void **state)
{
    struct controller_used used = {.seconds = 1000};
    struct controller_use_state *first = controller_used_claim(&used, "n1", "u1");
    assert_non_null(first);
    assert_false(first->made);
    first->made = true;
    assert_ptr_equal(controller_used_claim(&used, "n1", "u1"), first);
    assert_true(first->made);
    assert_null(controller_used_claim(&used, "n1", "u2"));
    assert_non_null(controller_used_claim(&used, "n2", "u2"));
    controller_used_clear(&used);
    assert_non_null(controller_used_claim(&used, "n1", "u2"));
    controller_used_clear(&used);
}

/* What is too old is forgotten when something new comes. */
static void test_age(UNUSED void **state)
{
    struct controller_used used = {.seconds = -1};
    assert_non_null(controller_used_claim(&used, "n1", "u1"));
    assert_non_null(controller_used_claim(&used, "n1", "u2"));
    controller_used_clear(&used);
}

static void test_most(UNUSED void **state)
{
    struct controller_used used = {.seconds = 1000};
    for (size_t i = 0; i < CONTROLLER_USED_MOST + 1; i++) {
        auto_free char *nonce = xasprintf("n%zu", i);
        assert_non_null(controller_used_claim(&used, nonce, "u"));
    }
    assert_null(controller_used_claim(&used, "n2", "other"));
    assert_non_null(controller_used_claim(&used, "n3", "u")); /* what is there displaces nothing */
    assert_null(controller_used_claim(&used, "n1", "other"));
    assert_non_null(controller_used_claim(&used, "n0", "other"));
    controller_used_clear(&used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claim),
        cmocka_unit_test(test_age),
        cmocka_unit_test(test_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
