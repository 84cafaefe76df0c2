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
        {"{\"UserData\":\"a && b\"}", "{\"userData\":\"a \\u0026\\u0026 b\"}"},
        {"{\"UserData\":\"\",\"NetworkData\":null}", "{}"},
        {"{\"userdata\":\"any case\"}", "{\"userData\":\"any case\"}"},
        {"{\"UserData\":\"first\",\"userData\":\"last\"}", "{\"userData\":\"last\"}"},
        {"{\"userData\":\"first\",\"UserData\":null}", "{\"userData\":\"first\"}"},
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
        {"{\"UserData\":1,\"userData\":\"a\"}", "UserData must be a string, not a number"},
        {"{\"NoCloudMetaData\":{\"instance-id\":5}}",
            "NoCloudMetaData: instance-id must be a string, not a number"},
        {"{\"ConfigDriveMetaData\":{\"public_keys\":{\"0\":1}}}",
            "ConfigDriveMetaData: public_keys: 0 must be a string, not a number"},
        {"{\"DevicesData\":[1]}", "DevicesData: its item must be an object, not a number"},
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

static void sources_that_are_none(UNUSED void **state)
{
    const struct {
        const char *data;
        const char *message;
    } cases[] = {
        {"{\"UserData\":\"a\"}", "DataSource is missing: it must be noCloud or configDrive"},
        {"{\"DataSource\":\"NoCloud\"}",
            "DataSource cannot be \"NoCloud\": it must be noCloud or configDrive"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *error = NULL;
        assert_int_equal(manager_cloud_init_check(bytes_of(cases[i].data), &error), -1);
        assert_int_equal(error->class, ERROR_INPUT);
        assert_string_equal(error->message, cases[i].message);
    }
}

/* The data after a sidecar that got input has returned these two, owned by the caller; NULL with
 * *error. *warning is what came with it, owned by the caller. */
static char *result_after(
    const char *input, const char *data, const char *legacy, char **warning, struct error **error)
{
    struct manager_cloud_init_result result = {0};
    char *text = NULL;
    if (manager_cloud_init_result(
            bytes_of(input), bytes_of(data), bytes_of(legacy), &result, error) == 0) {
        text = xstrndup(result.data, result.length);
        *warning = steal(&result.warning);
    }
    manager_cloud_init_result_clear(&result);
    return text;
}

static void results(UNUSED void **state)
{
    const char *const valid =
        "{ \"DataSource\":\"configDrive\", \"UserData\":\"new\", \"ConfigDriveMetaData\":{} }";
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
        {"{\"dataSource\":\"noCloud\",\"nocloudMetadata\":{\"Instance-ID\":\"i\",\"Own\":1},"
         "\"UserData\":\"a\",\"userdata\":\"new\",\"own\":\"kept\"}",
            "",
            "{\"DataSource\":\"noCloud\",\"NoCloudMetaData\":{\"instance-id\":\"i\",\"Own\":1},"
            "\"UserData\":\"new\",\"own\":\"kept\"}"}, /* respelled */
        {"{\"UserData\":\"no meta data\"}", legacy, from_legacy},
        {"{\"UserData\":\"\",\"NoCloudMetaData\":{}}", legacy, from_legacy},
        {"{\"UserData\":\"u\",\"NoCloudMetaData\":null}", legacy, from_legacy},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *warning = NULL;
        auto_free char *result =
            result_after(before, cases[i].data, cases[i].legacy, &warning, NULL);
        assert_string_equal(result, cases[i].result);
    }
}

/* Sidecars of v1alpha2 that answer the older form in Base64. */
static void the_older_form_is_decoded(UNUSED void **state)
{
    const struct {
        const char *legacy;
        const char *user, *network; /* of the result */
        const char *warning; /* a part of it; NULL: none */
    } cases[] = {
        {"{\"userDataBase64\":\"bmV3\",\"networkDataBase64\":\"bmV0Mg==\"}", "new", "net2", NULL},
        {"{\"userDataBase64\":\"bmV3\",\"networkData\":\"plain\"}", "new", "plain", NULL},
        {"{\"UserDataBASE64\":\"bmV3\\n\",\"networkData\":\"net\"}", "new", "net", NULL},
        {"{\"userData\":\"old\",\"userDataBase64\":\"b2xk\",\"networkData\":\"net\"}", "old", "net",
            NULL},
        {"{\"userData\":\"old\",\"userDataBase64\":\"bmV3\",\"networkData\":\"net\"}", "old", "net",
            "its userDataBase64 is ignored, as KubeVirt does beside userData"},
        {"{\"userData\":\"\",\"userDataBase64\":\"bmV3\",\"networkData\":\"n\"}", "new", "n", NULL},
        {"{\"secretRef\":{\"name\":\"s\"},\"userData\":\"new\",\"networkData\":\"n\"}", "new", "n",
            NULL},
        {"{\"networkData\":\"n\"}", "", "n",
            "it returned no user data, of which it got some: the guest has none"},
        {"{\"userDataBase64\":\"bmV3\"}", "new", "",
            "it returned no network data, of which it got some: the guest has none"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *error = NULL;
        auto_free char *warning = NULL;
        auto_free char *result = result_after(before, "{}", cases[i].legacy, &warning, &error);
        if (result == NULL)
            fail_msg("%s: %s", cases[i].legacy, error->message);
        auto_free char *expected =
            xasprintf("{\"DataSource\":\"noCloud\",\"NoCloudMetaData\":{\"instance-id\":\"a\"},"
                      "\"UserData\":\"%s\",\"NetworkData\":\"%s\",\"VolumeName\":\"v\"}",
                cases[i].user, cases[i].network);
        assert_string_equal(result, expected);
        if ((warning != NULL) != (cases[i].warning != NULL) ||
            (warning != NULL && strstr(warning, cases[i].warning) == NULL))
            fail_msg("%s: %s", cases[i].legacy, warning != NULL ? warning : "no warning");
    }
}

static void the_older_form_alone(UNUSED void **state)
{
    auto_error struct error *error = NULL;
    auto_free char *warning = NULL;
    auto_free char *result = result_after(
        before, "", "{\"userData\":\"new\",\"networkData\":\"net\"}", &warning, &error);
    assert_non_null(strstr(result, "\"UserData\":\"new\""));
    assert_string_equal(warning,
        "its cloudInitData is empty, which KubeVirt refuses even beside cloudInitNoCloudSource: it "
        "should be null or {}");
}

/* KubeVirt takes the older form then, as long as there is one; data of network alone pass through a
 * sidecar that leaves it out, or returns it as it was. */
static void network_data_alone(UNUSED void **state)
{
    static const char alone[] = "{\"DataSource\":\"noCloud\",\"NoCloudMetaData\":{},"
                                "\"UserData\":\"\",\"NetworkData\":\"net\"}";
    static const char changed[] =
        "{\"DataSource\":\"noCloud\",\"NoCloudMetaData\":{},\"NetworkData\":\"new\"}";
    static const char from_older[] = "{\"DataSource\":\"noCloud\",\"NoCloudMetaData\":{},"
                                     "\"UserData\":\"\",\"NetworkData\":\"older\"}";
    const struct {
        const char *data, *legacy, *result;
    } cases[] = {
        {alone, "", alone},
        {alone, "{\"networkData\":\"net\"}", alone},
        {changed, "", changed},
        {changed, "{\"networkData\":\"net\"}", changed},
        {changed, "{\"networkData\":\"older\"}", from_older},
        {"{}", "{\"networkData\":\"older\"}", from_older},
        {"{\"NoCloudMetaData\":{}}", "{\"networkData\":\"net\"}", alone},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *error = NULL;
        auto_free char *warning = NULL;
        auto_free char *result =
            result_after(alone, cases[i].data, cases[i].legacy, &warning, &error);
        if (result == NULL)
            fail_msg("%zu: %s", i, error->message);
        assert_string_equal(result, cases[i].result);
        assert_null(warning);
    }
}

/* Without data before, as in a dry run whose Secret is elsewhere, there is nothing to lose. */
static void nothing_stays_nothing(UNUSED void **state)
{
    static const char none[] = "{\"DataSource\":\"noCloud\",\"NoCloudMetaData\":{},"
                               "\"UserData\":\"\",\"NetworkData\":\"\"}";
    auto_error struct error *error = NULL;
    auto_free char *warning = NULL;
    auto_free char *result = result_after(none, none, "{}", &warning, &error);
    assert_string_equal(result, none);
    assert_null(warning);
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
        {"{}", "",
            "the cloudInitData it returned: it has no UserData, and neither NoCloudMetaData nor "
            "ConfigDriveMetaData; and there is no cloudInitNoCloudSource to use instead"},
        {"{\"NoCloudMetaData\":{},\"NetworkData\":\"n\"}", "", "it has no UserData, which it got;"},
        {"{\"UserData\":\"u\"}", "", "it has neither NoCloudMetaData nor ConfigDriveMetaData;"},
        {"{\"UserData\":\"x\",\"NoCloudMetaData\":{}}", "",
            "the cloudInitData it returned: DataSource is missing"},
        {"{\"DataSource\":\"foo\",\"UserData\":\"x\",\"NoCloudMetaData\":{}}", "{}",
            "the cloudInitData it returned: DataSource cannot be \"foo\""},
        {"{\"NoCloudMetaData\":{\"instance-id\":5}}", "{\"userData\":\"x\"}",
            "the cloudInitData it returned: NoCloudMetaData: instance-id must be a string"},
        {"{}", "null", "the cloudInitNoCloudSource it returned: it must be an object"},
        {"", "{}", "it returned neither user data nor network data, of which it got some"},
        {"", "{\"userData\":\"\"}", "it returned neither user data nor network data"},
        {"", "{\"userDataBase64\":\"bm!3\"}",
            "the cloudInitNoCloudSource it returned: userDataBase64: it is not Base64: \"!\" at "
            "byte 3"},
        {"", "{\"userDataBase64\":\"/w==\"}", "userDataBase64: it is not UTF-8 text"},
        {"", "{\"userDataBase64\":\"YQBi\"}", "userDataBase64: it contains a zero byte"},
        {"", "{\"userDataBase64\":\"AGE=\"}", "userDataBase64: it contains a zero byte"},
        {"", "{\"networkDataBase64\":1}", "networkDataBase64 must be a string, not a number"},
        {"", "{\"secretRef\":{\"name\":\"s\"}}",
            "secretRef: a hook comes too late to name a Secret"},
        {"{}", "{\"userData\":[]}",
            "the cloudInitNoCloudSource it returned: userData must be a string"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *error = NULL;
        auto_free char *warning = NULL;
        assert_null(result_after(before, cases[i].data, cases[i].legacy, &warning, &error));
        assert_int_equal(error->class, ERROR_REMOTE);
        if (strstr(error->message, cases[i].message) == NULL)
            fail_msg("%s", error->message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(when_there_is_no_data),
        cmocka_unit_test(the_older_form),
        cmocka_unit_test(data_that_is_none),
        cmocka_unit_test(sources_that_are_none),
        cmocka_unit_test(results),
        cmocka_unit_test(the_older_form_is_decoded),
        cmocka_unit_test(the_older_form_alone),
        cmocka_unit_test(network_data_alone),
        cmocka_unit_test(nothing_stays_nothing),
        cmocka_unit_test(results_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
