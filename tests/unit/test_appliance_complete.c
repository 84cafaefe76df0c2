/* Completion: each file tests/data/appliance/complete/NAME.yaml has a Request, a DataSource and the
 * objects that there are; the findings, the VM and what it needs are in NAME.expected. The recorded
 * cases have their own expected outputs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "appliance/complete.h"
#include "appliance/source.h"
#include "base/unused.h"
#include "base/yaml_dump.h"
#include "tests/unit/cases.h"
#include "tests/unit/expected.h"

#define CASES "tests/data/appliance/complete/"
#define RECORDED "../shared/upstream/appliance/cases/"

/* A stream, and the request that is one of its documents. */
struct test {
    char *text; /* owned */
    struct yaml_stream stream;
    struct appliance_objects objects;
    const json_t *request; /* borrowed from the stream */
    struct pairs parameters;
    struct option_texts keys; /* its items are borrowed */
};

static uint32_t next(void *user, uint32_t limit)
{
    uint32_t *state = user;
    return (*state)++ % limit;
}

static void read_stream(const char *path, struct test *test)
{
    auto_error struct error *error = NULL;
    size_t length = 0;
    *test = (struct test){0};
    if (file_read(path, EXPECTED_FILE_LIMIT, &test->text, &length, &error) < 0 ||
        yaml_parse(path, test->text, length, &test->stream, &error) < 0)
        fail_msg("%s", error->message);
    for (size_t i = 0; i < test->stream.count; i++) {
        const struct yaml_document *document = &test->stream.documents[i];
        appliance_objects_add(&test->objects, path, document);
        if (streq(text_or(json_get_string(document->root, "kind"), ""), "Request"))
            test->request = document->root;
    }
}

static void clear_test(struct test *test)
{
    appliance_objects_clear(&test->objects);
    yaml_stream_clear(&test->stream);
    pairs_clear(&test->parameters);
    free((void *)test->keys.items);
    free(test->text);
}

/* The request that the document describes. */
static struct appliance_request make_request(struct test *test, uint32_t *state)
{
    static const char *const modes[] = {"generate", "keep", "given"};
    const json_t *given = test->request;
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach (json_object_get(given, "parameters"), key, value) {
        auto_free char *pair = xasprintf("%s=%s", key, json_string_value(value));
        assert_int_equal(pairs_add(&test->parameters, pair, "", NULL), 0);
    }
    const json_t *keys = json_object_get(given, "sshKeys");
    test->keys.count = json_array_size(keys);
    test->keys.items = xcalloc(test->keys.count + 1, sizeof(char *));
    for (size_t i = 0; i < test->keys.count; i++)
        test->keys.items[i] = (char *)json_string_value(json_array_get(keys, i));
    int mode =
        text_index(text_or(json_get_string(given, "password"), modes[0]), modes, ARRAY_SIZE(modes));
    assert_true(mode >= 0);
    return (struct appliance_request){
        .namespace = json_get_string(given, "namespace"),
        .name = json_get_string(given, "name"),
        .parameters = &test->parameters,
        .instancetype = json_get_string(given, "instancetype"),
        .preference = json_get_string(given, "preference"),
        .run_strategy = json_get_string(given, "runStrategy"),
        .ssh_keys = &test->keys,
        .password = (enum appliance_password)mode,
        .given_password = json_get_string(given, "givenPassword"),
        .repair = json_is_true(json_object_get(given, "repair")),
        .random = {.below = next, .user = state},
    };
}

static void describe_report(const struct appliance_report *report, char **text)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct findings *findings = &report->texts[i]->findings;
        for (size_t j = 0; j < findings->count; j++) {
            const struct finding *one = &findings->items[j];
            auto_free char *path = appliance_text_path(report->texts[i], one);
            expected_append(text,
                xasprintf("%s: %s%s%s\n", one->severity == FINDING_ERROR ? "error" : "warning",
                    path, path[0] != '\0' ? ": " : "", one->message));
        }
    }
}

static void describe_completion(const struct appliance_completion *completion, char **text)
{
    if (completion->password != NULL)
        expected_append(text, xasprintf("password: %s\n", completion->password));
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach (completion->generated, key, value)
        expected_append(text, xasprintf("generated: %s=%s\n", key, json_string_value(value)));
    for (size_t i = 0; i < completion->right_count; i++)
        expected_append(text, xasprintf("right: %s\n", completion->rights[i].namespace));
    if (completion->vm == NULL)
        return;
    expected_append(text, xasprintf("---\n"));
    expected_append(text, yaml_dump(completion->vm, NULL));
    size_t i = 0;
    const json_t *object = NULL;
    json_array_foreach (completion->objects, i, object) {
        expected_append(text, xasprintf("---\n"));
        expected_append(text, yaml_dump(object, NULL));
    }
}

/* What must be in no output, nor in any message. */
static void check_gone(const char *path, const struct test *test, const char *given)
{
    size_t i = 0;
    const json_t *gone = NULL;
    json_array_foreach (json_object_get(test->request, "gone"), i, gone) {
        const char *text = json_string_value(gone);
        const char *first = strstr(test->text, text); /* in the request itself */
        if (first == NULL || strstr(first + 1, text) == NULL)
            fail_msg("%s: \"%s\" is not in the input", path, text);
        if (strstr(given, text) != NULL)
            fail_msg("%s: \"%s\" is in the output:\n%s", path, text, given);
    }
}

/* What is completed, and completed once more as the boilerplate of the same DataSource, stays as it
 * is. */
static void check_again(const char *path, struct test *test,
    const struct appliance_request *request, const struct appliance_object *from,
    const struct appliance_completion *first)
{
    struct appliance_report report = {0};
    struct appliance_completion second;
    struct appliance_request keep = *request;
    keep.password = APPLIANCE_PASSWORD_KEEP;
    keep.parameters = NULL;
    keep.ssh_keys = NULL;
    json_t *value = json_deep_copy(from->value);
    json_t *metadata = json_object_get(value, "metadata");
    auto_free char *boilerplate = yaml_dump(first->vm, NULL);
    json_object_set_new(
        metadata, "annotations", json_pack("{s:s}", APPLIANCE_PREFIX "vm-spec", boilerplate));
    auto_free char *namespace = xstrdup(from->namespace);
    auto_free char *name = xstrdup(from->name);
    appliance_objects_add_read(&test->objects, value);
    size_t i = 0;
    json_t *object = NULL;
    json_array_foreach (first->objects, i, object)
        appliance_objects_add_read(&test->objects, json_deep_copy(object));
    const struct appliance_object *again =
        appliance_objects_find(&test->objects, APPLIANCE_DATA_SOURCE, namespace, name);
    int result = appliance_complete(again, &test->objects, &keep, &second, &report);
    auto_free char *text = xstrdup("");
    describe_report(&report, &text);
    if (result < 0)
        fail_msg("%s: completed twice: %s", path, text);
    cases_check(path, "the VM completed twice", second.vm, first->vm);
    assert_int_equal(json_array_size(second.objects), 0);
    appliance_completion_clear(&second);
    appliance_report_clear(&report);
}

static void check_case(const char *path)
{
    uint32_t state = 0;
    struct test test;
    read_stream(path, &test);
    struct appliance_request request = make_request(&test, &state);
    struct appliance_report report = {0};
    struct appliance_completion completion;
    auto_error struct error *error = NULL;
    const struct appliance_object *from = appliance_objects_choose(
        &test.objects, APPLIANCE_DATA_SOURCE, json_get_string(test.request, "from"), &error);
    if (from == NULL)
        fail_msg("%s: %s", path, error->message);
    int result = appliance_complete(from, &test.objects, &request, &completion, &report);
    assert_int_equal(result == 0, completion.vm != NULL);
    assert_int_equal(result == 0, appliance_report_errors(&report) == 0);
    auto_free char *text = xstrdup("");
    describe_report(&report, &text);
    describe_completion(&completion, &text);
    check_gone(path, &test, text);
    expected_compare(path, text);
    appliance_report_clear(&report);
    if (result == 0)
        check_again(path, &test, &request, from, &completion);
    appliance_completion_clear(&completion);
    clear_test(&test);
}

static void test_cases(UNUSED void **state)
{
    cases_run(CASES "*.yaml", check_case);
}

static const struct recorded {
    const char *name;
    const char *from;
    struct appliance_request request;
    const char *parameters[4];
    const char *messages[16]; /* each is in the report; NULL ends them */
    bool refused;
} recorded[] = {
    {"01-seed", "static-data-appliance",
        {.namespace = "openshift-virtualization-os-images",
            .name = "web1",
            .password = APPLIANCE_PASSWORD_GIVEN,
            .given_password = "correct-horse-9",
            .repair = true},
        {NULL},
        {"default-instancetype", "\"server.medium\" is not used: the boilerplate names n1.xlarge",
            "has a literal password, which everyone who may read the DataSource reads",
            "\"diplomatic-tortoise-volume\" becomes \"web1-diplomatic-tortoise-disk\"", NULL},
        false},
    {"02-golden-image", "fedora", {.namespace = "demo", .name = "dev1", .instancetype = "u1.large"},
        {NULL}, {NULL}, false},
    {"03-defaults", "thin", {.namespace = "demo", .name = "t1"}, {NULL}, {NULL}, false},
    {"05-disks", "db",
        {.namespace = "images",
            .name = "database-of-the-department-of-weights-and-measures-europe-1"},
        {NULL}, {NULL}, false},
    {"08-parameters", "par", {.namespace = "demo", .name = "p1"},
        {"SIZE=40Gi", "CORES=4", "TOKEN=k9-a1b2", NULL}, {NULL}, false},
    {"09-refused", "bad", {.namespace = "demo", .name = "b1"}, {NULL},
        {"spec.running", "spec.runStrategy", "\"always\" (did you mean \"Always\"?)",
            "spec.instancetype.kind", "ClusterInstancetype", "spec.instancetype.inferFromVolume",
            "spec.instancetype: conflicts", "source and sourceRef", "DataImportCron", "30Gi",
            "stands at [0]", "dataVolumeTemplates[2]", "(did you mean \"root\"?)",
            "has two sources", "\"fedroa\" (did you mean \"fedora\"?)", NULL},
        true},
};

/* Compares with the documents of the expected output: the VM, and what it needs. */
static void compare_recorded(const char *path, const struct appliance_completion *completion)
{
    struct test expected;
    read_stream(path, &expected);
    assert_int_equal(expected.stream.count, 1 + json_array_size(completion->objects));
    cases_check(path, "the VM", completion->vm, expected.stream.documents[0].root);
    for (size_t i = 1; i < expected.stream.count; i++)
        cases_check(path, "what it needs", json_array_get(completion->objects, i - 1),
            expected.stream.documents[i].root);
    clear_test(&expected);
}

static void check_recorded(const struct recorded *row)
{
    auto_free char *in = xasprintf(RECORDED "%s.in.yaml", row->name);
    auto_free char *out = xasprintf(RECORDED "%s.out.yaml", row->name);
    struct test test;
    read_stream(in, &test);
    struct appliance_request request = row->request;
    for (size_t i = 0; row->parameters[i] != NULL; i++)
        assert_int_equal(pairs_add(&test.parameters, row->parameters[i], "", NULL), 0);
    request.parameters = &test.parameters;
    struct appliance_report report = {0};
    struct appliance_completion completion;
    const struct appliance_object *from =
        appliance_objects_choose(&test.objects, APPLIANCE_DATA_SOURCE, row->from, NULL);
    assert_non_null(from);
    int result = appliance_complete(from, &test.objects, &request, &completion, &report);
    auto_free char *text = xstrdup("");
    describe_report(&report, &text);
    if ((result < 0) != row->refused)
        fail_msg("%s: %s", row->name, text);
    for (size_t i = 0; row->messages[i] != NULL; i++) {
        if (strstr(text, row->messages[i]) == NULL)
            fail_msg("%s: \"%s\" is not in\n%s", row->name, row->messages[i], text);
    }
    if (result == 0) {
        compare_recorded(out, &completion);
        request.parameters = NULL;
        check_again(row->name, &test, &request, from, &completion);
    }
    appliance_completion_clear(&completion);
    appliance_report_clear(&report);
    clear_test(&test);
}

static void test_recorded(UNUSED void **state)
{
    if (access(RECORDED, R_OK) < 0) {
        print_message("skipped: " RECORDED " is not there\n");
        skip();
    }
    for (size_t i = 0; i < ARRAY_SIZE(recorded); i++)
        check_recorded(&recorded[i]);
}

/* What is missing is wanted; when it has been read, or is known to be absent, nothing is. */
static void test_wants(UNUSED void **state)
{
    struct test test;
    read_stream(CASES "keep.yaml", &test);
    uint32_t number = 0;
    struct appliance_request request = make_request(&test, &number);
    struct appliance_report report = {0};
    struct appliance_completion completion;
    struct appliance_wanted wanted;
    request.instancetype = "VirtualMachineInstancetype/own";
    const struct appliance_object *from =
        appliance_objects_choose(&test.objects, APPLIANCE_DATA_SOURCE, NULL, NULL);
    assert_int_equal(appliance_complete(from, &test.objects, &request, &completion, &report), -1);
    bool is_wanted = false;
    while (appliance_objects_next_want(&test.objects, &wanted)) {
        is_wanted |= wanted.kind == APPLIANCE_INSTANCETYPE && streq(wanted.name, "own");
        if (wanted.kind == APPLIANCE_INSTANCETYPE)
            appliance_objects_add_absent(
                &test.objects, wanted.kind, wanted.namespace, wanted.name, NULL);
    }
    assert_true(is_wanted);
    appliance_completion_clear(&completion);
    appliance_report_clear(&report);
    appliance_objects_add_read(
        &test.objects, json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:{s:i}, s:{s:s}}}", "apiVersion",
                           "instancetype.kubevirt.io/v1beta1", "kind", "VirtualMachineInstancetype",
                           "metadata", "name", "own", "namespace", request.namespace, "spec", "cpu",
                           "guest", 2, "memory", "guest", "4Gi"));
    int result = appliance_complete(from, &test.objects, &request, &completion, &report);
    auto_free char *text = xstrdup("");
    describe_report(&report, &text);
    if (result < 0)
        fail_msg("%s", text);
    appliance_completion_clear(&completion);
    appliance_report_clear(&report);
    clear_test(&test);
}

/* What a cluster says counts, not the catalogue: it has no such instance type, or nobody may tell. */
static void test_cluster(UNUSED void **state)
{
    static const struct {
        const char *why;
        int result;
        const char *message;
    } rows[] = {
        {NULL, -1, "spec.instancetype.name: there is no cluster instance type \"u1.small\""},
        {"you may not read it", 0, "spec.instancetype: is not checked: you may not read it"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct test test;
        read_stream(CASES "keep.yaml", &test);
        uint32_t number = 0;
        struct appliance_request request = make_request(&test, &number);
        struct appliance_report report = {0};
        struct appliance_completion completion;
        const struct appliance_object *from =
            appliance_objects_choose(&test.objects, APPLIANCE_DATA_SOURCE, NULL, NULL);
        appliance_objects_add_absent(
            &test.objects, APPLIANCE_CLUSTER_INSTANCETYPE, "", "u1.small", rows[i].why);
        int result = appliance_complete(from, &test.objects, &request, &completion, &report);
        auto_free char *text = xstrdup("");
        describe_report(&report, &text);
        if (result != rows[i].result || strstr(text, rows[i].message) == NULL)
            fail_msg("%s", text);
        appliance_completion_clear(&completion);
        appliance_report_clear(&report);
        clear_test(&test);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_recorded),
        cmocka_unit_test(test_wants),
        cmocka_unit_test(test_cluster),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
