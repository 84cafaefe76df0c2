/* The JSON of cloud-init data between the manager and its sidecars, in both forms. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/unused.h"
#include "manager/cloud_init.h"

static const char before[] =
    "{\"DataSource\":\"noCloud\",\"NoCloudMetaData\":{\"instance-id\":\"a\"},"
    "\"UserData\":\"old\",\"NetworkData\":\"net\",\"VolumeName\":\"v\"}";

static void when_there_is_no_data(UNUSED void **state)
{
    const struct {
        const char *text;
        bool absent;
    } cases[] = {
        {"", true},
        {" \n\t", true},
        {"null", true},
        {"\n null ", true},
        {"nul", false},
        {"null null", false},
        {"{}", false},
        {"0", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_int_equal(manager_cloud_init_is_absent(bytes_of(cases[i].text)), cases[i].absent);
}

static void the_older_form(UNUSED void **state)
{
    const struct {
        const char *data;
        const char *legacy;
    } cases[] = {
        {"{\"UserData\":\"u\\n\",\"NetworkData\":\"n\"}",
            "{\"userData\":\"u\\n\",\"networkData\":\"n\"}"},
        {"{\"UserData\":\"\",\"NetworkData\":null}", "{}"},
        {"{\"userdata\":\"any case\"}", "{\"userData\":\"any case\"}"},
        {"{\"UserData\":\"exact\",\"userData\":\"other\"}", "{\"userData\":\"exact\"}"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *legacy = manager_cloud_init_legacy(bytes_of(cases[i].data), NULL);
        assert_string_equal(legacy, cases[i].legacy);
    }
}

static void data_that_is_none(UNUSED void **state)
{
    const struct {
        const char *data;
        const char *message;
    } cases[] = {
        {"{", "not valid JSON"},
        {"[]", "it must be an object, not an array"},
        {"{\"UserData\":1}", "UserData must be a string, not a number"},
        {"{\"NoCloudMetaData\":\"\"}", "NoCloudMetaData must be an object, not a string"},
        {"{\"UserData\":\"\xff\"}", "not valid JSON"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *error = NULL;
        assert_null(manager_cloud_init_legacy(bytes_of(cases[i].data), &error));
        assert_int_equal(error->class, ERROR_INPUT);
        assert_non_null(strstr(error->message, cases[i].message));
        assert_int_equal(manager_cloud_init_check(bytes_of(cases[i].data), NULL), -1);
    }
    assert_int_equal(manager_cloud_init_check(bytes_of(" null\n"), NULL), 0);
    assert_int_equal(manager_cloud_init_check(bytes_of(before), NULL), 0);
}

/* The data after a sidecar that got before has returned these two; NULL with *error. */
static char *result_of(const char *data, const char *legacy, struct error **error)
{
    char *result = NULL;
    size_t length = 0;
    if (manager_cloud_init_result(
            bytes_of(before), bytes_of(data), bytes_of(legacy), &result, &length, error) < 0)
        return NULL;
    assert_int_equal(strlen(result), length);
    return result;
}

static void results(UNUSED void **state)
{
    const char *const valid = "{ \"UserData\":\"new\", \"ConfigDriveMetaData\":{} }";
    const char *const from_legacy =
        "{\"DataSource\":\"noCloud\",\"NoCloudMetaData\":{\"instance-id\":\"a\"},"
        "\"UserData\":\"l\",\"NetworkData\":\"ln\",\"VolumeName\":\"v\"}";
    const char *const legacy = "{\"userData\":\"l\",\"networkData\":\"ln\"}";
    const struct {
        const char *data;
        const char *legacy;
        const char *result;
    } cases[] = {
        {valid, legacy, valid}, /* byte for byte */
        {valid, "nonsense", valid},
        {"{}", legacy, from_legacy},
        {"null", legacy, from_legacy},
        {"", legacy, from_legacy},
        {"{\"UserData\":\"no meta data\"}", legacy, from_legacy},
        {"{\"UserData\":\"\",\"NoCloudMetaData\":{}}", legacy, from_legacy},
        {"{\"UserData\":\"u\",\"NoCloudMetaData\":null}", legacy, from_legacy},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *result = result_of(cases[i].data, cases[i].legacy, NULL);
        assert_string_equal(result, cases[i].result);
    }
}

static void results_that_are_none(UNUSED void **state)
{
    const struct {
        const char *data;
        const char *legacy;
        const char *message;
    } cases[] = {
        {"", "", "it returned no cloud-init data"},
        {"{", "{}", "the cloudInitData it returned: line 1, column 1: not valid JSON"},
        {"\"text\"", "{}", "the cloudInitData it returned: it must be an object"},
        {"{}", "", "there is no cloudInitNoCloudSource"},
        {"{}", "null", "the cloudInitNoCloudSource it returned: it must be an object"},
        {"{}", "{\"userData\":[]}",
            "the cloudInitNoCloudSource it returned: userData must be a string"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *error = NULL;
        assert_null(result_of(cases[i].data, cases[i].legacy, &error));
        assert_int_equal(error->class, ERROR_REMOTE);
        assert_non_null(strstr(error->message, cases[i].message));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(when_there_is_no_data),
        cmocka_unit_test(the_older_form),
        cmocka_unit_test(data_that_is_none),
        cmocka_unit_test(results),
        cmocka_unit_test(results_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
