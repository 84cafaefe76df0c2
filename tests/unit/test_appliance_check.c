/* What is wrong with appliances: each file tests/data/appliance/check/NAME.yaml has DataSources and
 * what they refer to; NAME.expected has what is found, with its places. NAME.repair.yaml is repaired
 * first, and what then is left of the VM is there, too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "appliance/check.h"
#include "appliance/repair.h"
#include "base/file.h"
#include "base/text.h"
#include "base/unused.h"
#include "base/yaml.h"
#include "base/yaml_dump.h"
#include "tests/unit/cases.h"
#include "tests/unit/expected.h"

#define CASES "tests/data/appliance/check/"
#define RECORDED "../shared/upstream/appliance/cases/"

static void describe_report(const struct appliance_report *report, char **text)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct appliance_text *one = report->texts[i];
        for (size_t k = 0; k < one->findings.count; k++) {
            const struct finding *finding = &one->findings.items[k];
            struct yaml_place place = appliance_text_place(one, finding);
            auto_free char *path = appliance_text_path(one, finding);
            expected_append(text, xasprintf("%zu:%zu: %s%s: %s\n", place.line, place.column,
                                      finding->severity == FINDING_WARNING ? "warning: " : "", path,
                                      finding->message));
        }
    }
}

/* Appends what is found in one DataSource. */
static void describe_source(const struct appliance_object *object,
    struct appliance_objects *objects, bool repair, char **text)
{
    struct appliance_report report = {0};
    struct appliance_source source;
    int result = appliance_source_read(&source, object, &report);
    assert_true(result == 0 || appliance_report_errors(&report) != 0);
    source.repaired = repair;
    appliance_check_source(&source, objects, &report);
    auto_json json_t *vm = json_deep_copy(source.vm);
    if (repair && vm != NULL)
        appliance_repair(vm, appliance_source_findings(&source, &report));
    if (vm != NULL)
        appliance_check(&source, vm, objects, &report);
    if (vm != NULL && strstr(object->name, "memory") != NULL)
        appliance_check_memory(&source, vm, &report);
    describe_report(&report, text);
    if (repair && vm != NULL)
        expected_append(text, yaml_dump(vm, NULL));
    appliance_source_clear(&source);
    appliance_report_clear(&report);
}

struct listing {
    struct appliance_objects *objects;
    bool repair;
    char *text;
};

static bool list_source(void *user, const struct appliance_object *object)
{
    struct listing *listing = user;
    expected_append(&listing->text, xasprintf("--- # %s/%s\n", object->namespace, object->name));
    describe_source(object, listing->objects, listing->repair, &listing->text);
    return true;
}

/* Everything that is found in a file's DataSources. Owned by the caller. */
static char *describe_file(const char *path, bool repair)
{
    struct yaml_stream stream = {0};
    struct appliance_objects objects = {0};
    struct listing listing = {.objects = &objects, .repair = repair, .text = xstrdup("")};
    auto_error struct error *error = NULL;
    auto_free char *input = NULL;
    size_t length = 0;
    if (file_read(path, EXPECTED_FILE_LIMIT, &input, &length, &error) < 0 ||
        yaml_parse(path, input, length, &stream, &error) < 0)
        fail_msg("%s", error->message);
    for (size_t i = 0; i < stream.count; i++)
        appliance_objects_add(&objects, path, &stream.documents[i]);
    appliance_objects_each(&objects, APPLIANCE_DATA_SOURCE, NULL, list_source, &listing);
    appliance_objects_clear(&objects);
    yaml_stream_clear(&stream);
    return listing.text;
}

static void check_case(const char *path)
{
    auto_free char *text = describe_file(path, text_ends_with(path, ".repair.yaml"));
    expected_compare(path, text);
}

static void what_is_found(UNUSED void **state)
{
    cases_run(CASES "*.yaml", check_case);
}

/* A recorded case, unless it is not at hand: what must be found, one text of a finding a line. */
static void recorded(const char *name, bool repair, const char *const *findings, size_t errors)
{
    auto_free char *path = xasprintf(RECORDED "%s", name);
    if (access(path, R_OK) < 0) {
        print_message("%s is not here: skipped\n", path);
        skip();
    }
    auto_free char *text = describe_file(path, repair);
    for (size_t i = 0; findings[i] != NULL; i++) {
        if (strstr(text, findings[i]) == NULL)
            fail_msg("%s is not among\n%s", findings[i], text);
    }
    size_t count = 0;
    for (const char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        count += strncmp(line, "---", 3) != 0 && strstr(line, ": warning: ") == NULL;
    if (!repair)
        assert_int_equal(count, errors);
}

static void the_seed_is_refused(UNUSED void **state)
{
    static const char *const findings[] = {
        "35:22: appliance.kubevirt.io/vm-spec: spec.runStrategy: must be Always, Halted, Manual, "
        "Once or RerunOnFailure, not \"Running\" (did you mean \"Always\"?)\n",
        "vm-spec: spec.template.spec.filesystems: is not a field here; filesystems stand in ",
        "vm-spec: spec.template.spec.filesystems[0].persistenVolumeClaim: is not a known field "
        "(did you mean \"persistentVolumeClaim\"?)\n",
        "vm-spec: spec.template.spec.filesystems[0].name: is required\n",
        "PersistentVolumeClaim shared-static-data: metadata.ownerReferences[0].uid: is required by "
        "the API server (appliance publish fills it in)\n",
        NULL,
    };
    recorded("01-seed.in.yaml", false, findings, 5);
}

static void the_seed_is_repaired(UNUSED void **state)
{
    static const char *const findings[] = {
        "warning: appliance.kubevirt.io/vm-spec: spec.runStrategy: \"Running\" is taken as ",
        "warning: appliance.kubevirt.io/vm-spec: spec.template.spec.filesystems[0]: is moved to ",
        "warning: PersistentVolumeClaim shared-static-data: metadata.ownerReferences[0].uid",
        "          filesystems:\n          - name: shared-static-data\n            virtiofs: {}\n",
        "      - name: shared-static-data\n        persistentVolumeClaim:\n          claimName: "
        "shared-static-data\n",
        "runStrategy: Always\n",
        NULL,
    };
    recorded("01-seed.in.yaml", true, findings, 0);
}

static void what_is_wrong_is_refused(UNUSED void **state)
{
    static const char *const findings[] = {
        "spec.running: not together with spec.runStrategy\n",
        "spec.runStrategy: must be Always, Halted, Manual, Once or RerunOnFailure, not \"always\" "
        "(did you mean \"Always\"?)\n",
        "spec.instancetype.kind: must be VirtualMachineClusterInstancetype or "
        "VirtualMachineInstancetype (any letter case, plural too), not \"ClusterInstancetype\"\n",
        "spec.instancetype.inferFromVolume: not together with name and kind\n",
        "spec.dataVolumeTemplates[0].spec: source and sourceRef exclude each other\n",
        "spec.dataVolumeTemplates[0].spec.sourceRef.kind: must be DataSource, not "
        "\"DataImportCron\"",
        "spec.dataVolumeTemplates[0].spec.storage.resources.requests.storage: 1Gi is less than the "
        "30Gi of its source, images/bad-1\n",
        "spec.dataVolumeTemplates[1].metadata.name: \"root\" stands at [0] already\n",
        "spec.dataVolumeTemplates[1].spec.storage.resources.requests.storage: is required: a blank "
        "source has no size\n",
        "spec.dataVolumeTemplates[2]: \"lost\" is used by no volume\n",
        "spec.template.spec.domain.devices.disks[0].name: no volume is called \"rot\" (did you "
        "mean \"root\"?)\n",
        "spec.template.spec.volumes[0]: has two sources, containerDisk and dataVolume\n",
        NULL,
    };
    recorded("09-refused.in.yaml", false, findings, 12);
}

static void the_other_cases_are_right(UNUSED void **state)
{
    static const char *const names[] = {"02-golden-image.in.yaml", "03-defaults.in.yaml",
        "05-disks.in.yaml", "08-parameters.in.yaml"};
    static const char *const findings[] = {NULL};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        recorded(names[i], false, findings, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_found),
        cmocka_unit_test(the_seed_is_refused),
        cmocka_unit_test(the_seed_is_repaired),
        cmocka_unit_test(what_is_wrong_is_refused),
        cmocka_unit_test(the_other_cases_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
