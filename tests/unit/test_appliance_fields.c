/* The table of a VirtualMachine's fields: that its index is right, and that what the checks list
 * themselves is in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "appliance/field_checks.h"
#include "appliance/fields.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"

static bool is_below(const char *path, const char *parent)
{
    size_t length = strlen(parent);
    return strncmp(path, parent, length) == 0 && (path[length] == '.' || path[length] == '[');
}

static void the_index_fits_the_table(UNUSED void **state)
{
    size_t count = 0;
    while (appliance_vm_fields[count].path != NULL)
        count++;
    assert_true(count > 700);
    for (size_t i = 0; i < count; i++) {
        size_t after = appliance_vm_fields_after[i];
        assert_in_range(after, i + 1, count);
        for (size_t k = i + 1; k < after; k++)
            assert_true(is_below(appliance_vm_fields[k].path, appliance_vm_fields[i].path));
        if (after < count)
            assert_false(is_below(appliance_vm_fields[after].path, appliance_vm_fields[i].path));
    }
}

static void fields_have_their_kinds(UNUSED void **state)
{
    static const struct {
        const char *path;
        enum schema_kind kind;
        bool required;
    } cases[] = {
        {"metadata.labels", SCHEMA_MAP, false},
        {"spec", SCHEMA_OBJECT, true},
        {"spec.running", SCHEMA_BOOLEAN, false},
        {"spec.runStrategy", SCHEMA_STRING, false},
        {"spec.dataVolumeTemplates", SCHEMA_OBJECTS, false},
        {"spec.dataVolumeTemplates[].metadata.name", SCHEMA_STRING, false},
        {"spec.dataVolumeTemplates[].spec.storage.resources.requests", SCHEMA_QUANTITIES, false},
        {"spec.dataVolumeTemplates[].spec.sourceRef.kind", SCHEMA_STRING, true},
        {"spec.template", SCHEMA_OBJECT, true},
        {"spec.template.spec.domain.memory.guest", SCHEMA_QUANTITY, false},
        {"spec.template.spec.domain.cpu.cores", SCHEMA_INTEGER, false},
        {"spec.template.spec.domain.devices.disks[].name", SCHEMA_STRING, true},
        {"spec.template.spec.domain.devices.filesystems[].virtiofs", SCHEMA_OBJECT, true},
        {"spec.template.spec.livenessProbe.httpGet.port", SCHEMA_INTEGER_OR_STRING, true},
        {"spec.template.spec.dnsConfig.searches", SCHEMA_STRINGS, false},
        {"status", SCHEMA_ANY, false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct schema_field *field = schema_find(&appliance_vm_schema, cases[i].path);
        if (field == NULL)
            fail_msg("there is no %s", cases[i].path);
        assert_int_equal(field->kind, cases[i].kind);
        assert_int_equal(field->required, cases[i].required);
    }
}

/* Asserts that the direct fields of a parent, but one, are these, which the checks have, too. */
static void expect_members(
    const char *parent, const char *but, const char *const *names, size_t count)
{
    size_t found = 0;
    const struct schema_field *field =
        schema_child(&appliance_vm_schema, schema_find(&appliance_vm_schema, parent));
    for (; field != NULL; field = schema_next(field)) {
        const char *name = schema_name(field);
        if (streq(name, but))
            continue;
        if (text_index(name, names, count) < 0)
            fail_msg("%s has %s", parent, name);
        found++;
    }
    assert_int_equal(found, count);
}

static void what_the_checks_list_is_all(UNUSED void **state)
{
    static const char *const sources[] = {
        "blank", "gcs", "http", "imageio", "pvc", "registry", "s3", "snapshot", "upload", "vddk"};
    static const char *const volumes[] = {"cloudInitConfigDrive", "cloudInitNoCloud", "configMap",
        "containerDisk", "containerPath", "dataVolume", "downwardAPI", "downwardMetrics",
        "emptyDisk", "ephemeral", "hostDisk", "memoryDump", "persistentVolumeClaim", "secret",
        "serviceAccount", "sysprep"};
    static const char *const networks[] = {"multus", "pod", "resourceClaim"};
    static const char *const cloud_init[] = {"networkData", "networkDataBase64",
        "networkDataSecretRef", "secretRef", "userData", "userDataBase64"};
    expect_members("spec.dataVolumeTemplates[].spec.source", "", sources, ARRAY_SIZE(sources));
    expect_members("spec.template.spec.volumes", "name", volumes, ARRAY_SIZE(volumes));
    expect_members("spec.template.spec.networks", "name", networks, ARRAY_SIZE(networks));
    expect_members(
        "spec.template.spec.volumes[].cloudInitNoCloud", "", cloud_init, ARRAY_SIZE(cloud_init));
    expect_members("spec.template.spec.volumes[].cloudInitConfigDrive", "", cloud_init,
        ARRAY_SIZE(cloud_init));
}

static void parameters_stand_for_values(UNUSED void **state)
{
    auto_json json_t *whole = json_string("${{A}}");
    auto_json json_t *part = json_string("x-${A}");
    auto_json json_t *number = json_integer(1);
    assert_true(appliance_field_stands_in(whole, false));
    assert_true(appliance_field_stands_in(part, true));
    assert_false(appliance_field_stands_in(part, false));
    assert_false(appliance_field_stands_in(number, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_index_fits_the_table),
        cmocka_unit_test(fields_have_their_kinds),
        cmocka_unit_test(what_the_checks_list_is_all),
        cmocka_unit_test(parameters_stand_for_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
