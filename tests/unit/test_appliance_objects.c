/* The objects that an appliance refers to: what is found, what is wanted, what is owned; and the
 * report about them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "appliance/report.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "base/yaml.h"

static const char text[] = "apiVersion: v1\n"
                           "kind: PersistentVolumeClaim\n"
                           "metadata: {name: a, namespace: one, uid: '7'}\n"
                           "---\n"
                           "apiVersion: v1\n"
                           "kind: List\n"
                           "items:\n"
                           "- kind: DataSource\n"
                           "  metadata: {name: a}\n"
                           "- apiVersion: other.example/v1\n"
                           "  kind: DataSource\n"
                           "  metadata: {name: not-ours}\n"
                           "- kind: DataSource\n"
                           "  metadata: {name: ''}\n"
                           "- kind: VirtualMachineClusterInstancetype\n"
                           "  metadata: {name: small, namespace: ignored}\n"
                           "  spec: {cpu: {guest: 1}, memory: {guest: 1Gi}}\n"
                           "---\n"
                           "apiVersion: cdi.kubevirt.io/v1beta1\n"
                           "kind: DataSourceList\n"
                           "items:\n"
                           "- metadata: {name: b, namespace: one}\n"
                           "- metadata: {name: a}\n"
                           "  spec: later\n";

struct set {
    struct yaml_stream stream;
    struct appliance_objects objects;
};

static void set_init(struct set *set, const char *yaml)
{
    *set = (struct set){0};
    auto_error struct error *error = NULL;
    if (yaml_parse("f.yaml", yaml, strlen(yaml), &set->stream, &error) < 0)
        fail_msg("%s", error->message);
    for (size_t i = 0; i < set->stream.count; i++)
        appliance_objects_add(&set->objects, "f.yaml", &set->stream.documents[i]);
}

static void set_clear(struct set *set)
{
    appliance_objects_clear(&set->objects);
    yaml_stream_clear(&set->stream);
}

static bool append_name(void *user, const struct appliance_object *object)
{
    char **all = user;
    char *longer = xasprintf("%s%s/%s ", *all, object->namespace, object->name);
    free(*all);
    *all = longer;
    return !streq(object->name, "stop");
}

/* Asserts the wants that were not taken yet. */
static void expect_wants(struct appliance_objects *objects, const char *expected)
{
    char *all = xstrdup("");
    struct appliance_wanted wanted;
    while (appliance_objects_next_want(objects, &wanted)) {
        char *longer = xasprintf("%s%s %s/%s\n", all, appliance_kind_plural(wanted.kind),
            wanted.namespace, text_or(wanted.name, "*"));
        free(all);
        all = longer;
    }
    assert_string_equal(all, expected);
    free(all);
}

static void objects_of_files_are_found(UNUSED void **state)
{
    struct set set;
    set_init(&set, text);
    const struct appliance_object *object =
        appliance_objects_find(&set.objects, APPLIANCE_DATA_SOURCE, "default", "a");
    auto_free char *place = appliance_object_place(object, "/spec");
    assert_string_equal(place, "f.yaml:24:9"); /* the later of two */
    assert_string_equal(object->pointer, "/items/1");
    object =
        appliance_objects_find(&set.objects, APPLIANCE_CLUSTER_INSTANCETYPE, "anywhere", "small");
    assert_string_equal(object->namespace, "");
    assert_non_null(
        machine_known_find(&set.objects.known, MACHINE_KIND_CLUSTER_INSTANCETYPE, "", "small"));
    assert_null(appliance_objects_find(&set.objects, APPLIANCE_DATA_SOURCE, "default", "not-ours"));
    assert_null(appliance_objects_find(&set.objects, APPLIANCE_CLAIM, "two", "a"));
    assert_null(appliance_objects_find(&set.objects, APPLIANCE_CLAIM, "two", "a"));
    auto_free char *names = xstrdup("");
    appliance_objects_each(&set.objects, APPLIANCE_DATA_SOURCE, NULL, append_name, &names);
    assert_string_equal(names, "default/a one/b ");
    expect_wants(&set.objects,
        "datasources default/not-ours\npersistentvolumeclaims two/a\ndatasources /*\n");
    set_clear(&set);
}

static void what_is_wanted_can_be_added(UNUSED void **state)
{
    struct appliance_objects objects = {0};
    auto_free char *names = xstrdup("");
    assert_null(appliance_objects_find(&objects, APPLIANCE_CLAIM, "one", "a"));
    assert_null(appliance_objects_find(&objects, APPLIANCE_SECRET, "one", "s"));
    assert_null(appliance_objects_find(&objects, APPLIANCE_SECRET, "one", "t"));
    appliance_objects_each(&objects, APPLIANCE_CLAIM, "one", append_name, &names);
    appliance_objects_each(&objects, APPLIANCE_CONFIG_MAP, NULL, append_name, &names);
    expect_wants(&objects, "persistentvolumeclaims one/a\nsecrets one/s\nsecrets one/t\n"
                           "persistentvolumeclaims one/*\nconfigmaps /*\n");
    appliance_objects_add_read(
        &objects, json_pack("{s:s, s:[{s:{s:s, s:s}}, {s:{s:s, s:s}}]}", "kind",
                      "PersistentVolumeClaimList", "items", "metadata", "name", "a", "namespace",
                      "one", "metadata", "name", "stop", "namespace", "one"));
    appliance_objects_add_listed(&objects, APPLIANCE_CLAIM, "one");
    appliance_objects_add_listed(&objects, APPLIANCE_CONFIG_MAP, NULL);
    appliance_objects_add_absent(&objects, APPLIANCE_SECRET, "one", "s", "forbidden");
    appliance_objects_add_absent(&objects, APPLIANCE_SECRET, "one", "t", NULL);
    const struct appliance_object *claim =
        appliance_objects_find(&objects, APPLIANCE_CLAIM, "one", "a");
    auto_free char *place = appliance_object_place(claim, "/spec");
    assert_string_equal(place, "");
    auto_free char *known_place = machine_known_place(
        machine_known_find(&objects.known, MACHINE_KIND_CLAIM, "one", "a"), "/spec/x");
    assert_string_equal(known_place, "the cluster: spec.x");
    assert_null(appliance_objects_find(&objects, APPLIANCE_SECRET, "one", "s"));
    assert_true(appliance_objects_is_absent(&objects, APPLIANCE_SECRET, "one", "s"));
    assert_true(appliance_objects_is_absent(&objects, APPLIANCE_SECRET, "one", "t"));
    assert_false(appliance_objects_is_absent(&objects, APPLIANCE_SECRET, "one", "u"));
    assert_false(appliance_objects_is_absent(&objects, APPLIANCE_CLAIM, "one", "a"));
    assert_string_equal(
        appliance_objects_why_absent(&objects, APPLIANCE_SECRET, "one", "s"), "forbidden");
    assert_null(appliance_objects_why_absent(&objects, APPLIANCE_SECRET, "one", "t"));
    appliance_objects_each(&objects, APPLIANCE_CLAIM, "one", append_name, &names);
    appliance_objects_each(&objects, APPLIANCE_CONFIG_MAP, "two", append_name, &names);
    assert_string_equal(names, "one/a one/stop ");
    expect_wants(&objects, "");
    /* what is there stays, and is replaced where it is */
    appliance_objects_add_absent(&objects, APPLIANCE_CLAIM, "one", "a", NULL);
    appliance_objects_add_read(
        &objects, json_pack("{s:s, s:{s:s, s:s}, s:i}", "kind", "PersistentVolumeClaim", "metadata",
                      "name", "a", "namespace", "one", "spec", 7));
    assert_ptr_equal(appliance_objects_find(&objects, APPLIANCE_CLAIM, "one", "a"), claim);
    assert_int_equal(json_integer_value(json_object_get(claim->value, "spec")), 7);
    /* it is there by now */
    appliance_objects_add_read(&objects, json_pack("{s:s, s:{s:s, s:s}}", "kind", "Secret",
                                             "metadata", "name", "s", "namespace", "one"));
    assert_non_null(appliance_objects_find(&objects, APPLIANCE_SECRET, "one", "s"));
    assert_false(appliance_objects_is_absent(&objects, APPLIANCE_SECRET, "one", "s"));
    appliance_objects_clear(&objects);
}

static void owners_are_told_apart(UNUSED void **state)
{
    static const char owned[] =
        "kind: DataSource\n"
        "apiVersion: cdi.kubevirt.io/v1beta1\n"
        "metadata: {name: d, uid: '1'}\n"
        "---\n"
        "kind: List\n"
        "items:\n"
        "- {kind: ConfigMap, metadata: {name: by-name, ownerReferences: [{kind: DataSource, name: "
        "d}, {kind: DataSource, name: d}]}}\n"
        "- {kind: ConfigMap, metadata: {name: by-uid, ownerReferences: [{kind: Pod, name: d}, "
        "{kind: DataSource, apiVersion: cdi.kubevirt.io/v1alpha1, name: d, uid: '1'}]}}\n"
        "- {kind: ConfigMap, metadata: {name: other-uid, ownerReferences: [{kind: DataSource, "
        "name: d, uid: '2'}]}}\n"
        "- {kind: ConfigMap, metadata: {name: other-group, ownerReferences: [{kind: DataSource, "
        "apiVersion: x/v1, name: d}]}}\n"
        "- {kind: ConfigMap, metadata: {name: elsewhere, namespace: x, ownerReferences: [{kind: "
        "DataSource, name: d}]}}\n"
        "- {kind: ConfigMap, metadata: {name: no-list, ownerReferences: {kind: DataSource, name: "
        "d}}}\n"
        "- {kind: ConfigMap, metadata: {name: replaced, ownerReferences: [{kind: DataSource, name: "
        "d}]}}\n"
        "- {kind: ConfigMap, metadata: {name: again, ownerReferences: [{kind: DataSource, name: "
        "d}]}}\n"
        "- {kind: ConfigMap, metadata: {name: again, ownerReferences: [{kind: DataSource, name: "
        "d}]}}\n"
        "- {kind: ConfigMap, metadata: {name: replaced}}\n"
        "- {kind: Secret, metadata: {name: s, ownerReferences: [{kind: DataSource, name: d}]}}\n";
    struct set set;
    set_init(&set, owned);
    auto_free char *names = xstrdup("");
    const struct appliance_object *owner =
        appliance_objects_find(&set.objects, APPLIANCE_DATA_SOURCE, "default", "d");
    appliance_objects_each_owned(&set.objects, APPLIANCE_CONFIG_MAP, owner, append_name, &names);
    assert_string_equal(names, "default/by-name default/by-uid default/again ");
    appliance_objects_each_owned(&set.objects, APPLIANCE_CLAIM, owner, append_name, &names);
    const struct appliance_object *elsewhere =
        appliance_objects_find(&set.objects, APPLIANCE_CONFIG_MAP, "x", "elsewhere");
    assert_false(appliance_object_is_owned_by(elsewhere, owner));
    expect_wants(&set.objects, "");
    set_clear(&set);
}

static void one_object_is_chosen(UNUSED void **state)
{
    static const char two[] = "---\n{kind: DataSource, metadata: {name: a, namespace: x}}\n---\n"
                              "{kind: DataSource, metadata: {name: a, namespace: w}}\n---\n"
                              "{kind: DataSource, metadata: {name: b, namespace: w}}\n";
    static const struct {
        const char *name;
        const char *namespace; /* of the result; NULL: none */
        enum error_class class;
        const char *message;
    } cases[] = {
        {"x/a", "x", 0, NULL},
        {"w/a", "w", 0, NULL},
        {"b", "w", 0, NULL},
        {"a", NULL, ERROR_USAGE, "there are several: say which of x/a and w/a"},
        {NULL, NULL, ERROR_USAGE, "there are several: say which of x/a, w/a and w/b"},
        {"x/b", NULL, ERROR_INPUT,
            "there is no DataSource x/b in the files, which have x/a, w/a "
            "and w/b"},
        {"z", NULL, ERROR_INPUT,
            "there is no DataSource z in the files, which have x/a, w/a and "
            "w/b"},
        {"a/", NULL, ERROR_INPUT,
            "there is no DataSource a/ in the files, which have x/a, w/a and "
            "w/b"},
    };
    struct set set;
    set_init(&set, two);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *error = NULL;
        const struct appliance_object *object =
            appliance_objects_choose(&set.objects, APPLIANCE_DATA_SOURCE, cases[i].name, &error);
        if (cases[i].namespace != NULL) {
            assert_string_equal(object->namespace, cases[i].namespace);
            continue;
        }
        assert_null(object);
        assert_int_equal(error->class, cases[i].class);
        assert_string_equal(error->message, cases[i].message);
    }
    auto_error struct error *error = NULL;
    assert_null(appliance_objects_choose(&set.objects, APPLIANCE_VM, "a", &error));
    assert_string_equal(error->message, "there is no VirtualMachine in the files");
    set_clear(&set);
}

static void a_report_says_where(UNUSED void **state)
{
    static const char source[] = "kind: DataSource\n"
                                 "metadata:\n"
                                 "  name: d\n"
                                 "  annotations:\n"
                                 "    a/b: |\n"
                                 "      spec: {x: 1}\n"
                                 "    bare: \"x: 1\"\n"
                                 "spec: {}\n";
    static const struct {
        const char *annotation;
        const char *pointer;
        size_t line, column;
        const char *path;
    } cases[] = {
        {NULL, "/spec", 8, 7, "DataSource d: spec"}, {NULL, "", 1, 1, "DataSource d"},
        {"a/b", "/spec/x", 6, 17, "a/b: spec.x"}, {"a/b", "/spec/y/z", 6, 13, "a/b: spec.y.z"},
        {"bare", "/spec/x", 7, 15, "bare: spec.x"}, {"bare", "", 7, 12, "bare"},
        {"none", "/x", 5, 5, "none: x"}, /* the nearest that is there */
    };
    struct set set;
    struct appliance_report report = {0};
    auto_error struct error *error = NULL;
    set_init(&set, source);
    const struct appliance_object *object =
        appliance_objects_find(&set.objects, APPLIANCE_DATA_SOURCE, "default", "d");
    assert_int_equal(appliance_report_to_error(&report, &error), 0);
    appliance_report_set_bare(&report, object, "bare");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct findings *findings = appliance_report_about(&report, object, cases[i].annotation);
        findings_error(findings, cases[i].pointer, "is wrong");
        const struct finding *finding = &findings->items[findings->count - 1];
        const struct appliance_text *one = NULL;
        for (size_t k = 0; k < report.count; k++) {
            if (&report.texts[k]->findings == findings)
                one = report.texts[k];
        }
        struct yaml_place place = appliance_text_place(one, finding);
        auto_free char *path = appliance_text_path(one, finding);
        assert_string_equal(path, cases[i].path);
        assert_int_equal(place.line, cases[i].line);
        assert_int_equal(place.column, cases[i].column);
    }
    findings_error(appliance_report_about(&report, NULL, NULL), "", "asks for nothing");
    findings_warning(appliance_report_about(&report, NULL, NULL), "", "asks for much");
    const struct appliance_text *request = report.texts[report.count - 1];
    assert_int_equal(appliance_text_place(request, &request->findings.items[0]).line, 0);
    assert_int_equal(appliance_report_errors(&report), ARRAY_SIZE(cases) + 1);
    assert_int_equal(appliance_report_to_error(&report, &error), -1);
    assert_int_equal(error->class, ERROR_INPUT);
    assert_string_equal(error->message,
        "bare: spec.x: is wrong; bare: is wrong; DataSource d: spec: is wrong; DataSource d: is "
        "wrong; a/b: spec.x: is wrong; a/b: spec.y.z: is wrong; none: x: is wrong; asks for "
        "nothing");
    appliance_report_clear(&report);
    set_clear(&set);
}

static void kinds_have_facts(UNUSED void **state)
{
    for (int kind = 0; kind < APPLIANCE_KINDS; kind++) {
        enum appliance_kind found = APPLIANCE_KINDS;
        const char *group = appliance_kind_group((enum appliance_kind)kind);
        auto_free char *version = xasprintf("%s%s%s", group, group[0] != '\0' ? "/" : "",
            appliance_kind_version((enum appliance_kind)kind));
        const char *name = appliance_kind_name((enum appliance_kind)kind);
        assert_true(appliance_kind_find(version, name, &found));
        assert_int_equal(found, kind);
        assert_true(appliance_kind_find(NULL, name, &found));
        assert_int_equal(found, kind);
        assert_false(appliance_kind_find("other.example/v1", name, &found));
        assert_true(strlen(appliance_kind_plural((enum appliance_kind)kind)) > strlen(name));
        assert_int_equal(appliance_kind_is_cluster_scoped((enum appliance_kind)kind),
            strstr(name, "Cluster") != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_of_files_are_found),
        cmocka_unit_test(what_is_wanted_can_be_added),
        cmocka_unit_test(owners_are_told_apart),
        cmocka_unit_test(one_object_is_chosen),
        cmocka_unit_test(a_report_says_where),
        cmocka_unit_test(kinds_have_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
