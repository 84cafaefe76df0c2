/* Every file tests/data/controller/sidecar_watch/NAME.yaml is a case: "pods", the successive states
 * of one pod, null while it does not exist. NAME.expected has the Events at each state, and the
 * cached form of the last one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/unused.h"
#include "base/yaml_dump.h"
#include "controller/watch/pod_prune.h"
#include "controller/watch/sidecar_watch.h"
#include "tests/unit/expected.h"
#include "tests/unit/repeated.h"

static json_t *prune(const json_t *test, const json_t *pod)
{
    return json_is_null(pod) ? NULL
                             : controller_pod_prune(json_get_string(test, "annotationKey"), pod);
}

static char *describe(const json_t *test)
{
    char *out = xstrdup("");
    json_t *before = NULL;
    size_t index = 0;
    json_t *pod = NULL;
    json_array_foreach (json_object_get(test, "pods"), index, pod) {
        json_t *after = prune(test, pod);
        struct controller_notice *notices = NULL;
        size_t count = controller_sidecar_notices(before, after, &notices);
        for (size_t i = 0; i < count; i++) {
            expected_append(&out,
                xasprintf("# pod %zu: %s: %s\n", index, notices[i].reason, notices[i].message));
        }
        controller_notices_free(notices, count);
        json_decref(before);
        before = after;
    }
    if (before != NULL)
        expected_append(&out, yaml_dump(before, NULL));
    json_decref(before);
    return out;
}

static void files_give_what_is_expected(UNUSED void **state)
{
    expected_check("tests/data/controller/sidecar_watch", describe);
}

static void what_is_no_pod_is_not_cached(UNUSED void **state)
{
    static const char *const texts[] = {"null", "[]", "{}", "{\"metadata\": {}}",
        "{\"metadata\": [], \"spec\": {}}", "{\"metadata\": {}, \"spec\": 1}"};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        auto_json json_t *pod = json_loads(texts[i], JSON_DECODE_ANY, NULL);
        assert_null(controller_pod_prune(NULL, pod));
    }
}

/* What tenants write about their pods takes little room in the cache, however much it is. */
static void what_is_kept_has_a_limit(UNUSED void **state)
{
    enum { LONG = 4096, MANY = 1000, MOST = 256 };
    auto_free char *text = repeated("", "\001", LONG, "");
    auto_free char *words = repeated("", "é", LONG, "the end");
    auto_json json_t *pod = json_pack("{s:{s:s}, s:{s:[]}, s:{s:s, s:[]}}", "metadata", "name", "a",
        "spec", "containers", "status", "message", text, "containerStatuses");
    json_t *list = json_object_get(json_object_get(pod, "status"), "containerStatuses");
    for (int i = 0; i < MANY; i++)
        json_array_append_new(list,
            json_pack("{s:s, s:i, s:{s:{s:s, s:s}}, s:{s:{s:i, s:s}}}", "name", "hook-sidecar-0",
                "restartCount", 1, "state", "waiting", "reason", "CrashLoopBackOff", "message",
                text, "lastState", "terminated", "exitCode", 1, "message", words));
    auto_json json_t *kept = controller_pod_prune(NULL, pod);
    assert_non_null(kept);
    auto_free char *written = json_dumps(kept, JSON_COMPACT);
    assert_true(strlen(written) < (MOST + 1) * 2400);
    const json_t *status = json_object_get(kept, "status");
    const json_t *first = json_array_get(json_object_get(status, "containerStatuses"), 0);
    const json_t *last = json_object_get(json_object_get(first, "lastState"), "terminated");
    assert_true(text_ends_with(json_get_string(last, "message"), "éthe end"));
    assert_int_equal(json_array_size(json_object_get(status, "containerStatuses")), MOST);
}

/* A pod of many containers, in another order than before, of which half have crashed again. */
static void notices_have_a_limit(UNUSED void **state)
{
    enum { MANY = 1000 };
    json_t *pods[2];
    for (int turn = 0; turn < 2; turn++) {
        json_t *list = json_array();
        for (int i = 0; i < MANY; i++) {
            int number = turn == 0 ? i : MANY - 1 - i;
            int restarts = number < MANY / 2 ? number + turn : number;
            json_array_append_new(list, json_pack("{s:o, s:i, s:{s:{s:i}}}", "name",
                                            json_sprintf("hook-sidecar-%d", number), "restartCount",
                                            restarts, "lastState", "terminated", "exitCode", 1));
        }
        pods[turn] = json_pack("{s:{}, s:{s:o}}", "metadata", "status", "containerStatuses", list);
    }
    struct controller_notice *notices = NULL;
    size_t count = controller_sidecar_notices(pods[0], pods[1], &notices);
    assert_int_equal(count, 256);
    assert_true(text_starts_with(notices[0].message, "hook-sidecar-499 crashed: exit code 1"));
    controller_notices_free(notices, count);
    json_decref(pods[0]);
    json_decref(pods[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_give_what_is_expected),
        cmocka_unit_test(what_is_no_pod_is_not_cached),
        cmocka_unit_test(what_is_kept_has_a_limit),
        cmocka_unit_test(notices_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
