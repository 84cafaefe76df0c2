/* A DataSource as it is read: its parts, the limits, and what only a cluster says of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "appliance/check.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"

#define VM_SPEC APPLIANCE_PREFIX "vm-spec"

static const char minimal[] = "spec: {template: {spec: {domain: {devices: {}}}}}";

/* Adds a DataSource images/d from a cluster; the annotation may be NULL. Borrowed. */
static const struct appliance_object *add_source(
    struct appliance_objects *objects, const char *vm, const char *ready)
{
    json_t *object = json_pack("{s:s, s:s, s:{s:s, s:s, s:{}}, s:{s:{s:{s:s, s:s}}}}", "apiVersion",
        "cdi.kubevirt.io/v1beta1", "kind", "DataSource", "metadata", "name", "d", "namespace",
        "images", "annotations", "spec", "source", "pvc", "name", "c", "namespace", "images");
    if (vm != NULL)
        json_object_set_new(
            json_pointer_get(object, "/metadata/annotations"), VM_SPEC, json_string(vm));
    if (ready != NULL)
        json_object_set_new(object, "status",
            json_pack("{s:[{s:s, s:s, s:s}]}", "conditions", "type", "Ready", "status", ready,
                "reason", "Because"));
    appliance_objects_add_read(objects, object);
    return appliance_objects_find(objects, APPLIANCE_DATA_SOURCE, "images", "d");
}

/* All findings, one a line. Owned by the caller. */
static char *text_of(const struct appliance_report *report)
{
    char *all = xstrdup("");
    for (size_t i = 0; i < report->count; i++) {
        const struct appliance_text *text = report->texts[i];
        for (size_t k = 0; k < text->findings.count; k++) {
            const struct finding *one = &text->findings.items[k];
            char *longer = xasprintf("%s%s%s %s\n", all,
                one->severity == FINDING_WARNING ? "warning " : "", one->pointer, one->message);
            free(all);
            all = longer;
        }
    }
    return all;
}

/* What is found in a boilerplate, with those objects. Owned by the caller. */
static char *check_vm(struct appliance_objects *objects, const char *vm)
{
    struct appliance_report report = {0};
    struct appliance_source source;
    appliance_source_read(&source, add_source(objects, vm, "True"), &report);
    if (source.vm != NULL)
        appliance_check(&source, source.vm, objects, &report);
    char *text = text_of(&report);
    appliance_source_clear(&source);
    appliance_report_clear(&report);
    return text;
}

static void parts_are_read(UNUSED void **state)
{
    struct appliance_objects objects = {0};
    struct appliance_report report = {0};
    struct appliance_source source;
    struct appliance_source again;
    const struct appliance_object *object =
        add_source(&objects, "spec: {b: 1, a: 2}\nmetadata: \nkind: \n", "True");
    assert_int_equal(appliance_source_read(&source, object, &report), 0);
    auto_free char *vm = json_dumps(source.vm, JSON_COMPACT);
    assert_string_equal(vm, "{\"apiVersion\":\"kubevirt.io/v1\",\"kind\":\"VirtualMachine\","
                            "\"metadata\":{},\"spec\":{\"b\":1,\"a\":2}}");
    assert_string_equal(source.vm_key, VM_SPEC);
    assert_null(source.parameters);
    assert_ptr_equal(appliance_source_findings(&source, &report),
        appliance_report_about(&report, object, VM_SPEC));
    /* it is read once, whoever asks */
    assert_int_equal(appliance_source_read(&again, object, &report), 0);
    assert_true(json_equal(again.vm, source.vm));
    assert_ptr_equal(json_object_get(again.vm, "spec"), json_object_get(source.vm, "spec"));
    appliance_source_clear(&again);
    appliance_source_clear(&source);
    appliance_report_clear(&report);
    appliance_objects_clear(&objects);
}

static void a_golden_image_has_no_boilerplate(UNUSED void **state)
{
    struct appliance_objects objects = {0};
    struct appliance_report report = {0};
    struct appliance_source source;
    const struct appliance_object *object = add_source(&objects, NULL, "True");
    assert_int_equal(appliance_source_read(&source, object, &report), 0);
    assert_null(source.vm);
    assert_null(source.vm_key);
    assert_ptr_equal(
        appliance_source_findings(&source, &report), appliance_report_about(&report, object, NULL));
    appliance_source_clear(&source);
    appliance_report_clear(&report);
    appliance_objects_clear(&objects);
}

static void a_cluster_says_what_is_not_there(UNUSED void **state)
{
    static const struct {
        const char *ready;
        bool absent;
        const char *why;
        const char *findings;
    } cases[] = {
        {"True", false, NULL, ""},
        {"True", true, NULL, "/spec/source/pvc/name there is no PersistentVolumeClaim images/c\n"},
        {"True", true, "forbidden",
            "warning /spec/source/pvc/name the PersistentVolumeClaim images/c could not be read: "
            "forbidden\n"},
        {"False", false, NULL, "/status/conditions/0 the DataSource is not ready: Because\n"},
        {"Unknown", false, NULL, "/status/conditions/0 the DataSource is not ready: Because\n"},
        {NULL, false, NULL, "warning /status CDI has not said yet whether it is ready\n"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct appliance_objects objects = {0};
        struct appliance_report report = {0};
        struct appliance_source source;
        const struct appliance_object *object = add_source(&objects, NULL, cases[i].ready);
        if (cases[i].absent)
            appliance_objects_add_absent(&objects, APPLIANCE_CLAIM, "images", "c", cases[i].why);
        appliance_source_read(&source, object, &report);
        appliance_check_source(&source, &objects, &report);
        auto_free char *text = text_of(&report);
        assert_string_equal(text, cases[i].findings);
        appliance_source_clear(&source);
        appliance_report_clear(&report);
        appliance_objects_clear(&objects);
    }
}

/* Disks that are made from what a cluster has not. */
static void disks_need_their_sources(UNUSED void **state)
{
    static const char vm[] =
        "spec:\n"
        "  dataVolumeTemplates:\n"
        "  - {metadata: {name: a}, spec: {sourceRef: {kind: DataSource, name: gone}}}\n"
        "  - {metadata: {name: b}, spec: {source: {pvc: {name: gone, namespace: x}}, storage: "
        "{}}}\n"
        "  - {metadata: {name: c}, spec: {source: {snapshot: {name: secret, namespace: x}}}}\n"
        "  - {metadata: {name: d}, spec: {sourceRef: {kind: DataSource, name: self}}}\n"
        "  - {metadata: {name: e}, spec: {sourceRef: {kind: DataSource, name: d}}}\n"
        "  - {metadata: {name: f}, spec: {sourceRef: {kind: DataSource, name: '${X}'}}}\n"
        "  template:\n"
        "    spec:\n"
        "      domain: {devices: {}}\n"
        "      volumes:\n"
        "      - {name: a, dataVolume: {name: a}}\n"
        "      - {name: b, dataVolume: {name: b}}\n"
        "      - {name: c, dataVolume: {name: c}}\n"
        "      - {name: d, dataVolume: {name: d}}\n"
        "      - {name: e, dataVolume: {name: e}}\n"
        "      - {name: f, dataVolume: {name: f}}\n";
    struct appliance_objects objects = {0};
    auto_free char *unknown = check_vm(&objects, vm);
    assert_string_equal(unknown, "");
    appliance_objects_add_absent(&objects, APPLIANCE_DATA_SOURCE, "images", "gone", NULL);
    appliance_objects_add_absent(&objects, APPLIANCE_CLAIM, "x", "gone", NULL);
    appliance_objects_add_absent(&objects, APPLIANCE_SNAPSHOT, "x", "secret", "forbidden");
    appliance_objects_add_absent(&objects, APPLIANCE_CLAIM, "images", "c", NULL);
    appliance_objects_add_read(&objects,
        json_pack("{s:s, s:{s:s, s:s}, s:{s:{s:{s:s}}}}", "kind", "DataSource", "metadata", "name",
            "self", "namespace", "images", "spec", "source", "dataSource", "name", "self"));
    auto_free char *known = check_vm(&objects, vm);
    assert_string_equal(known,
        "/spec/dataVolumeTemplates/0/spec/sourceRef/name there is no DataSource images/gone\n"
        "/spec/dataVolumeTemplates/1/spec/source/pvc/name there is no PersistentVolumeClaim "
        "x/gone\n"
        "warning /spec/dataVolumeTemplates/2/spec/source/snapshot/name the VolumeSnapshot x/secret "
        "could not be read: forbidden\n"
        "/spec/dataVolumeTemplates/3/spec/sourceRef/name leads in a circle: the DataSource "
        "images/self is there again\n");
    appliance_objects_clear(&objects);
}

static void chains_have_an_end(UNUSED void **state)
{
    struct appliance_objects objects = {0};
    for (int i = 0; i < 30; i++) {
        auto_free char *name = xasprintf("d%d", i);
        auto_free char *next = xasprintf("d%d", i + 1);
        appliance_objects_add_read(&objects,
            json_pack("{s:s, s:{s:s, s:s}, s:{s:{s:{s:s}}}}", "kind", "DataSource", "metadata",
                "name", name, "namespace", "images", "spec", "source", "dataSource", "name", next));
    }
    for (int i = 0; i < 30; i += 29) {
        struct appliance_report report = {0};
        auto_free char *name = xasprintf("d%d", i);
        struct appliance_source source = {
            .object = appliance_objects_find(&objects, APPLIANCE_DATA_SOURCE, "images", name)};
        appliance_check_source(&source, &objects, &report);
        auto_free char *text = text_of(&report);
        assert_int_equal(strstr(text, "leads through more than 16 DataSources") != NULL, i == 0);
        appliance_report_clear(&report);
    }
    appliance_objects_clear(&objects);
}

static void the_gate_of_a_run_strategy(UNUSED void **state)
{
    static const char vm[] =
        "spec: {runStrategy: WaitAsReceiver, template: {spec: {domain: {devices: {}}}}}";
    struct appliance_objects objects = {0};
    auto_free char *without = check_vm(&objects, vm);
    assert_string_equal(without, "/spec/runStrategy WaitAsReceiver needs KubeVirt's feature gate "
                                 "DecentralizedLiveMigration, which is not known to be on\n");
    appliance_objects_add_read(&objects,
        json_pack("{s:s, s:{s:s, s:s}, s:{s:{s:{s:[s, s]}}}}", "kind", "KubeVirt", "metadata",
            "name", "kubevirt", "namespace", "kubevirt", "spec", "configuration",
            "developerConfiguration", "featureGates", "Snapshot", "DecentralizedLiveMigration"));
    auto_free char *with = check_vm(&objects, vm);
    assert_string_equal(with, "");
    appliance_objects_clear(&objects);
}

/* A boilerplate with count items in one of its lists. Owned by the caller. */
static char *make_vm(const char *list, size_t count)
{
    auto_json json_t *vm =
        json_pack("{s:{s:{s:{s:{s:{}}}}}}", "spec", "template", "spec", "domain", "devices");
    json_t *items = json_array();
    const char *last = strrchr(list, '/');
    auto_free char *above = xstrndup(list, (size_t)(last - list));
    for (size_t i = 0; i < count; i++) {
        auto_free char *name = xasprintf("n%zu", i);
        json_t *item = json_pack("{s:s}", "name", name);
        if (streq(last, "/disks"))
            json_object_set_new(item, "cdrom", json_object());
        else
            json_object_set_new(item, "configMap", json_pack("{s:s}", "name", "x"));
        json_array_append_new(items, item);
    }
    json_object_set_new(json_pointer_get(vm, above), last + 1, items);
    return json_dumps(vm, 0);
}

static void lists_have_limits(UNUSED void **state)
{
    static const struct {
        const char *list;
        const char *what;
    } cases[] = {
        {"/spec/template/spec/domain/devices/disks", "disks"},
        {"/spec/template/spec/volumes", "volumes"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct appliance_objects objects = {0};
        auto_free char *most = make_vm(cases[i].list, APPLIANCE_MAX_DISKS);
        auto_free char *more = make_vm(cases[i].list, APPLIANCE_MAX_DISKS + 1);
        auto_free char *none = check_vm(&objects, most);
        assert_string_equal(none, "");
        auto_free char *one = check_vm(&objects, more);
        auto_free char *expected =
            xasprintf("%s has 65 %s; at most 64 are allowed\n", cases[i].list, cases[i].what);
        assert_string_equal(one, expected);
        appliance_objects_clear(&objects);
    }
}

static void annotations_have_a_limit(UNUSED void **state)
{
    struct appliance_objects objects = {0};
    auto_free char *text = xcalloc(1, APPLIANCE_MAX_BYTES + 2);
    memset(text, ' ', APPLIANCE_MAX_BYTES);
    memcpy(text, minimal, strlen(minimal));
    auto_free char *none = check_vm(&objects, text);
    assert_string_equal(none, "");
    text[APPLIANCE_MAX_BYTES] = '\n';
    auto_free char *one = check_vm(&objects, text);
    assert_string_equal(one, "/metadata/annotations/appliance.kubevirt.io~1vm-spec has 262145 "
                             "bytes; at most 262144 are allowed\n");
    appliance_objects_clear(&objects);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_read),
        cmocka_unit_test(a_golden_image_has_no_boilerplate),
        cmocka_unit_test(a_cluster_says_what_is_not_there),
        cmocka_unit_test(disks_need_their_sources),
        cmocka_unit_test(chains_have_an_end),
        cmocka_unit_test(the_gate_of_a_run_strategy),
        cmocka_unit_test(lists_have_limits),
        cmocka_unit_test(annotations_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
