/* Reviews of DataSources, and of VMs that are made from them: what is checked when, and what is said.
 * An annotation NULL is absent; "-" stands for a boilerplate without faults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "controller/appliance/publication.h"

#define FROM "appliance.kubevirt.io/from"
#define OTHER_FROM "appliance.hookline.dev/from"
#define AUTHORIZATION "appliance.kubevirt.io/authorization"
#define VM_SPEC "appliance.kubevirt.io/vm-spec"

static const char good[] = "spec:\n"
                           "  instancetype: {name: u1.small}\n"
                           "  template:\n"
                           "    spec:\n"
                           "      domain: {devices: {}}\n"
                           "      volumes: [{name: root, dataVolume: {name: root}}]\n"
                           "  dataVolumeTemplates:\n"
                           "  - {metadata: {name: root}, spec: {storage: {}}}\n";

struct review_case {
    const char *kind, *operation;
    const char *key, *before, *after; /* an annotation of the object; before: of the old one */
    const char *field; /* of the only cause; NULL: allowed */
    enum controller_review_outcome outcome;
};

/* An object with an annotation, or without one. New reference. */
static json_t *object_of(const struct review_case *test, const char *text)
{
    const char *value = text != NULL && streq(text, "-") ? good : text;
    bool is_vm = streq(test->kind, "VirtualMachine");
    return json_pack("{s:s, s:s, s:{s:s, s:s, s:{s:s*}}}", "apiVersion",
        is_vm ? "kubevirt.io/v1" : "cdi.kubevirt.io/v1beta1", "kind", test->kind, "metadata",
        "name", "a", "namespace", "dev", "annotations", test->key, value);
}

/* The text of the review. Owned by the caller. */
static char *body_of(const struct review_case *test)
{
    bool is_vm = streq(test->kind, "VirtualMachine");
    auto_json json_t *review = json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:{s:s, s:s}, s:o}}",
        "apiVersion", "admission.k8s.io/v1", "kind", "AdmissionReview", "request", "uid", "1",
        "operation", test->operation, "namespace", "dev", "kind", "group",
        is_vm ? "kubevirt.io" : "cdi.kubevirt.io", "kind", test->kind, "object",
        object_of(test, test->after));
    if (streq(test->operation, "UPDATE"))
        json_object_set_new(
            json_object_get(review, "request"), "oldObject", object_of(test, test->before));
    return json_dumps(review, 0);
}

static void check_case(const struct review_case *test,
    json_t *(*function)(const char *body, size_t length, enum controller_review_outcome *outcome,
        struct error **err))
{
    enum controller_review_outcome outcome = CONTROLLER_REVIEW_BAD_REQUEST;
    auto_free char *body = body_of(test);
    auto_json json_t *answer = function(body, strlen(body), &outcome, NULL);
    assert_non_null(answer);
    const json_t *response = json_object_get(answer, "response");
    assert_int_equal(json_is_true(json_object_get(response, "allowed")), test->field == NULL);
    assert_int_equal(outcome, test->outcome);
    if (test->field == NULL)
        return;
    const json_t *cause = json_pointer_get(response, "/status/details/causes/0");
    assert_string_equal(json_get_string(cause, "field"), test->field);
}

static void test_reviews(UNUSED void **state)
{
    static const struct review_case cases[] = {
        {"DataSource", "CREATE", VM_SPEC, NULL, "-", NULL, CONTROLLER_REVIEW_VALID},
        {"DataSource", "CREATE", VM_SPEC, NULL, NULL, NULL, CONTROLLER_REVIEW_UNTOUCHED},
        {"DataSource", "CREATE", VM_SPEC, NULL, "spec: {templat: {}}", VM_SPEC ": spec.templat",
            CONTROLLER_REVIEW_DENIED_INPUT},
        {"DataSource", "CREATE", VM_SPEC, NULL, "[", VM_SPEC, CONTROLLER_REVIEW_DENIED_INPUT},
        {"DataSource", "UPDATE", VM_SPEC, "-", "spec: {templat: {}}", VM_SPEC ": spec.templat",
            CONTROLLER_REVIEW_DENIED_INPUT},
        {"DataSource", "UPDATE", VM_SPEC, "[", "[", NULL, CONTROLLER_REVIEW_UNTOUCHED},
        {"DataSource", "UPDATE", VM_SPEC, "[", NULL, NULL, CONTROLLER_REVIEW_UNTOUCHED},
        {"DataSource", "DELETE", VM_SPEC, NULL, "[", NULL, CONTROLLER_REVIEW_UNTOUCHED},
        {"VirtualMachine", "CREATE", FROM, NULL, "golden/fedora", NULL,
            CONTROLLER_REVIEW_UNTOUCHED},
        {"VirtualMachine", "UPDATE", FROM, "golden/fedora", "golden/fedora", NULL,
            CONTROLLER_REVIEW_VALID},
        {"VirtualMachine", "UPDATE", FROM, "golden/fedora", NULL, NULL, CONTROLLER_REVIEW_VALID},
        {"VirtualMachine", "UPDATE", FROM, "golden/fedora", "golden/x",
            "metadata.annotations[" FROM "]", CONTROLLER_REVIEW_DENIED_POLICY},
        {"VirtualMachine", "UPDATE", OTHER_FROM, NULL, "golden/x",
            "metadata.annotations[" OTHER_FROM "]", CONTROLLER_REVIEW_DENIED_POLICY},
        {"VirtualMachine", "UPDATE", AUTHORIZATION, "{}", "{ }",
            "metadata.annotations[" AUTHORIZATION "]", CONTROLLER_REVIEW_DENIED_POLICY},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        check_case(&cases[i], controller_publication_review);
}

/* Without --appliances. */
static void test_refusals(UNUSED void **state)
{
    static const struct review_case cases[] = {
        {"VirtualMachine", "CREATE", FROM, NULL, "golden/fedora", "metadata.annotations[" FROM "]",
            CONTROLLER_REVIEW_DENIED_POLICY},
        {"VirtualMachine", "CREATE", OTHER_FROM, NULL, "golden/fedora",
            "metadata.annotations[" OTHER_FROM "]", CONTROLLER_REVIEW_DENIED_POLICY},
        {"VirtualMachine", "CREATE", "example.org/from", NULL, "a", NULL,
            CONTROLLER_REVIEW_UNTOUCHED},
        {"VirtualMachine", "UPDATE", FROM, "a", "a", NULL, CONTROLLER_REVIEW_UNTOUCHED},
        {"DataSource", "CREATE", FROM, NULL, "a", NULL, CONTROLLER_REVIEW_UNTOUCHED},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        check_case(&cases[i], controller_publication_refuse);
}

static void test_no_review(UNUSED void **state)
{
    enum controller_review_outcome outcome = CONTROLLER_REVIEW_VALID;
    auto_error struct error *err = NULL;
    assert_null(controller_publication_review("{}", 2, &outcome, &err));
    assert_non_null(err);
    assert_int_equal(outcome, CONTROLLER_REVIEW_BAD_REQUEST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reviews),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_no_review),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
