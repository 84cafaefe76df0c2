/* Instance types and preferences, applied: each file tests/data/expansion/NAME.yaml has
 * VirtualMachines and the objects that they refer to; what each machine becomes, or the errors, are
 * in NAME.expected. NAME.launch.yaml is expanded for a launch, the others for print. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "base/yaml.h"
#include "base/yaml_dump.h"
#include "machine/catalogue.h"
#include "machine/check.h"
#include "machine/expansion.h"
#include "machine/fields.h"
#include "machine/quantity.h"
#include "machine/topology.h"
#include "tests/unit/cases.h"
#include "tests/unit/expected.h"

#define CASES "tests/data/expansion/"

static void describe_findings(const struct findings *findings, char **text)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *one = &findings->items[i];
        auto_free char *sentence = finding_text(one);
        expected_append(text,
            xasprintf("%s: %s\n", one->severity == FINDING_ERROR ? "error" : "warning", sentence));
    }
}

/* Appends what a VM becomes. */
static void describe_machine(
    const json_t *vm, enum machine_purpose purpose, struct machine_known *known, char **text)
{
    struct findings findings = {0};
    struct machine_expansion expansion;
    const json_t *metadata = json_object_get(vm, "metadata");
    const char *namespace = text_or(json_get_string(metadata, "namespace"), "default");
    int result = machine_expand(vm, namespace, purpose, known, &expansion, &findings);
    assert_int_equal(result == 0, expansion.vm != NULL);
    assert_int_equal(result == 0, findings.errors == 0);
    expected_append(text, xasprintf("--- # %s\n", json_get_string(metadata, "name")));
    describe_findings(&findings, text);
    if (expansion.vm != NULL)
        expected_append(text, yaml_dump(json_object_get(expansion.vm, "spec"), NULL));
    machine_expansion_clear(&expansion);
    findings_clear(&findings);
}

static void read_stream(const char *path, struct yaml_stream *stream)
{
    auto_error struct error *error = NULL;
    auto_free char *input = NULL;
    size_t length = 0;
    if (file_read(path, EXPECTED_FILE_LIMIT, &input, &length, &error) < 0 ||
        yaml_parse(path, input, length, stream, &error) < 0)
        fail_msg("%s", error->message);
}

static void check_case(const char *path)
{
    struct yaml_stream stream = {0};
    struct machine_known known = {0};
    auto_free char *text = xstrdup("");
    enum machine_purpose purpose =
        text_ends_with(path, ".launch.yaml") ? MACHINE_FOR_LAUNCH : MACHINE_FOR_PRINT;
    read_stream(path, &stream);
    for (size_t i = 0; i < stream.count; i++)
        machine_known_add(&known, path + strlen(CASES), &stream.documents[i]);
    for (size_t i = 0; i < stream.count; i++) {
        const json_t *root = stream.documents[i].root;
        if (streq(json_get_string(root, "kind"), "VirtualMachine"))
            describe_machine(root, purpose, &known, &text);
    }
    expected_compare(path, text);
    machine_known_clear(&known);
    yaml_stream_clear(&stream);
}

static void test_cases(UNUSED void **state)
{
    cases_run(CASES "*.yaml", check_case);
}

/* The fields that instance types and preferences of the catalogue set, and that hook-launcher
 * refuses. */
static const struct {
    const char *pointer;
    const char *reason;
} refused[] = {
    {"/spec/architecture", "other processors than amd64"},
    {"/spec/domain/cpu/dedicatedCpuPlacement", "processors that the guest has for itself"},
    {"/spec/domain/cpu/isolateEmulatorThread", "processors that the guest has for itself"},
    {"/spec/domain/cpu/numa", "processors that the guest has for itself"},
    {"/spec/domain/cpu/realtime", "processors that the guest has for itself"},
};

/* A machine that refers to them; preference may be NULL. New reference. */
static json_t *small_machine(const char *instancetype, const char *preference)
{
    json_t *vm = json_pack("{s:{s:s}, s:{s:{s:s}, s:{s:{s:{s:{s:[{s:s}]}}, s:[{s:s, s:{s:s}}]}}}}",
        "metadata", "name", "small", "spec", "instancetype", "name", instancetype, "template",
        "spec", "domain", "devices", "disks", "name", "root", "volumes", "name", "root",
        "emptyDisk", "capacity", "1Gi");
    if (preference != NULL)
        json_object_set_new(
            json_object_get(vm, "spec"), "preference", json_pack("{s:s}", "name", preference));
    return vm;
}

/* Marks the fields that are refused; those that are not in the table above fail the test. */
static void mark_refused(const json_t *vmi, const char *name, bool *seen)
{
    struct findings findings = {0};
    machine_check(vmi, &findings);
    for (size_t i = 0; i < findings.count; i++) {
        size_t k = 0;
        while (k < ARRAY_SIZE(refused) && !streq(refused[k].pointer, findings.items[i].pointer))
            k++;
        auto_free char *text = finding_text(&findings.items[i]);
        if (k == ARRAY_SIZE(refused))
            fail_msg("%s: %s", name, text);
        seen[k] = true;
    }
    findings_clear(&findings);
}

static void apply_entry(const char *instancetype, const char *preference, bool *seen)
{
    const char *name = text_or(preference, instancetype);
    struct findings findings = {0};
    struct machine_known known = {0};
    struct machine_expansion expansion;
    auto_json json_t *vm = small_machine(instancetype, preference);
    char *text = xstrdup("");
    machine_expand(vm, "default", MACHINE_FOR_LAUNCH, &known, &expansion, &findings);
    describe_findings(&findings, &text);
    if (text[0] != '\0')
        fail_msg("%s: %s", name, text);
    free(text);
    auto_json json_t *vmi = json_deep_copy(json_pointer_get(expansion.vm, "/spec/template"));
    assert_non_null(json_pointer_get(vmi, "/spec/domain/memory/guest"));
    assert_non_null(json_pointer_get(vmi, "/spec/domain/cpu/sockets"));
    mark_refused(vmi, name, seen);
    machine_expansion_clear(&expansion);
    machine_known_clear(&known);
    findings_clear(&findings);
}

/* Every one of KubeVirt's own, applied to a small machine, gives one that hook-launcher takes, but
 * for the fields above. */
static void test_catalogue(UNUSED void **state)
{
    bool seen[ARRAY_SIZE(refused)] = {false};
    size_t instancetypes = 0;
    size_t preferences = 0;
    for (; machine_catalogue_instancetypes[instancetypes].name != NULL; instancetypes++)
        apply_entry(machine_catalogue_instancetypes[instancetypes].name, NULL, seen);
    for (; machine_catalogue_preferences[preferences].name != NULL; preferences++)
        apply_entry("u1.8xlarge", machine_catalogue_preferences[preferences].name, seen);
    assert_int_equal(instancetypes, 65);
    assert_int_equal(preferences, 54);
    auto_free char *taken = xstrdup("");
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        if (!seen[i])
            expected_append(&taken, xasprintf("%s (%s)\n", refused[i].pointer, refused[i].reason));
    }
    if (taken[0] != '\0')
        fail_msg("are refused no longer:\n%s", taken);
}

static void test_topology(UNUSED void **state)
{
    static const struct {
        const char *preference;
        long long count;
        struct machine_processors processors; /* 0 sockets: it cannot be divided */
    } rows[] = {
        {"{}", 6, {6, 1, 1}},
        {"{\"cpu\": {}}", 1, {1, 1, 1}},
        {"{\"cpu\": {\"preferredCPUTopology\": \"sockets\"}}", 4, {4, 1, 1}},
        {"{\"cpu\": {\"preferredCPUTopology\": \"preferCores\"}}", 4, {1, 4, 1}},
        {"{\"cpu\": {\"preferredCPUTopology\": \"threads\"}}", 4, {1, 1, 4}},
        {"{\"cpu\": {\"preferredCPUTopology\": \"any\"}}", 4, {4, 1, 1}},
        {"{\"cpu\": {\"preferredCPUTopology\": \"any\"}, \"preferSpreadSocketToCoreRatio\": 4}", 3,
            {3, 1, 1}},
        {"{\"cpu\": {\"preferredCPUTopology\": \"spread\"}}", 8, {4, 2, 1}},
        {"{\"cpu\": {\"preferredCPUTopology\": \"preferSpread\"}, "
         "\"preferSpreadSocketToCoreRatio\": 4}",
            8, {2, 4, 1}},
        {"{\"cpu\": {\"preferredCPUTopology\": \"spread\", \"spreadOptions\": {\"ratio\": 3}}, "
         "\"preferSpreadSocketToCoreRatio\": 4}",
            6, {2, 3, 1}},
        {"{\"cpu\": {\"preferredCPUTopology\": \"spread\", \"spreadOptions\": "
         "{\"across\": \"CoresThreads\"}}}",
            8, {1, 4, 2}},
        {"{\"cpu\": {\"preferredCPUTopology\": \"spread\", \"spreadOptions\": "
         "{\"across\": \"SocketsCoresThreads\", \"ratio\": 4}}}",
            16, {2, 4, 2}},
        {"{\"cpu\": {\"preferredCPUTopology\": \"spread\"}}", 3, {0, 0, 0}},
        {"{\"cpu\": {\"preferredCPUTopology\": \"spread\"}}", 1, {0, 0, 0}},
        {"{\"cpu\": {\"preferredCPUTopology\": \"spread\", \"spreadOptions\": "
         "{\"across\": \"SocketsCoresThreads\", \"ratio\": 4}}}",
            12, {0, 0, 0}},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        auto_json json_t *preference =
            json_parse(rows[i].preference, strlen(rows[i].preference), 8, NULL);
        struct machine_topology topology = machine_topology_of(preference);
        struct machine_processors processors;
        bool divided = machine_topology_divide(&topology, rows[i].count, &processors);
        assert_int_equal(divided, rows[i].processors.sockets != 0);
        if (divided && memcmp(&processors, &rows[i].processors, sizeof(processors)) != 0)
            fail_msg("%s divides %lld as %lld, %lld, %lld", rows[i].preference, rows[i].count,
                processors.sockets, processors.cores, processors.threads);
    }
}

static void test_quantities(UNUSED void **state)
{
    static const struct {
        long long number;
        const char *like;
        const char *text;
    } rows[] = {
        {1073741824, "\"2Gi\"", "1Gi"},
        {1610612736, "\"1.5Gi\"", "1536Mi"},
        {1000, "\"1Ki\"", "1k"},
        {1025, "\"1Mi\"", "1025"},
        {1500000000, "\"2G\"", "1500M"},
        {1500000000, "\"2e9\"", "1500e6"},
        {2009999872, "3000000000", "2009999872"},
        {4000, "\"4000\"", "4k"},
        {0, "\"4Gi\"", "0"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        auto_json json_t *like = json_loads(rows[i].like, JSON_DECODE_ANY, NULL);
        auto_free char *text = machine_quantity_write(rows[i].number, like);
        assert_string_equal(text, rows[i].text);
    }
}

/* Expands a VM that has errors; the first one is to be message, at pointer. */
static void check_refused(
    const json_t *vm, struct machine_known *known, const char *pointer, const char *message)
{
    struct findings findings = {0};
    struct machine_expansion expansion;
    assert_int_equal(
        machine_expand(vm, "default", MACHINE_FOR_PRINT, known, &expansion, &findings), -1);
    assert_int_equal(findings.errors, 1);
    assert_string_equal(findings.items[0].pointer, pointer);
    if (strstr(findings.items[0].message, message) == NULL)
        fail_msg("%s", findings.items[0].message);
    machine_expansion_clear(&expansion);
    findings_clear(&findings);
}

/* Hostile input costs no more than the limits allow. */
static void test_limits(UNUSED void **state)
{
    auto_json json_t *vm = small_machine("u1.small", NULL);
    json_t *volumes = json_pointer_get(vm, "/spec/template/spec/volumes");
    while (json_array_size(volumes) <= MACHINE_MAX_ITEMS)
        json_array_append_new(volumes, json_pack("{s:s}", "name", "a"));
    struct machine_known known = {0};
    check_refused(
        vm, &known, "/spec/template/spec/volumes", "has 257 items; at most 256 are allowed");

    auto_json json_t *small = small_machine("u1.small", NULL);
    known.applied = MACHINE_APPLIED_MAX_BYTES - 10;
    check_refused(small, &known, "/spec/instancetype", "25 MiB in all");
    machine_known_clear(&known);
}

/* The arrays of instance types and preferences are limited, too. */
static void test_limits_of_arrays(UNUSED void **state)
{
    static const struct {
        const char *role, *kind, *spec, *message;
    } rows[] = {
        {"instancetype", "Instancetype", "{cpu: {guest: 1}, memory: {guest: 1Gi}, gpus: [%s]}",
            "spec.gpus) has 257 items; at most 256 are allowed"},
        {"instancetype", "Instancetype",
            "{cpu: {guest: 1}, memory: {guest: 1Gi}, hostDevices: [%s]}",
            "spec.hostDevices) has 257 items; at most 256 are allowed"},
        {"preference", "Preference", "{cpu: {preferredCPUFeatures: [%s]}}",
            "spec.cpu.preferredCPUFeatures) has 257 items; at most 256 are allowed"},
    };
    auto_free char *items = xstrdup("");
    for (size_t i = 0; i <= MACHINE_MAX_ITEMS; i++)
        expected_append(&items, xstrdup("{name: a}, "));
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct yaml_stream stream = {0};
        struct machine_known known = {0};
        const char *mark = strstr(rows[i].spec, "%s");
        auto_free char *text = xasprintf("apiVersion: instancetype.kubevirt.io/v1beta1\n"
                                         "kind: VirtualMachineCluster%s\n"
                                         "metadata: {name: a}\n"
                                         "spec: %.*s%s%s\n",
            rows[i].kind, (int)(mark - rows[i].spec), rows[i].spec, items, mark + strlen("%s"));
        assert_int_equal(yaml_parse("types.yaml", text, strlen(text), &stream, NULL), 0);
        machine_known_add(&known, "types.yaml", &stream.documents[0]);
        auto_json json_t *vm = json_pack(
            "{s:{s:{s:s}, s:{s:{}}}}", "spec", rows[i].role, "name", "a", "template", "spec");
        auto_free char *pointer = xasprintf("/spec/%s", rows[i].role);
        check_refused(vm, &known, pointer, rows[i].message);
        machine_known_clear(&known);
        yaml_stream_clear(&stream);
    }
}

/* A name that is longer than one may be is shown in part. */
static void test_long_names(UNUSED void **state)
{
    static const char *const members[] = {"name", "kind", "revisionName", "inferFromVolume"};
    enum { LENGTH = 1 << 20, LONGEST_MESSAGE = 1024 };
    auto_free char *name = xcalloc(LENGTH + 1, 1);
    memset(name, 'x', LENGTH);
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        struct findings findings = {0};
        struct machine_known known = {0};
        struct machine_expansion expansion;
        auto_json json_t *vm = small_machine("u1.small", NULL);
        json_t *matcher = json_pointer_get(vm, "/spec/instancetype");
        if (streq(members[i], "inferFromVolume"))
            json_object_clear(matcher);
        json_object_set_new(matcher, members[i], json_string(name));
        assert_int_equal(
            machine_expand(vm, "default", MACHINE_FOR_PRINT, &known, &expansion, &findings), -1);
        assert_in_range(strlen(findings.items[0].message), 1, LONGEST_MESSAGE);
        assert_non_null(strstr(findings.items[0].message, "xxx…"));
        machine_expansion_clear(&expansion);
        findings_clear(&findings);
        machine_known_clear(&known);
    }
}

/* A finding about a value that was applied names what set it; one about the VM's own does not. */
static void test_origins(UNUSED void **state)
{
    struct findings findings = {0};
    struct machine_known known = {0};
    struct machine_expansion expansion;
    auto_json json_t *vm = small_machine("u1.2xlarge", "windows.11");
    assert_int_equal(
        machine_expand(vm, "default", MACHINE_FOR_LAUNCH, &known, &expansion, &findings), 0);
    static const char *const pointers[] = {"/spec/domain/devices/tpm/persistent",
        "/spec/domain/features/hyperv", "/spec/domain/devices/disks/0/name"};
    static const char *const expected[] = {
        "bad; the preference \"windows.11\" (KubeVirt 1.9's own: spec.devices.preferredTPM) sets "
        "it",
        "bad; the preference \"windows.11\" (KubeVirt 1.9's own: "
        "spec.features.preferredHyperv) sets it",
        "bad",
    };
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
        auto_free char *message = machine_origins_message(&expansion.origins, pointers[i], "bad");
        assert_string_equal(message, expected[i]);
    }
    machine_expansion_clear(&expansion);
    machine_known_clear(&known);
    findings_clear(&findings);
}

/* What a preference adds to an array of the VM's has an origin of its own; the rest has none. */
static void test_origins_of_items(UNUSED void **state)
{
    static const char text[] = "metadata: {name: vm}\n"
                               "spec:\n"
                               "  preference: {name: p}\n"
                               "  template:\n"
                               "    spec: {domain: {cpu: {features: [{name: own}, {name: avx}]}}}\n"
                               "---\n"
                               "apiVersion: instancetype.kubevirt.io/v1beta1\n"
                               "kind: VirtualMachineClusterPreference\n"
                               "metadata: {name: p}\n"
                               "spec:\n"
                               "  cpu:\n"
                               "    preferredCPUFeatures:\n"
                               "    - {name: avx}\n"
                               "    - {name: pcid}\n";
    static const struct {
        const char *pointer;
        const char *message;
    } rows[] = {
        {"/spec/domain/cpu/features/0/policy", "bad"},
        {"/spec/domain/cpu/features/1", "bad"},
        {"/spec/domain/cpu/features/2/name",
            "bad; the preference \"p\" (vm.yaml:14:7: spec.cpu.preferredCPUFeatures[1]) sets it"},
        {"/spec/domain/cpu/features", "bad"},
    };
    struct yaml_stream stream = {0};
    struct findings findings = {0};
    struct machine_known known = {0};
    struct machine_expansion expansion;
    assert_int_equal(yaml_parse("vm.yaml", text, strlen(text), &stream, NULL), 0);
    machine_known_add(&known, "vm.yaml", &stream.documents[1]);
    assert_int_equal(machine_expand(stream.documents[0].root, "default", MACHINE_FOR_LAUNCH, &known,
                         &expansion, &findings),
        0);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        auto_free char *message =
            machine_origins_message(&expansion.origins, rows[i].pointer, "bad");
        assert_string_equal(message, rows[i].message);
        assert_int_equal(machine_origins_has(&expansion.origins, rows[i].pointer), i == 2);
        auto_free char *alone = machine_origins_message(NULL, rows[i].pointer, "bad");
        assert_string_equal(alone, "bad");
    }
    machine_expansion_clear(&expansion);
    machine_known_clear(&known);
    findings_clear(&findings);
    yaml_stream_clear(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_catalogue),
        cmocka_unit_test(test_topology),
        cmocka_unit_test(test_quantities),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_limits_of_arrays),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_origins),
        cmocka_unit_test(test_origins_of_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
