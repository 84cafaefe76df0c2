/* Every file tests/data/controller/review/NAME.json is a case. The input: "request" merged into one
 * for a pod's creation in the namespace vms, its object "pod" from tests/data/render/pods changed by
 * the RFC 6902 patch "with", its annotation "annotation" (text, or JSON that becomes it) under
 * "key", that of the old object "oldAnnotation"; reviewed with "options". The result: "outcome", the
 * "response" without its patch, and if there is a patch, the names of the "containers" and "volumes"
 * of the patched pod. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "annotations/kind.h"
#include "annotations/parse.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "controller/webhook/admission.h"
#include "controller/webhook/review.h"
#include "controller/webhook/verdict.h"
#include "hostpath/policy_parse.h"
#include "tests/unit/cases.h"
#include "tests/unit/repeated.h"
#include "tests/unit/rfc6902.h"

/* The object's annotations where its kind has them, created if missing. Borrowed. */
static json_t *annotations_of(json_t *object, const json_t *kind)
{
    const struct annotations_kind *known =
        annotations_kind_find(json_get_string(kind, "kind"), json_get_string(kind, "group"));
    assert_non_null(known);
    for (const char *pointer = known->annotations; *pointer != '\0';) {
        size_t length = strcspn(pointer + 1, "/");
        auto_free char *key = json_pointer_token(pointer + 1, length);
        if (json_object_get(object, key) == NULL)
            json_object_set_new(object, key, json_object());
        object = json_object_get(object, key);
        pointer += 1 + length;
    }
    return object;
}

/* Puts the annotation into the object, if the case has one under that name. */
static void annotate(const json_t *test, const char *name, json_t *object, const json_t *kind)
{
    const json_t *annotation = json_object_get(test, name);
    const char *key = text_or(json_get_string(test, "key"), ANNOTATIONS_KEY_KUBEVIRT);
    if (annotation == NULL)
        return;
    auto_free char *text = json_is_string(annotation) ? xstrdup(json_string_value(annotation))
                                                      : json_dumps(annotation, JSON_COMPACT);
    json_object_set_new(annotations_of(object, kind), key, json_string(text));
}

/* The object of a case before it has its annotation. New reference. */
static json_t *make_object(const json_t *test)
{
    const char *pod = json_get_string(test, "pod");
    const json_t *given = json_object_get(json_object_get(test, "request"), "object");
    if (pod == NULL)
        return given != NULL ? json_deep_copy(given) : json_object();
    auto_free char *path = xasprintf("tests/data/render/pods/%s.json", pod);
    auto_json json_t *base = cases_load(path);
    json_t *metadata = json_object_get(base, "metadata");
    json_object_del(metadata, "annotations");
    annotations_of(base, json_object_get(json_object_get(test, "request"), "kind"));
    json_object_set_new(metadata, "labels", json_pack("{s:s}", "kubevirt.io", "virt-launcher"));
    json_t *changed = rfc6902_apply(base, json_object_get(test, "with"));
    assert_non_null(changed);
    return changed;
}

/* Completes the case's request in place; returns the AdmissionReview, new reference. */
static json_t *make_request(json_t *test)
{
    auto_json json_t *defaults =
        json_pack("{s:s, s:{s:s, s:s, s:s}, s:s, s:s}", "uid", "8d2f", "kind", "group", "",
            "version", "v1", "kind", "Pod", "operation", "CREATE", "namespace", "vms");
    if (json_object_get(test, "request") == NULL)
        json_object_set_new(test, "request", json_object());
    json_t *request = json_object_get(test, "request");
    json_object_update_missing(request, defaults);
    const json_t *kind = json_object_get(request, "kind");
    json_t *object = make_object(test);
    if (streq(json_get_string(request, "operation"), "UPDATE")) {
        json_t *old = json_deep_copy(object);
        annotate(test, "oldAnnotation", old, kind);
        json_object_set_new(request, "oldObject", old);
    }
    annotate(test, "annotation", object, kind);
    json_object_set_new(request, "object", object);
    return json_pack("{s:s, s:s, s:O}", "apiVersion", "admission.k8s.io/v1", "kind",
        "AdmissionReview", "request", request);
}

/* The options of a case; *policy is owned by the caller. */
static struct controller_review_options make_options(
    const json_t *test, struct hostpath_policy **policy)
{
    const json_t *given = json_object_get(test, "options");
    struct controller_review_options options = {
        .render = {.shim_image = "shim:v1", .manager_image = "hm:v1"},
        .annotation_key = json_get_string(given, "annotationKey"),
        .strict = json_is_true(json_object_get(given, "strict")),
    };
    auto_free char *text = json_dumps(json_object_get(given, "policy"), 0);
    if (text != NULL)
        *policy = hostpath_policy_parse("policy.yaml", text, strlen(text), NULL);
    options.policy = *policy;
    return options;
}

/* Reviews the request, and checks that the result is an AdmissionReview. New reference. */
static json_t *review(const json_t *request, const struct controller_review_options *options,
    enum controller_review_outcome *outcome)
{
    auto_free char *body = json_dumps(request, 0);
    const json_t *kind = json_object_get(json_object_get(request, "request"), "kind");
    enum controller_webhook webhook = streq(json_get_string(kind, "kind"), "Pod")
                                          ? CONTROLLER_MUTATE_PODS
                                          : CONTROLLER_VALIDATE_MACHINES;
    auto_error struct error *error = NULL;
    json_t *answer = controller_review(webhook, body, strlen(body), options, outcome, &error);
    if (answer == NULL)
        fail_msg("%s", error->message);
    assert_string_equal(json_get_string(answer, "apiVersion"), "admission.k8s.io/v1");
    assert_string_equal(json_get_string(answer, "kind"), "AdmissionReview");
    assert_string_equal(json_get_string(json_object_get(answer, "response"), "uid"), "8d2f");
    return answer;
}

/* The patch of a response, decoded. New reference, or NULL. */
static json_t *decode_patch(const json_t *response)
{
    const char *encoded = json_get_string(response, "patch");
    if (encoded == NULL)
        return NULL;
    assert_string_equal(json_get_string(response, "patchType"), "JSONPatch");
    const gnutls_datum_t text = {(unsigned char *)(uintptr_t)encoded, (unsigned)strlen(encoded)};
    gnutls_datum_t plain = {0};
    assert_int_equal(gnutls_base64_decode2(&text, &plain), 0);
    json_t *patch = json_loadb((const char *)plain.data, plain.size, 0, NULL);
    gnutls_free(plain.data);
    assert_true(json_array_size(patch) > 0);
    return patch;
}

/* The names of the items of the pod's list. New reference. */
static json_t *names_of(const json_t *pod, const char *list)
{
    json_t *names = json_array();
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach (json_object_get(json_object_get(pod, "spec"), list), index, item)
        json_array_append(names, json_object_get(item, "name"));
    return names;
}

/* The patched pod is what annotations_render makes, and is not patched again. */
static void check_patched(const char *name, const json_t *test, json_t *request,
    const struct controller_review_options *options, const json_t *patch)
{
    json_t *inner = json_object_get(request, "request");
    const json_t *pod = json_object_get(inner, "object");
    auto_json json_t *patched = rfc6902_apply(pod, patch);
    assert_non_null(patched);
    auto_json json_t *containers = names_of(patched, "containers");
    auto_json json_t *volumes = names_of(patched, "volumes");
    cases_check(name, "the list of containers", containers, json_object_get(test, "containers"));
    cases_check(name, "the list of volumes", volumes, json_object_get(test, "volumes"));

    struct findings findings = {0};
    const char *key = NULL;
    const char *text = annotations_find(
        json_pointer_get(pod, "/metadata/annotations"), options->annotation_key, &key, &findings);
    auto_annotations_list struct annotations_list *list =
        annotations_parse(text, strlen(text), NULL, &findings);
    struct annotations_render_options render = options->render;
    render.annotation_key = key;
    auto_json json_t *rendered = annotations_render(pod, list, &render, &findings);
    findings_clear(&findings);
    cases_check(name, "the patched pod", patched, rendered);

    enum controller_review_outcome outcome = CONTROLLER_REVIEW_BAD_REQUEST;
    json_object_set(inner, "object", patched);
    auto_json json_t *again = review(request, options, &outcome);
    assert_int_equal(outcome, CONTROLLER_REVIEW_UNTOUCHED);
    assert_null(json_object_get(json_object_get(again, "response"), "patch"));
}

static void run_case(const char *name)
{
    auto_json json_t *test = cases_load(name);
    auto_json json_t *request = make_request(test);
    struct hostpath_policy *policy = NULL;
    struct controller_review_options options = make_options(test, &policy);
    enum controller_review_outcome outcome = CONTROLLER_REVIEW_BAD_REQUEST;
    auto_json json_t *answer = review(request, &options, &outcome);
    json_t *response = json_object_get(answer, "response");
    auto_json json_t *patch = decode_patch(response);
    json_object_del(response, "uid");
    json_object_del(response, "patch");
    json_object_del(response, "patchType");
    cases_check(name, "the response", response, json_object_get(test, "response"));
    auto_json json_t *outcome_name = json_string(controller_review_outcome_name(outcome));
    cases_check(name, "the outcome", outcome_name, json_object_get(test, "outcome"));
    assert_int_equal(outcome == CONTROLLER_REVIEW_PATCHED, patch != NULL);
    if (patch != NULL)
        check_patched(name, test, request, &options, patch);
    hostpath_policy_free(policy);
}

static void test_cases(UNUSED void **state)
{
    cases_run("tests/data/controller/review/*.json", run_case);
}

static void check_refused(const char *body, size_t length, const char *message)
{
    for (int webhook = CONTROLLER_MUTATE_PODS; webhook <= CONTROLLER_VALIDATE_MACHINES; webhook++) {
        struct controller_review_options options = {0};
        enum controller_review_outcome outcome = CONTROLLER_REVIEW_PATCHED;
        auto_error struct error *error = NULL;
        assert_null(controller_review(
            (enum controller_webhook)webhook, body, length, &options, &outcome, &error));
        assert_int_equal(outcome, CONTROLLER_REVIEW_BAD_REQUEST);
        assert_int_equal(error->class, ERROR_INPUT);
        assert_string_equal(error->message, message);
    }
}

static void test_bad_requests(UNUSED void **state)
{
#define HEAD "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\""
#define REFUSED "the request is not an AdmissionReview: "
    static const struct {
        const char *body;
        const char *message;
    } cases[] = {
        {"", REFUSED "line 1, column 1: not valid JSON: the text ends too early"},
        {"[]", REFUSED "its apiVersion must be admission.k8s.io/v1"},
        {"{\"apiVersion\":\"admission.k8s.io/v1beta1\",\"kind\":\"AdmissionReview\"}",
            REFUSED "its apiVersion must be admission.k8s.io/v1"},
        {"{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"Pod\"}",
            REFUSED "its kind must be AdmissionReview"},
        {HEAD "}", REFUSED "it has no request.uid"},
        {HEAD ",\"request\":{\"uid\":\"\"}}", REFUSED "it has no request.uid"},
        {HEAD ",\"request\":{\"uid\":\"1\"}}", REFUSED "it has no request.operation"},
        {HEAD ",\"request\":{\"uid\":\"1\",\"operation\":\"CREATE\"}}",
            REFUSED "it has no request.kind.kind"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        check_refused(cases[i].body, strlen(cases[i].body), cases[i].message);
}

static void test_limits(UNUSED void **state)
{
    enum { TOO_LONG = CONTROLLER_ADMISSION_MAX_BYTES + 1 };
    auto_free char *body = xmalloc(TOO_LONG);
    memset(body, ' ', TOO_LONG);
    check_refused(body, TOO_LONG, "the request has 3145729 bytes; at most 3145728 are allowed");
    memset(body, '[', TOO_LONG);
    check_refused(body, CONTROLLER_ADMISSION_MAX_BYTES,
        REFUSED "line 1, column 10001: not valid JSON: it is nested too deeply");
}

#define VMI(annotations, more)                                                                     \
    HEAD ",\"request\":{\"uid\":\"1\",\"operation\":\"CREATE\",\"kind\":{\"group\":"               \
         "\"kubevirt.io\",\"kind\":\"VirtualMachineInstance\"},\"object\":{\"metadata\":{"         \
         "\"annotations\":{" annotations "}},\"spec\":{" more "}}}}"
#define LEAVING(annotations)                                                                       \
    HEAD ",\"request\":{\"uid\":\"1\",\"operation\":\"UPDATE\",\"kind\":{\"group\":"               \
         "\"kubevirt.io\",\"kind\":\"VirtualMachineInstance\"},\"object\":{\"metadata\":{"         \
         "\"deletionTimestamp\":\"2026-01-01T00:00:00Z\",\"annotations\":{" annotations "}}}}}"
#define POD(annotations, more)                                                                     \
    HEAD ",\"request\":{\"uid\":\"1\",\"operation\":\"CREATE\",\"kind\":{\"group\":\"\",\"kind\":" \
         "\"Pod\"},\"object\":{\"metadata\":{\"labels\":{\"kubevirt.io\":\"virt-launcher\"},"      \
         "\"annotations\":{" annotations                                                           \
         "}},\"spec\":{\"containers\":[{\"name\":\"compute\"}]," more "}}}}"
#define KEY "\"hooks.kubevirt.io/hookSidecars\":"
#define ONE KEY "\"[{\\\"image\\\":\\\"a\\\"}]\""
#define STRANGE                                                                                    \
    "\"a\":\"\\u0000\",\"b\":100000000000000000000,\"c\":-9223372036854775809,\"d\":1e300"

/* Whatever an object holds, its request gets a verdict. */
static void test_every_object_gets_a_verdict(UNUSED void **state)
{
    enum { DEPTH = 600, MANY = CONTROLLER_ADMISSION_MAX_NODES };
    auto_free char *open = repeated("\"x\":", "[", DEPTH, "");
    auto_free char *deep = repeated(open, "]", DEPTH, "");
    auto_free char *many = repeated("\"x\":[[]", ",[]", MANY - 1, "]");
    const struct {
        const char *format; /* with one %s for more */
        const char *more;
        enum controller_webhook webhook;
        enum controller_review_outcome outcome;
        const char *message; /* of a denial, or NULL */
    } cases[] = {
        {VMI("", "%s"), STRANGE, CONTROLLER_VALIDATE_MACHINES, CONTROLLER_REVIEW_UNTOUCHED, NULL},
        {VMI("", "%s"), deep, CONTROLLER_VALIDATE_MACHINES, CONTROLLER_REVIEW_UNTOUCHED, NULL},
        {VMI("", "%s"), many, CONTROLLER_VALIDATE_MACHINES, CONTROLLER_REVIEW_UNTOUCHED, NULL},
        {VMI(ONE, "%s"), STRANGE, CONTROLLER_VALIDATE_MACHINES, CONTROLLER_REVIEW_VALID, NULL},
        {VMI(ONE, "%s"), deep, CONTROLLER_VALIDATE_MACHINES, CONTROLLER_REVIEW_VALID, NULL},
        {VMI(ONE, "%s"), many, CONTROLLER_VALIDATE_MACHINES, CONTROLLER_REVIEW_VALID, NULL},
        {VMI(KEY "\"\\u0000\"", "%s"), STRANGE, CONTROLLER_VALIDATE_MACHINES,
            CONTROLLER_REVIEW_DENIED_INPUT, "contains a zero byte"},
        {VMI(KEY "{%s}", ""), many, CONTROLLER_VALIDATE_MACHINES, CONTROLLER_REVIEW_DENIED_INPUT,
            "the object cannot be checked: it has too many values"},
        {LEAVING(KEY "{%s}"), many, CONTROLLER_VALIDATE_MACHINES, CONTROLLER_REVIEW_UNTOUCHED,
            NULL},
        {POD("", "%s"), STRANGE, CONTROLLER_MUTATE_PODS, CONTROLLER_REVIEW_UNTOUCHED, NULL},
        {POD("", "%s"), deep, CONTROLLER_MUTATE_PODS, CONTROLLER_REVIEW_UNTOUCHED, NULL},
        {POD("", "%s"), many, CONTROLLER_MUTATE_PODS, CONTROLLER_REVIEW_UNTOUCHED, NULL},
        {POD(ONE, "%s"), STRANGE, CONTROLLER_MUTATE_PODS, CONTROLLER_REVIEW_PATCHED, NULL},
        {POD(ONE, "%s"), deep, CONTROLLER_MUTATE_PODS, CONTROLLER_REVIEW_DENIED_INPUT,
            "the object cannot be checked: it is nested deeper than 512 levels"},
        {POD(ONE, "%s"), many, CONTROLLER_MUTATE_PODS, CONTROLLER_REVIEW_DENIED_INPUT,
            "the object cannot be checked: it has too many values"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *body = xasprintf(cases[i].format, cases[i].more);
        const struct controller_review_options options = {
            .render = {.launcher = ANNOTATIONS_LAUNCHER_BUILTIN, .shim_image = "shim"}};
        enum controller_review_outcome outcome = CONTROLLER_REVIEW_BAD_REQUEST;
        auto_error struct error *error = NULL;
        auto_json json_t *answer =
            controller_review(cases[i].webhook, body, strlen(body), &options, &outcome, &error);
        if (answer == NULL)
            fail_msg("case %zu: %s", i, error->message);
        if (outcome != cases[i].outcome)
            fail_msg("case %zu: %s", i, controller_review_outcome_name(outcome));
        const json_t *status = json_pointer_get(answer, "/response/status");
        if (cases[i].message != NULL)
            assert_non_null(strstr(json_get_string(status, "message"), cases[i].message));
    }
}

/* An annotation of many faults gets a short answer. */
static void test_many_faults(UNUSED void **state)
{
    enum { MANY = 15000 };
    auto_free char *list = repeated("\"[{\\\"args\\\":[1", ",1", MANY - 1, "]}]\"");
    auto_free char *body = xasprintf(VMI(KEY "%s", ""), list);
    const struct controller_review_options options = {0};
    enum controller_review_outcome outcome = CONTROLLER_REVIEW_BAD_REQUEST;
    auto_json json_t *answer = controller_review(
        CONTROLLER_VALIDATE_MACHINES, body, strlen(body), &options, &outcome, NULL);
    assert_int_equal(outcome, CONTROLLER_REVIEW_DENIED_INPUT);
    const json_t *status = json_pointer_get(answer, "/response/status");
    const char *message = json_get_string(status, "message");
    assert_true(text_starts_with(message, "15000 faults:\n"));
    assert_true(text_ends_with(message, "\nand 14900 more"));
    assert_int_equal(json_array_size(json_pointer_get(status, "/details/causes")), 100);
    auto_free char *text = json_dumps(answer, 0);
    assert_true(strlen(text) < (64 << 10));
}

/* At most as many warnings, and as long, as the API server passes on; the others are counted. */
static void expect_warnings(size_t many)
{
    json_t *sidecar = json_pack("{s:s}", "image", "hook:v1");
    for (size_t i = 0; i < many; i++) {
        auto_free char *name = xasprintf("aFieldWhoseNameIsQuiteLongAndHasUmlautsÄÖÜ%zu", i);
        json_object_set_new(sidecar, name, json_true());
    }
    auto_json json_t *annotation = json_pack("[o]", sidecar);
    auto_json json_t *test = json_pack("{s:s, s:O}", "pod", "nonroot", "annotation", annotation);
    auto_json json_t *request = make_request(test);
    struct controller_review_options options = {0};
    enum controller_review_outcome outcome = CONTROLLER_REVIEW_BAD_REQUEST;
    auto_json json_t *answer = review(request, &options, &outcome);
    const json_t *warnings = json_object_get(json_object_get(answer, "response"), "warnings");
    size_t count = json_array_size(warnings);
    size_t said = 0;
    for (size_t i = 0; i < count; i++) {
        size_t length = json_string_length(json_array_get(warnings, i));
        assert_true(length <= CONTROLLER_VERDICT_WARNING_BYTES);
        said += length;
    }
    assert_true(said <= CONTROLLER_VERDICT_WARNINGS_BYTES);
    assert_true(said > CONTROLLER_VERDICT_WARNINGS_BYTES - 2 * CONTROLLER_VERDICT_WARNING_BYTES);
    auto_free char *last = xasprintf(
        "hookSidecars: %zu more warnings; hookctl validate shows all", many - (count - 1));
    assert_string_equal(json_string_value(json_array_get(warnings, count - 1)), last);
}

static void test_warnings(UNUSED void **state)
{
    expect_warnings(40);
    expect_warnings(FINDINGS_KEPT_MAX + 500);
}

/* None of our warnings is cut before it says what to do, not even at the longest path. */
static void test_warnings_are_whole(UNUSED void **state)
{
    enum { SIDECARS = 64 };
    static const struct {
        const char *sidecar;
        const char *warning;
    } cases[] = {
        {"{}", "[63]: the default image exits at once without --version: add \"args\": "
               "[\"--version\", \"v1alpha3\"]"},
        {"{\"args\": [\"-v\"]}",
            "[63].args: the default image exits at once without --version: add \"args\": "
            "[\"--version\", \"v1alpha3\"]"},
        {"{\"args\": [\"--version=v1alpha9\"]}",
            "[63].args: the default image exits at once with --version \"v1alpha9\": use v1alpha3, "
            "v1alpha2 or v1alpha1"},
        {"{\"image\": \"a\", \"resources\": {\"requests\": {\"ephemeral-storage\": \"1500m\"}}}",
            "[63].resources.requests.ephemeral-storage: \"1500m\" is not a whole number of bytes: "
            "m means "
            "thousandths, Mi means mebibytes"},
        {"{\"image\": \"a\", \"Timeoutseconds\": 5}",
            "[63].Timeoutseconds: is read as \"timeoutSeconds\": use that spelling"},
        {"{\"image\": \"a\", \"imagePullPolicies\": 5}",
            "[63].imagePullPolicies: is not a known field and is ignored (did you mean "
            "\"imagePullPolicy\"?)"},
        {"{\"image\": \"a\", \"annotations\": 5}",
            "[63].annotations: is not a known field and is ignored; known fields: image, "
            "imagePullPolicy, command, args, configMap, pvc, hostPath, resources, env, "
            "downwardAPI, timeoutSeconds and failurePolicy"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        json_t *annotation = json_array();
        while (json_array_size(annotation) < SIDECARS - 1)
            json_array_append_new(annotation, json_pack("{s:s}", "image", "a"));
        json_array_append_new(annotation, json_loads(cases[i].sidecar, 0, NULL));
        auto_json json_t *test =
            json_pack("{s:s, s:o}", "pod", "nonroot", "annotation", annotation);
        auto_json json_t *request = make_request(test);
        struct controller_review_options options = {0};
        enum controller_review_outcome outcome = CONTROLLER_REVIEW_BAD_REQUEST;
        auto_json json_t *answer = review(request, &options, &outcome);
        const json_t *warnings = json_object_get(json_object_get(answer, "response"), "warnings");
        assert_int_equal(json_array_size(warnings), 1);
        auto_free char *expected = xasprintf("hookSidecars%s", cases[i].warning);
        assert_string_equal(json_string_value(json_array_get(warnings, 0)), expected);
        assert_true(strlen(expected) <= CONTROLLER_VERDICT_WARNING_BYTES);
    }
}

/* A key of any length leaves room for the message. */
static void test_a_long_place_is_cut(UNUSED void **state)
{
    char key[1000] = "";
    memset(key, 'k', sizeof(key) - 1);
    auto_json json_t *test = json_pack(
        "{s:s, s:[{s:s, s:b}]}", "pod", "nonroot", "annotation", "image", "hook:v1", key, true);
    auto_json json_t *request = make_request(test);
    struct controller_review_options options = {0};
    enum controller_review_outcome outcome = CONTROLLER_REVIEW_BAD_REQUEST;
    auto_json json_t *answer = review(request, &options, &outcome);
    const json_t *warnings = json_object_get(json_object_get(answer, "response"), "warnings");
    assert_int_equal(json_array_size(warnings), 1);
    const char *warning = json_string_value(json_array_get(warnings, 0));
    assert_non_null(
        strstr(warning, "k…: is not a known field and is ignored; known fields: image"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_bad_requests),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_every_object_gets_a_verdict),
        cmocka_unit_test(test_many_faults),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_warnings_are_whole),
        cmocka_unit_test(test_a_long_place_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
