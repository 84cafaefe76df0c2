/* What DataSources have wanted: set, replaced, and the oldest forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/unused.h"
#include "controller/appliance/habit.h"

static void set(struct controller_habits **habits, const char *source, size_t count)
{
    static const struct appliance_wanted wanted = {APPLIANCE_CLAIM, "golden", NULL};
    struct controller_habit habit = {.count = 0};
    for (size_t i = 0; i < count; i++)
        controller_habit_add(&habit, &wanted);
    controller_habits_set(habits, source, &habit);
    assert_int_equal(habit.count, 0);
}

static void test_set(UNUSED void **state)
{
    struct controller_habits *habits = NULL;
    assert_null(controller_habits_get(habits, "golden/fedora"));
    set(&habits, "golden/fedora", 2);
    set(&habits, "golden/other", 1);
    assert_int_equal(controller_habits_get(habits, "golden/fedora")->count, 2);
    set(&habits, "golden/fedora", 3);
    const struct controller_habit *habit = controller_habits_get(habits, "golden/fedora");
    assert_int_equal(habit->count, 3);
    assert_string_equal(habit->wants[2].namespace, "golden");
    assert_null(habit->wants[2].name);
    controller_habits_clear(&habits);
    assert_null(habits);
}

static void test_most(UNUSED void **state)
{
    struct controller_habits *habits = NULL;
    set(&habits, "wants much", CONTROLLER_HABIT_MOST + 1);
    assert_int_equal(controller_habits_get(habits, "wants much")->count, CONTROLLER_HABIT_MOST);
    for (size_t i = 0; i < CONTROLLER_HABITS_MOST; i++) {
        auto_free char *source = xasprintf("golden/%zu", i);
        set(&habits, source, 1);
    }
    assert_null(controller_habits_get(habits, "wants much"));
    assert_non_null(controller_habits_get(habits, "golden/0"));
    controller_habits_clear(&habits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
