/* The backoff of a repeated action goes by the monotonic clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/unused.h"
#include "controller/certificates/pace.h"
#include "tests/unit/time_of_day.h"

enum { PATIENCE_SECONDS = 120, HOUR = 3600 };

static void on_go(void *user)
{
    int *gone = user;
    (*gone)++;
    ev_break(EV_DEFAULT, EVBREAK_ALL);
}

static void ask(struct controller_pace *pace, const int *gone)
{
    int before = *gone;
    controller_pace_ask(pace);
    controller_pace_ask(pace);
    ev_run(EV_DEFAULT, 0);
    assert_int_equal(*gone, before + 1);
}

static void test_first_at_once_then_delayed(UNUSED void **state)
{
    struct controller_pace pace;
    int gone = 0;
    controller_pace_init(&pace, on_go, &gone);
    ask(&pace, &gone);
    double began = clock_seconds();
    controller_pace_count(&pace);
    controller_pace_count(&pace);
    ask(&pace, &gone);
    assert_true(clock_seconds() - began >= 1);
    controller_pace_clear(&pace);
}

/* Set back, it must not delay the next action; set forward, it must not hurry it. */
static void test_time_of_day_is_set(UNUSED void **state)
{
    static const time_t steps[] = {-HOUR, HOUR};
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        struct controller_pace pace;
        int gone = 0;
        controller_pace_init(&pace, on_go, &gone);
        controller_pace_count(&pace);
        controller_pace_count(&pace);
        double began = clock_seconds();
        controller_pace_count(&pace);
        time_of_day_set(EV_DEFAULT, steps[i]);
        ask(&pace, &gone);
        assert_true(clock_seconds() - began >= 2);
        controller_pace_clear(&pace);
    }
}

static int bound_hang(UNUSED void **state)
{
    alarm(PATIENCE_SECONDS);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_first_at_once_then_delayed, bound_hang),
        cmocka_unit_test_setup(test_time_of_day_is_set, bound_hang),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
