/* Failures from the API server as errors: reason, causes, and whether and when to retry. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "kube/retry.h"
#include "kube/status.h"

static void test_answers(UNUSED void **state)
{
    static const struct {
        int code;
        const char *body; /* NULL: none */
        int64_t retry_after;
        const char *reason, *message;
        int64_t retry_after_ms;
    } cases[] = {
        {404, "{\"message\": \"pods \\\"a\\\" not found\", \"reason\": \"NotFound\"}", 0,
            "NotFound", "get pods d/a: pods \"a\" not found", -1},
        {409, "{\"reason\": \"AlreadyExists\", \"message\": \"is there\"}", 0, "AlreadyExists",
            "get pods d/a: is there", -1},
        {409, "{}", 0, "Conflict", "get pods d/a: the server answered 409", -1},
        {410, "{\"reason\": \"Gone\"}", 0, "Expired", "get pods d/a: the server answered 410", -1},
        {410, NULL, 0, "Expired", "get pods d/a: the server answered 410", -1},
        {500, "{\"reason\": \"Expired\", \"message\": \"old\"}", 0, "Expired", "get pods d/a: old",
            -1},
        {413, NULL, 0, "RequestEntityTooLarge", "get pods d/a: the server answered 413", -1},
        {422, "[]", 0, "Invalid", "get pods d/a: the server answered 422", -1},
        {400, "\"text\"", 0, "BadRequest", "get pods d/a: the server answered 400", -1},
        {401, NULL, 0, "Unauthorized", "get pods d/a: the server answered 401", -1},
        {403, "{\"reason\": 7, \"message\": []}", 0, "Forbidden",
            "get pods d/a: the server answered 403", -1},
        {429, "{\"details\": {\"retryAfterSeconds\": 3}}", 0, "TooManyRequests",
            "get pods d/a: the server answered 429", 3000},
        {429, "{\"details\": {\"retryAfterSeconds\": 3}}", 5, "TooManyRequests",
            "get pods d/a: the server answered 429", 5000},
        {503, "{\"details\": {\"retryAfterSeconds\": -3}}", 0, "InternalError",
            "get pods d/a: the server answered 503", -1},
        {500, "{\"details\": {\"retryAfterSeconds\": 9223372036854775807}}", 0, "InternalError",
            "get pods d/a: the server answered 500", 86400000},
        {500, "{\"details\": [], \"reason\": \"Unreachable\"}", INT64_MAX, "InternalError",
            "get pods d/a: the server answered 500", 86400000},
        {302, "{\"message\": \"two\\nlines\"}", 0, "Unknown", "get pods d/a: two\\x0alines", -1},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *body =
            cases[i].body != NULL ? json_loads(cases[i].body, JSON_DECODE_ANY, NULL) : NULL;
        auto_kube_failure struct kube_failure *failure =
            kube_failure_from_answer("get pods d/a", cases[i].code, body, cases[i].retry_after);
        assert_string_equal(kube_reason_name(failure->reason), cases[i].reason);
        assert_string_equal(failure->message, cases[i].message);
        assert_int_equal(failure->code, cases[i].code);
        assert_int_equal(failure->retry_after_ms, cases[i].retry_after_ms);
        assert_null(failure->causes);
    }
}

static void test_causes(UNUSED void **state)
{
    auto_json json_t *body = json_pack(
        "{s:s, s:{s:[{s:s}]}}", "reason", "Invalid", "details", "causes", "field", "metadata.name");
    auto_kube_failure struct kube_failure *failure =
        kube_failure_from_answer("create pods d", 422, body, 0);
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(failure->causes, 0), "field")),
        "metadata.name");
}

static void test_unreachable(UNUSED void **state)
{
    auto_kube_failure struct kube_failure *failure =
        kube_failure_unreachable("list pods", "no route");
    assert_string_equal(kube_reason_name(failure->reason), "Unreachable");
    assert_string_equal(failure->message, "list pods: no route");
    assert_int_equal(failure->code, 0);
}

static void test_retries(UNUSED void **state)
{
    static const struct {
        int code; /* 0: none came */
        enum http_fault fault;
        bool idempotent, other; /* whether it is tried again */
    } cases[] = {
        {429, HTTP_FAULT_NONE, true, true},
        {500, HTTP_FAULT_NONE, true, false},
        {503, HTTP_FAULT_NONE, true, false},
        {501, HTTP_FAULT_NONE, false, false},
        {409, HTTP_FAULT_NONE, false, false},
        {403, HTTP_FAULT_NONE, false, false},
        {0, HTTP_FAULT_NOT_SENT, true, true},
        {0, HTTP_FAULT_BROKEN, true, false},
        {0, HTTP_FAULT_REFUSED, false, false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_kube_failure struct kube_failure *failure =
            cases[i].code == 0 ? kube_failure_unreachable("get", "no")
                               : kube_failure_from_answer("get", cases[i].code, NULL, 0);
        assert_int_equal(kube_retry_is_due(failure, cases[i].fault, true), cases[i].idempotent);
        assert_int_equal(kube_retry_is_due(failure, cases[i].fault, false), cases[i].other);
    }
}

static void test_delays(UNUSED void **state)
{
    static const struct {
        int64_t retry_after; /* seconds */
        int tries;
        int64_t least, most; /* milliseconds */
    } cases[] = {
        {0, 1, 100, 200},
        {0, 2, 200, 400},
        {0, 3, 400, 800},
        {0, 20, 5000, 10000},
        {0, INT32_MAX, 5000, 10000},
        {2, 1, 2000, 2200},
        {3600, 1, 60000, 60200},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_kube_failure struct kube_failure *failure =
            kube_failure_from_answer("get", 429, NULL, cases[i].retry_after);
        for (int k = 0; k < 100; k++)
            assert_in_range(
                kube_retry_delay_ms(failure, cases[i].tries), cases[i].least, cases[i].most);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_causes),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_retries),
        cmocka_unit_test(test_delays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
