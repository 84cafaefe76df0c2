/* The object in an artifact: what a cluster wrote into it goes, and its claims are its disks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "appliance/artifact_config.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/text.h"
#include "base/unused.h"

#define VM(metadata, spec)                                                                         \
    "{\"kind\":\"VirtualMachine\",\"metadata\":{" metadata "},\"spec\":{" spec "}}"
#define VOLUMES(volumes) "\"template\":{\"spec\":{\"volumes\":[" volumes "]}}"
#define CLAIM(name, claim)                                                                         \
    "{\"name\":\"" name "\",\"persistentVolumeClaim\":{\"claimName\":\"" claim "\"}}"

static json_t *parse(const char *text)
{
    json_t *value = json_parse(text, strlen(text), 64, NULL);
    assert_non_null(value);
    return value;
}

static void what_a_cluster_wrote_goes(UNUSED void **state)
{
    static const struct {
        const char *object, *config;
    } cases[] = {
        {VM("\"name\":\"a\",\"namespace\":\"n\",\"uid\":\"u\",\"resourceVersion\":\"1\","
            "\"creationTimestamp\":null,\"labels\":{\"l\":\"1\"}",
             ""),
            VM("\"name\":\"a\",\"labels\":{\"l\":\"1\"}", "")},
        {VM("", "\"dataVolumeTemplates\":[{}]," VOLUMES(
                    "{\"name\":\"r\",\"dataVolume\":{\"name\":\"d\"}}")),
            VM("", VOLUMES(CLAIM("r", "d")))},
        {VM("\"annotations\":{\"restore.kubevirt.io/lastRestoreUID\":\"u\",\"n\":\"1\","
            "\"kubevirt.io/latest-observed-api-version\":\"v1\"}",
             "\"instancetype\":{\"name\":\"i\",\"revisionName\":\"r\"},"
             "\"preference\":{\"name\":\"p\",\"revisionName\":\"r\"}"),
            VM("\"annotations\":{\"n\":\"1\"}",
                "\"instancetype\":{\"name\":\"i\"},\"preference\":{\"name\":\"p\"}")},
        {"{\"kind\":\"VirtualMachineTemplate\",\"spec\":{\"dataVolumeTemplates\":[]},\"status\":1}",
            "{\"kind\":\"VirtualMachineTemplate\",\"spec\":{\"dataVolumeTemplates\":[]}}"},
        {"{\"kind\":\"VirtualMachine\",\"metadata\":7,\"spec\":[]}",
            "{\"kind\":\"VirtualMachine\",\"metadata\":7,\"spec\":[]}"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *object = parse(cases[i].object);
        auto_json json_t *config = appliance_artifact_config(object, NULL);
        auto_free char *text = json_write(config);
        assert_string_equal(text, cases[i].config);
    }
}

static void another_kind_is_refused(UNUSED void **state)
{
    auto_json json_t *object = parse("{\"kind\":\"Pod\"}");
    auto_error struct error *error = NULL;
    assert_null(appliance_artifact_config(object, &error));
    assert_string_equal(
        error->message, "kind \"Pod\" is not VirtualMachine or VirtualMachineTemplate");
}

static void a_disk_is_meant_by_its_claim_or_volume(UNUSED void **state)
{
    static const struct {
        const char *name, *disk; /* NULL: refused */
    } cases[] = {
        {"web.root", "web-root"},
        {"web-root", "web-root"},
        {"root", "web-root"},
        {"data", "data"}, /* a claim's name comes before a volume's */
        {"other", "data"},
        {"missing", NULL},
    };
    auto_json json_t *config = parse(
        VM("", VOLUMES(CLAIM("root", "web.root") "," CLAIM("other", "data") ","
                                                                            "{\"name\":\"e\"}")));
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *disk = appliance_artifact_find_disk(config, cases[i].name, NULL);
        assert_string_equal(text_or(disk, "refused"), text_or(cases[i].disk, "refused"));
    }
    char root[] = "web-root";
    char data[] = "data";
    char *const names[] = {root, data};
    assert_string_equal(appliance_artifact_missing_disk(config, names, 1), "data");
    assert_null(appliance_artifact_missing_disk(config, names, 2));
}

static void a_template_has_the_claims_that_its_data_volumes_are_made_from(UNUSED void **state)
{
    auto_json json_t *config =
        parse("{\"kind\":\"VirtualMachineTemplate\",\"spec\":{\"virtualMachine\":{\"spec\":{"
              "\"dataVolumeTemplates\":[{\"spec\":{\"source\":{\"pvc\":{\"name\":\"g.old\"}}}}],"
              "\"template\":{\"spec\":{\"architecture\":\"${ARCH}\"}}}}}}");
    auto_free char *disk = appliance_artifact_find_disk(config, "g.old", NULL);
    assert_string_equal(disk, "g-old");
    assert_string_equal(appliance_artifact_architecture(config), "amd64");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_cluster_wrote_goes),
        cmocka_unit_test(another_kind_is_refused),
        cmocka_unit_test(a_disk_is_meant_by_its_claim_or_volume),
        cmocka_unit_test(a_template_has_the_claims_that_its_data_volumes_are_made_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
