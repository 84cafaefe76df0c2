/* How a sidecar's answer to Info is interpreted. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/unused.h"
#include "manager/info.h"

enum { MAX_POINTS = 8 };

/* An answer to Info. Its arrays are static: one at a time. */
static Kubevirt__Hooks__Info__InfoResult answer_of(const char *const *versions, size_t count)
{
    Kubevirt__Hooks__Info__InfoResult answer = KUBEVIRT__HOOKS__INFO__INFO_RESULT__INIT;
    answer.versions = (char **)versions;
    answer.n_versions = count;
    return answer;
}

static void announce(Kubevirt__Hooks__Info__InfoResult *answer, const char *name, int32_t priority)
{
    static Kubevirt__Hooks__Info__HookPoint points[MAX_POINTS];
    static Kubevirt__Hooks__Info__HookPoint *pointers[MAX_POINTS];
    assert_true(answer->n_hookpoints < MAX_POINTS);
    Kubevirt__Hooks__Info__HookPoint *point = &points[answer->n_hookpoints];
    kubevirt__hooks__info__hook_point__init(point);
    point->name = (char *)name;
    point->priority = priority;
    pointers[answer->n_hookpoints++] = point;
    answer->hookpoints = pointers;
}

static void the_index_ends_the_name(UNUSED void **state)
{
    const struct {
        const char *name;
        long index;
    } cases[] = {
        {"hook-sidecar-0", 0},
        {"hook-sidecar-10", 10},
        {"hook-sidecar-007", 7},
        {"hook-sidecar-2147483647", 2147483647},
        {"hook-sidecar-2147483648", -1},
        {"hook-sidecar-99999999999999999999999", -1},
        {"hook-sidecar-1x", -1},
        {"hook-sidecar-", -1},
        {"hook-sidecar", -1},
        {"", -1},
        {"42", 42},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_int_equal(manager_index_of(cases[i].name), cases[i].index);
}

static void hook_points_and_priorities(UNUSED void **state)
{
    const char *const versions[] = {"v1alpha2"};
    Kubevirt__Hooks__Info__InfoResult answer = answer_of(versions, 1);
    announce(&answer, "OnDefineDomain", INT32_MIN);
    announce(&answer, "OnDefineDomain", -3);
    announce(&answer, "OnDefineDomain", -4);
    announce(&answer, "PreCloudInitIso", INT32_MAX);
    struct manager_sidecar sidecar = {.subscribed = {false, false, true}};
    auto_free char *warning = NULL;
    assert_int_equal(manager_info_read(&answer, &sidecar, &warning, NULL), 0);
    assert_null(warning);
    assert_string_equal(sidecar.version, "v1alpha2");
    assert_true(sidecar.subscribed[HOOKS_ON_DEFINE_DOMAIN]);
    assert_int_equal(sidecar.priority[HOOKS_ON_DEFINE_DOMAIN], -3);
    assert_int_equal(sidecar.priority[HOOKS_PRE_CLOUD_INIT_ISO], INT32_MAX);
    assert_false(sidecar.subscribed[HOOKS_SHUTDOWN]); /* what was before is gone */
}

static void unknown_hook_points_warn(UNUSED void **state)
{
    const char *const versions[] = {"v1alpha1"};
    Kubevirt__Hooks__Info__InfoResult answer = answer_of(versions, 1);
    announce(&answer, "OnTea\n", 0);
    announce(&answer, "Shutdown", 0); /* not in v1alpha1 */
    announce(&answer, "OnDefineDomain", 0);
    struct manager_sidecar sidecar = {0};
    auto_free char *warning = NULL;
    assert_int_equal(manager_info_read(&answer, &sidecar, &warning, NULL), 0);
    assert_string_equal(warning,
        "it announces hook points that v1alpha1 does not have: \"OnTea\\x0a\", \"Shutdown\"");
    assert_true(sidecar.subscribed[HOOKS_ON_DEFINE_DOMAIN]);
    assert_false(sidecar.subscribed[HOOKS_SHUTDOWN]);
}

static void no_common_version_is_an_error(UNUSED void **state)
{
    const char *const versions[] = {"v2", "v3"};
    Kubevirt__Hooks__Info__InfoResult answer = answer_of(versions, 2);
    struct manager_sidecar sidecar = {0};
    auto_free char *warning = NULL;
    auto_error struct error *error = NULL;
    assert_int_equal(manager_info_read(&answer, &sidecar, &warning, &error), -1);
    assert_int_equal(error->class, ERROR_REMOTE);
    assert_string_equal(error->message,
        "no common version of the hook protocol: it offers \"v2\", \"v3\";"
        " known are v1alpha3, v1alpha2 or v1alpha1");
    auto_error struct error *none = NULL;
    answer.n_versions = 0;
    assert_int_equal(manager_info_read(&answer, &sidecar, &warning, &none), -1);
    assert_non_null(strstr(none->message, "offers none"));
}

static void long_lists_are_cut_short(UNUSED void **state)
{
    const char *versions[1000];
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
        versions[i] = "a-version-with-a-name-that-is-very-much-longer-than-any-that-one-would-show";
    Kubevirt__Hooks__Info__InfoResult answer = answer_of(versions, ARRAY_SIZE(versions));
    struct manager_sidecar sidecar = {0};
    auto_free char *warning = NULL;
    auto_error struct error *error = NULL;
    assert_int_equal(manager_info_read(&answer, &sidecar, &warning, &error), -1);
    assert_non_null(strstr(error->message, " and others"));
    assert_true(strlen(error->message) < 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_index_ends_the_name),
        cmocka_unit_test(hook_points_and_priorities),
        cmocka_unit_test(unknown_hook_points_warn),
        cmocka_unit_test(no_common_version_is_an_error),
        cmocka_unit_test(long_lists_are_cut_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
