/* The trace of hops as files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "manager/trace.h"
#include "tests/unit/directory.h"

/* The content of a file below directory; NULL if it does not exist. */
static char *content(const char *directory, const char *name)
{
    auto_free char *path = file_join(directory, name);
    char *text = NULL;
    size_t length = 0;
    return file_read(path, 1 << 20, &text, &length, NULL) == 0 ? text : NULL;
}

static const struct manager_sidecar sidecar = {
    .name = "hook-sidecar-4",
    .index = 4,
    .socket = "/sockets/hook-sidecar-4/a.sock",
    .version = "v1alpha2",
    .priority = {[HOOKS_ON_DEFINE_DOMAIN] = -7},
};

static void keep(struct manager_trace *trace, const char *input, const char *output)
{
    const struct manager_trace_hop hop = {
        .sidecar = &sidecar,
        .input = input,
        .input_length = strlen(input),
        .output = output,
        .output_length = strlen(output),
        .milliseconds = 1.49999999,
    };
    assert_int_equal(manager_trace_keep(trace, &hop, NULL), 0);
}

static void a_hop(void **state)
{
    auto_free char *directory = file_join(*state, "new/trace");
    struct manager_trace *trace = manager_trace_open(directory, HOOKS_ON_DEFINE_DOMAIN, NULL);
    const char *const input = "<domain>\n  <name>a</name>\n</domain>";
    const char *const output = "<domain><name>a</name><title>t</title></domain>";
    keep(trace, input, output);
    keep(trace, output, output);
    manager_trace_close(trace);

    auto_free char *first = file_join(directory, "01-OnDefineDomain/00-hook-sidecar-4");
    auto_free char *kept_input = content(first, "input.xml");
    auto_free char *kept_output = content(first, "output.xml");
    auto_free char *diff = content(first, "change.diff");
    auto_free char *json = content(first, "hop.json");
    assert_string_equal(kept_input, input);
    assert_string_equal(kept_output, output);
    assert_non_null(strstr(diff, "+  <title>t</title>\n"));
    auto_json json_t *hop = json_parse(json, strlen(json), 4, NULL);
    auto_json json_t *expected =
        json_pack("{s:s, s:i, s:s, s:s, s:s, s:i, s:f, s:i, s:i, s:i, s:i}", "sidecar",
            "hook-sidecar-4", "index", 4, "socket", "/sockets/hook-sidecar-4/a.sock", "version",
            "v1alpha2", "hook", "OnDefineDomain", "priority", -7, "milliseconds", 1.5, "inputBytes",
            strlen(input), "outputBytes", strlen(output), "linesAdded", 1, "linesRemoved", 0);
    assert_true(json_equal(hop, expected));

    auto_free char *second = file_join(directory, "01-OnDefineDomain/01-hook-sidecar-4");
    auto_free char *unchanged = content(second, "change.diff");
    assert_string_equal(unchanged, "");
}

static void a_hop_that_failed(void **state)
{
    struct manager_trace *trace = manager_trace_open(*state, HOOKS_PRE_CLOUD_INIT_ISO, NULL);
    auto_error struct error *error = NULL;
    error_set(&error, ERROR_REMOTE, "it went away");
    const struct manager_trace_hop hop = {
        .sidecar = &sidecar,
        .input = "{}",
        .input_length = 2,
        .error = error,
        .ignored = true,
    };
    assert_int_equal(manager_trace_keep(trace, &hop, NULL), 0);
    manager_trace_close(trace);
    auto_free char *directory = file_join(*state, "01-PreCloudInitIso/00-hook-sidecar-4");
    auto_free char *input = content(directory, "input.json");
    auto_free char *json = content(directory, "hop.json");
    assert_string_equal(input, "{}");
    assert_null(content(directory, "output.json"));
    assert_null(content(directory, "change.diff"));
    auto_json json_t *value = json_parse(json, strlen(json), 4, NULL);
    assert_string_equal(json_get_string(value, "error"), "it went away");
    assert_true(json_is_true(json_object_get(value, "ignored")));
}

static void calls_are_numbered_after_those_that_are_there(void **state)
{
    const char *const there[] = {"07-OnDefineDomain", "x9-OnDefineDomain", "8", "-9"};
    for (size_t i = 0; i < ARRAY_SIZE(there); i++) {
        auto_free char *path = file_join(*state, there[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    manager_trace_close(manager_trace_open(*state, HOOKS_ON_DEFINE_DOMAIN, NULL));
    manager_trace_close(manager_trace_open(*state, HOOKS_PRE_CLOUD_INIT_ISO, NULL));
    auto_free char *eighth = file_join(*state, "08-OnDefineDomain");
    auto_free char *ninth = file_join(*state, "09-PreCloudInitIso");
    struct stat status;
    assert_int_equal(stat(eighth, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    assert_int_equal(stat(ninth, &status), 0);
}

static void a_directory_that_cannot_be_made(void **state)
{
    auto_free char *file = file_join(*state, "file");
    assert_int_equal(file_write(file, "", 0, 0600, NULL), 0);
    auto_error struct error *error = NULL;
    assert_null(manager_trace_open(file, HOOKS_ON_DEFINE_DOMAIN, &error));
    assert_int_equal(error->class, ERROR_IO);
    assert_non_null(strstr(error->message, file));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(a_hop),
        IN_DIRECTORY(a_hop_that_failed),
        IN_DIRECTORY(calls_are_numbered_after_those_that_are_there),
        IN_DIRECTORY(a_directory_that_cannot_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
