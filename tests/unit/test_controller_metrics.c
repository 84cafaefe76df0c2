/* The metrics page, read by the parser of Prometheus' Python client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "base/unused.h"
#include "controller/metrics.h"

enum { THREADS = 4, ROUNDS = 1000, OUTPUT_LIMIT = 1 << 20, COMPLAINT_LIMIT = 4096 };

/* The output of Python. */
struct answer {
    int wait_status;
    char *output, *complaint; /* owned */
};

static void keep_answer(void *user, struct subprocess_result *result)
{
    struct answer *answer = user;
    answer->wait_status = result->wait_status;
    answer->output = steal(&result->output);
    answer->complaint = xstrdup(result->error_tail);
    ev_break(EV_DEFAULT, EVBREAK_ALL);
}

/* Runs Python with arguments, which end with NULL, and input, and waits for its end. */
static struct answer python(const char *const *argv, const char *input)
{
    struct answer answer = {0};
    const struct subprocess_options options = {
        .argv = argv,
        .input = input,
        .input_length = strlen(input),
        .output_limit = OUTPUT_LIMIT,
        .error_tail_limit = COMPLAINT_LIMIT,
        .on_done = keep_answer,
        .user = &answer,
    };
    auto_error struct error *error = NULL;
    if (subprocess_start(&options, &error) == NULL)
        fail_msg("%s", error->message);
    ev_run(EV_DEFAULT, 0);
    return answer;
}

static void answer_clear(struct answer *answer)
{
    free(answer->output);
    free(answer->complaint);
}

/* The current page as the foreign parser reads it. New reference. */
static json_t *scrape(const struct controller_metrics_now *now)
{
    static const char *const argv[] = {"/usr/bin/python3", "tests/peers/metrics.py", NULL};
    auto_free char *page = controller_metrics_text(now);
    struct answer answer = python(argv, page);
    if (answer.wait_status != 0)
        fail_msg("the page cannot be parsed: %s", answer.complaint);
    json_t *families = json_loads(answer.output, 0, NULL);
    assert_non_null(families);
    answer_clear(&answer);
    return families;
}

static double value_of(const json_t *families, const char *family, const char *sample)
{
    const json_t *samples = json_object_get(json_object_get(families, family), "samples");
    const json_t *value = json_object_get(samples, sample);
    if (value == NULL)
        fail_msg("there is no %s", sample);
    return json_number_value(value);
}

static bool has_parser(void)
{
    static const char *const argv[] = {"/usr/bin/python3", "-c", "import prometheus_client", NULL};
    struct answer answer = python(argv, "");
    answer_clear(&answer);
    return answer.wait_status == 0;
}

struct expected {
    const char *family;
    const char *type;
    const char *sample;
    double value;
};

static void check_samples(const json_t *families, const struct expected *expected, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *family = json_object_get(families, expected[i].family);
        assert_string_equal(
            text_or(json_get_string(family, "type"), expected[i].family), expected[i].type);
        double value = value_of(families, expected[i].family, expected[i].sample);
        if (fabs(value - expected[i].value) > 1e-6)
            fail_msg("%s is %g, not %g", expected[i].sample, value, expected[i].value);
    }
}

/* Before anything has happened: the known series exist, with the value zero. */
static void test_beginning(UNUSED void **state)
{
    static const struct expected cases[] = {
        {"hookline_webhook_reviews", "counter",
            "hookline_webhook_reviews_total{result=\"patched\",webhook=\"mutate-pods\"}", 0},
        {"hookline_webhook_reviews", "counter",
            "hookline_webhook_reviews_total{result=\"valid\",webhook=\"validate-machines\"}", 0},
        {"hookline_webhook_patches", "counter", "hookline_webhook_patches_total", 0},
        {"hookline_webhook_denials", "counter", "hookline_webhook_denials_total{reason=\"policy\"}",
            0},
        {"hookline_webhook_bad_connections", "counter",
            "hookline_webhook_bad_connections_total{reason=\"slow\"}", 0},
        {"hookline_reconciles", "counter", "hookline_reconciles_total{result=\"retry\"}", 0},
        {"hookline_leader", "gauge", "hookline_leader", 0},
        {"hookline_build_info", "gauge", "hookline_build_info{version=\"" HOOKLINE_VERSION "\"}",
            1},
    };
    if (!has_parser())
        skip();
    auto_json json_t *families = scrape(&(struct controller_metrics_now){0});
    check_samples(families, cases, ARRAY_SIZE(cases));
}

static void *count(UNUSED void *unused)
{
    for (int i = 0; i < ROUNDS; i++) {
        controller_metrics_review(CONTROLLER_MUTATE_PODS, CONTROLLER_REVIEW_PATCHED, 0.0002);
        controller_metrics_review(
            CONTROLLER_VALIDATE_MACHINES, CONTROLLER_REVIEW_DENIED_INPUT, 0.00025);
        controller_metrics_review(
            CONTROLLER_VALIDATE_MACHINES, CONTROLLER_REVIEW_DENIED_POLICY, 90);
        controller_metrics_bad_connection("slow");
        controller_metrics_api("get", 200, 0.004);
        controller_metrics_api("create", 409, 0.25);
        controller_metrics_api("create", 0, 0.25);
        controller_metrics_reconcile("ok");
        controller_metrics_queue(0, 2);
        controller_metrics_event("SidecarCrashed");
    }
    return NULL;
}

/* Several threads increment the same counter, and no increment is lost. */
static void test_counts(UNUSED void **state)
{
    static const double all = THREADS * ROUNDS;
    static const struct expected cases[] = {
        {"hookline_webhook_reviews", "counter",
            "hookline_webhook_reviews_total{result=\"patched\",webhook=\"mutate-pods\"}", all},
        {"hookline_webhook_reviews", "counter",
            "hookline_webhook_reviews_total{result=\"untouched\",webhook=\"mutate-pods\"}", 0},
        {"hookline_webhook_patches", "counter", "hookline_webhook_patches_total", all},
        {"hookline_webhook_denials", "counter", "hookline_webhook_denials_total{reason=\"input\"}",
            all},
        {"hookline_webhook_denials", "counter", "hookline_webhook_denials_total{reason=\"policy\"}",
            all},
        {"hookline_webhook_review_duration_seconds", "histogram",
            "hookline_webhook_review_duration_seconds_bucket{le=\"0.0001\","
            "webhook=\"validate-machines\"}",
            0},
        {"hookline_webhook_review_duration_seconds", "histogram",
            "hookline_webhook_review_duration_seconds_bucket{le=\"0.00025\","
            "webhook=\"validate-machines\"}",
            all},
        {"hookline_webhook_review_duration_seconds", "histogram",
            "hookline_webhook_review_duration_seconds_bucket{le=\"60\","
            "webhook=\"validate-machines\"}",
            all},
        {"hookline_webhook_review_duration_seconds", "histogram",
            "hookline_webhook_review_duration_seconds_bucket{le=\"+Inf\","
            "webhook=\"validate-machines\"}",
            2 * all},
        {"hookline_webhook_review_duration_seconds", "histogram",
            "hookline_webhook_review_duration_seconds_count{webhook=\"validate-machines\"}",
            2 * all},
        {"hookline_webhook_review_duration_seconds", "histogram",
            "hookline_webhook_review_duration_seconds_sum{webhook=\"validate-machines\"}",
            all * 90.00025},
        {"hookline_webhook_bad_connections", "counter",
            "hookline_webhook_bad_connections_total{reason=\"slow\"}", all},
        {"hookline_api_requests", "counter",
            "hookline_api_requests_total{code=\"409\",verb=\"create\"}", all},
        {"hookline_api_requests", "counter",
            "hookline_api_requests_total{code=\"0\",verb=\"create\"}", all},
        {"hookline_api_request_duration_seconds", "histogram",
            "hookline_api_request_duration_seconds_sum{verb=\"create\"}", all / 2},
        {"hookline_reconciles", "counter", "hookline_reconciles_total{result=\"ok\"}", all},
        {"hookline_queue_wait_seconds", "histogram",
            "hookline_queue_wait_seconds_bucket{le=\"0.0001\"}", all},
        {"hookline_queue_work_seconds", "histogram", "hookline_queue_work_seconds_sum", 2 * all},
        {"hookline_events", "counter", "hookline_events_total{reason=\"SidecarCrashed\"}", all},
    };
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count, NULL), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    if (!has_parser())
        skip();
    auto_json json_t *families = scrape(&(struct controller_metrics_now){0});
    check_samples(families, cases, ARRAY_SIZE(cases));
}

static void test_now(UNUSED void **state)
{
    static const struct controller_metrics_now now = {
        .leader = true,
        .queue_depth = 1,
        .queue_delayed = 2,
        .queue_working = 3,
        .queue_retries = 4,
        .watch_restarts = 5,
        .cached_machines = 10000,
        .cached_pods = 7,
        .certificate_expiry = 1893456000,
    };
    static const struct expected cases[] = {
        {"hookline_leader", "gauge", "hookline_leader", 1},
        {"hookline_queue_depth", "gauge", "hookline_queue_depth{state=\"ready\"}", 1},
        {"hookline_queue_depth", "gauge", "hookline_queue_depth{state=\"delayed\"}", 2},
        {"hookline_queue_depth", "gauge", "hookline_queue_depth{state=\"working\"}", 3},
        {"hookline_queue_retries", "counter", "hookline_queue_retries_total", 4},
        {"hookline_watch_restarts", "counter", "hookline_watch_restarts_total", 5},
        {"hookline_cached_objects", "gauge",
            "hookline_cached_objects{kind=\"VirtualMachineInstance\"}", 10000},
        {"hookline_cached_objects", "gauge", "hookline_cached_objects{kind=\"Pod\"}", 7},
        {"hookline_certificate_expiry_seconds", "gauge", "hookline_certificate_expiry_seconds",
            1893456000},
    };
    if (!has_parser())
        skip();
    auto_json json_t *families = scrape(&now);
    check_samples(families, cases, ARRAY_SIZE(cases));
}

/* The kernel's values are plausible, and change with what the process does. */
static void test_process(UNUSED void **state)
{
    if (!has_parser())
        skip();
    auto_json json_t *before = scrape(&(struct controller_metrics_now){0});
    int descriptors[2];
    assert_int_equal(pipe(descriptors), 0);
    auto_json json_t *after = scrape(&(struct controller_metrics_now){0});
    close(descriptors[0]);
    close(descriptors[1]);
    double opened = value_of(after, "process_open_fds", "process_open_fds") -
                    value_of(before, "process_open_fds", "process_open_fds");
    assert_int_equal((int)opened, 2);
    double age = (double)time(NULL) -
                 value_of(after, "process_start_time_seconds", "process_start_time_seconds");
    assert_true(age > -2 && age < 3600);
    assert_true(
        value_of(after, "process_resident_memory_bytes", "process_resident_memory_bytes") > 1e6);
    assert_true(value_of(after, "process_threads", "process_threads") >= 1);
    assert_true(value_of(after, "process_cpu_seconds", "process_cpu_seconds_total") > 0);
    assert_true(value_of(after, "process_max_fds", "process_max_fds") > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beginning),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_now),
        cmocka_unit_test(test_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
