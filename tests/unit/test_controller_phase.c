/* Every file tests/data/controller/phase/NAME.yaml is a case: the VMI "machine", and "steps", each
 * with a "pod", an "obstacle" or neither, and "deleted" once the VMI is being deleted.
 * NAME.expected has the status after each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/unused.h"
#include "base/yaml_dump.h"
#include "controller/launch/phase.h"
#include "controller/watch/pod_prune.h"
#include "tests/unit/expected.h"

/* The status after one step; checks that it is the same for the cached form of the pod, and that
 * nothing needs to be written a second time. */
static json_t *take_step(const json_t *machine, const json_t *step, const char *now)
{
    const json_t *pod = json_object_get(step, "pod");
    const json_t *given = json_object_get(step, "obstacle");
    const struct controller_obstacle obstacle = {
        json_get_string(given, "reason"), json_get_string(given, "message")};
    const struct controller_obstacle *in_the_way = given != NULL ? &obstacle : NULL;
    json_t *status = controller_phase_status(machine, pod, in_the_way, now);

    auto_json json_t *cached = pod != NULL ? controller_pod_prune(NULL, pod) : NULL;
    auto_json json_t *same = controller_phase_status(machine, cached, in_the_way, now);
    assert_true(json_equal(status, same));

    auto_json json_t *written = json_copy((json_t *)machine);
    json_object_set(written, "status", status);
    auto_json json_t *again =
        controller_phase_status(written, pod, in_the_way, "2031-01-01T00:00:00Z");
    assert_true(json_equal(status, again));
    return status;
}

static char *describe(const json_t *test)
{
    auto_json json_t *machine = json_deep_copy(json_object_get(test, "machine"));
    char *out = xstrdup("");
    size_t index = 0;
    json_t *step = NULL;
    json_array_foreach (json_object_get(test, "steps"), index, step) {
        auto_free char *now = xasprintf("2030-01-01T00:00:%02zuZ", index);
        if (json_is_true(json_object_get(step, "deleted"))) {
            json_object_set_new(json_object_get(machine, "metadata"), "deletionTimestamp",
                json_string("2030-01-01T00:00:00Z"));
        }
        json_t *status = take_step(machine, step, now);
        expected_append(&out, xasprintf("--- # step %zu\n", index));
        expected_append(&out, yaml_dump(status, NULL));
        json_object_set_new(machine, "status", status);
    }
    return out;
}

static void files_give_what_is_expected(UNUSED void **state)
{
    expected_check("tests/data/controller/phase", describe);
}

static void wrong_types_break_nothing(UNUSED void **state)
{
    static const char *const values[] = {"null", "1", "\"x\"", "[]", "{}", "[1]", "[{}]",
        "{\"phase\": 1, \"conditions\": {}, \"phaseTransitionTimestamps\": 1}",
        "{\"phase\": \"Running\", \"conditions\": [1, {\"type\": 1}, {\"type\": \"Ready\"}]}",
        "{\"containerStatuses\": {}}", "{\"containerStatuses\": [1, {\"name\": 1}]}",
        "{\"containerStatuses\": [{\"name\": \"compute\", \"state\": 1, \"ready\": 1}]}",
        "{\"containerStatuses\": [{\"name\": \"compute\", \"state\": {\"terminated\": {}}}]}",
        "{\"containerStatuses\": [{\"name\": \"compute\", \"state\": {\"waiting\": "
        "{\"reason\": \"ErrImagePull\", \"message\": 1}}}], \"phase\": [], \"conditions\": [1]}"};
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        for (size_t k = 0; k < ARRAY_SIZE(values); k++) {
            auto_json json_t *machine = json_pack(
                "{s:{}, s:o}", "metadata", "status", json_loads(values[i], JSON_DECODE_ANY, NULL));
            auto_json json_t *pod = json_pack("{s:{}, s:o, s:o}", "metadata", "status",
                json_loads(values[k], JSON_DECODE_ANY, NULL), "spec",
                json_loads(values[i], JSON_DECODE_ANY, NULL));
            auto_json json_t *status =
                controller_phase_status(machine, pod, NULL, "2030-01-01T00:00:00Z");
            assert_true(json_is_object(status));
            json_decref(controller_pod_prune(NULL, pod));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_give_what_is_expected),
        cmocka_unit_test(wrong_types_break_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
