/* Warnings about what a server sends: the first ones are passed on, the others counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/memory.h"
#include "base/unused.h"
#include "kube/warnings.h"

static unsigned told;
static char *last;

static void on_warning(UNUSED void *user, const char *message)
{
    told++;
    xstrset(&last, message);
}

static void test_some_are_told(UNUSED void **state)
{
    struct kube_config config = {.server = (char *)"http://127.0.0.1:1"};
    const struct kube_client_options options = {.user_agent = "test", .warn = on_warning};
    struct kube_client *client = kube_client_new(&config, &options, NULL);
    assert_non_null(client);
    struct kube_warnings warnings = {.client = client, .about = "pods"};
    kube_warnings_add(&warnings, "pods a: bad");
    assert_string_equal(last, "pods a: bad");
    for (int i = 0; i < 29; i++)
        kube_warnings_add(&warnings, "pods a: bad");
    assert_int_equal(told, 20);
    assert_string_equal(last, "pods a: bad (more like this within a minute are left out)");
    warnings.began -= 60;
    kube_warnings_add(&warnings, "pods b: bad");
    assert_int_equal(told, 22);
    assert_string_equal(last, "pods b: bad");
    kube_client_free(client);
    free(last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_some_are_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
