/* Complaints about webhook configurations in a cluster: those that the program prints are right for
 * their versions, and for no others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/unused.h"
#include "base/yaml.h"
#include "controller/webhook/webhooks.h"

/* The complaint about one of the two configurations that are printed for a version and a key, with
 * another failurePolicy (NULL: as printed), if the controller uses key. Owned by the caller. */
static char *complaint(
    const char *version, const char *printed_key, const char *policy, const char *key, size_t which)
{
    const struct controller_webhooks_options options = {
        .version = version,
        .annotation_key = printed_key,
        .namespace = "hookline-system",
        .service = "hookline-webhook",
        .configuration = "hookline",
    };
    auto_free char *text = controller_webhooks_manifest(&options, NULL);
    assert_non_null(text);
    struct yaml_stream stream;
    assert_int_equal(yaml_parse("printed", text, strlen(text), &stream, NULL), 0);
    assert_int_equal(stream.count, 2);
    json_t *configuration = stream.documents[which].root;
    json_t *webhook = json_array_get(json_object_get(configuration, "webhooks"), 0);
    if (policy != NULL)
        json_object_set_new(webhook, "failurePolicy", json_string(policy));
    char *found = controller_webhooks_complaint(configuration, key);
    yaml_stream_clear(&stream);
    return found;
}

static void printed_ones_are_right(UNUSED void **state)
{
    static const char *const versions[] = {"1.20", "v1.27.16", "1.28", "1.34.1", "2.0"};
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        for (size_t which = 0; which < 2; which++) {
            assert_null(complaint(versions[i], NULL, NULL, NULL, which));
            assert_null(complaint(versions[i], "example.com/h", NULL, "example.com/h", which));
        }
    }
}

static void failing_closed_for_everybody_is_told(UNUSED void **state)
{
    for (size_t which = 0; which < 2; which++) {
        auto_free char *said = complaint("1.27", NULL, "Fail", NULL, which);
        assert_non_null(said);
        assert_non_null(strstr(said, which == 0 ? "pods.hookline.dev" : "machines.hookline.dev"));
        assert_non_null(strstr(said, "every virtual machine depends on Hookline"));
        assert_null(complaint("1.28", NULL, "Ignore", NULL, which));
    }
}

static void conditions_of_another_key_are_told(UNUSED void **state)
{
    auto_free char *said = complaint("1.34", NULL, NULL, "example.com/h", 1);
    assert_non_null(said);
    assert_non_null(strstr(said, "--print-webhooks=VERSION --annotation-key=example.com/h"));
    assert_null(complaint("1.27", NULL, NULL, "example.com/h", 1));
    assert_null(complaint("1.34", NULL, NULL, "hookline.dev/hookSidecars", 1));
}

static void odd_configurations_are_none_to_complain_of(UNUSED void **state)
{
    static const char *const texts[] = {"{}", "{\"webhooks\": 1}", "{\"webhooks\": [1, {}]}",
        "{\"webhooks\": [{\"matchConditions\": [1, {\"expression\": 2}]}]}"};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        auto_json json_t *configuration = json_loads(texts[i], 0, NULL);
        assert_null(controller_webhooks_complaint(configuration, NULL));
    }
}

/* VMs must be completed before KubeVirt's webhooks look at them: configurations are called in the
 * order of their names. */
static void late_completions_are_told(UNUSED void **state)
{
    static const struct {
        const char *name;
        bool late;
    } cases[] = {{"hookline", false}, {"virt-api-mutator", false}, {"virt-api-mutator-2", true},
        {"zz", true}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *configuration =
            json_pack("{s:{s:s}, s:[{s:s, s:s}]}", "metadata", "name", cases[i].name, "webhooks",
                "name", "completions.hookline.dev", "failurePolicy", "Ignore");
        auto_free char *said = controller_webhooks_complaint(configuration, NULL);
        assert_int_equal(said != NULL, cases[i].late);
        if (said != NULL)
            assert_non_null(strstr(said, "is called after KubeVirt's"));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(printed_ones_are_right),
        cmocka_unit_test(late_completions_are_told),
        cmocka_unit_test(failing_closed_for_everybody_is_told),
        cmocka_unit_test(conditions_of_another_key_are_told),
        cmocka_unit_test(odd_configurations_are_none_to_complain_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
