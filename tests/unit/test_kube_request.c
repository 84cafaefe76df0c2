/* Requests to the API server: paths, keys and bodies, and invalid ones. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "kube/exchange.h"
#include "kube/request.h"

static void test_paths(UNUSED void **state)
{
    static const struct {
        const struct kube_resource *resource;
        const char *namespace, *name, *subresource, *path;
    } cases[] = {
        {&kube_pods, NULL, NULL, NULL, "/api/v1/pods"},
        {&kube_pods, "d", NULL, NULL, "/api/v1/namespaces/d/pods"},
        {&kube_pods, "d", "a", "status", "/api/v1/namespaces/d/pods/a/status"},
        {&kube_namespaces, NULL, "d", NULL, "/api/v1/namespaces/d"},
        {&kube_mutating_webhooks, "ignored", "h", NULL,
            "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/h"},
        {&kube_virtual_machine_instances, "d", "a/../b?c=%\xC3\xA9", NULL,
            "/apis/kubevirt.io/v1/namespaces/d/virtualmachineinstances/a%2F..%2Fb%3Fc%3D%25%C3%A9"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *path = kube_resource_path(
            cases[i].resource, cases[i].namespace, cases[i].name, cases[i].subresource);
        assert_string_equal(path, cases[i].path);
    }
}

static void test_metadata(UNUSED void **state)
{
    auto_json json_t *object = json_pack("{s:{s:s, s:s, s:s, s:s, s:{s:s, s:s, s:i}}}", "metadata",
        "name", "a", "namespace", "d", "uid", "u", "resourceVersion", "7", "labels", "l", "1", "k",
        "v", "n", 1);
    auto_json json_t *wrong = json_pack("{s:[s]}", "metadata", "name");
    assert_string_equal(kube_name(object), "a");
    assert_string_equal(kube_namespace(object), "d");
    assert_string_equal(kube_uid(object), "u");
    assert_string_equal(kube_resource_version(object), "7");
    assert_string_equal(kube_label(object, "l"), "1");
    assert_null(kube_label(object, "n"));
    assert_null(kube_label(wrong, "l"));
    assert_string_equal(kube_name(wrong), "");
    assert_string_equal(kube_name(NULL), "");
}

static void test_keys(UNUSED void **state)
{
    static const struct {
        const char *key, *namespace, *name;
    } cases[] = {{"d/a", "d", "a"}, {"a", "", "a"}, {"", "", ""}, {"a/b/c", "a", "b/c"}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *namespace = NULL;
        auto_free char *name = NULL;
        kube_key_split(cases[i].key, &namespace, &name);
        assert_string_equal(namespace, cases[i].namespace);
        assert_string_equal(name, cases[i].name);
        auto_json json_t *object =
            json_pack("{s:{s:s, s:s}}", "metadata", "name", name, "namespace", namespace);
        auto_free char *key = kube_key(object);
        assert_string_equal(key, cases[i].key);
    }
}

struct request_case {
    struct kube_request request;
    const char *body; /* JSON; NULL: none */
    bool idempotent;
    const char *what, *method, *content_type, *path, *sent;
};

#define POD "/api/v1/namespaces/d/pods/a"

static const struct request_case cases[] = {
    {{.verb = KUBE_GET, .namespace = "d", .name = "a"}, NULL, true, "get pods d/a", "GET", NULL,
        POD, NULL},
    {{.verb = KUBE_LIST,
         .label_selector = "a=b,c!=d",
         .field_selector = "x=y",
         .resource_version = "0",
         .continue_token = "t+/=",
         .limit = 500},
        NULL, true, "list pods", "GET", NULL,
        "/api/v1/pods?labelSelector=a%3Db%2Cc%21%3Dd&fieldSelector=x%3Dy&resourceVersion=0&limit="
        "500&continue=t%2B%2F%3D",
        NULL},
    {{.verb = KUBE_CREATE, .namespace = "d", .field_manager = "m"},
        "{\"metadata\":{\"name\":\"a\"}}", false, "create pods d/a", "POST", "application/json",
        "/api/v1/namespaces/d/pods?fieldManager=m", "{\"metadata\":{\"name\":\"a\"}}"},
    {{.verb = KUBE_CREATE, .namespace = "d", .dry_run = true}, "{}", true, "create pods d", "POST",
        "application/json", "/api/v1/namespaces/d/pods?dryRun=All", "{}"},
    {{.verb = KUBE_UPDATE, .namespace = "d", .name = "a", .subresource = "status"},
        "{\"metadata\":{\"resourceVersion\":\"7\"}}", true, "update pods/status d/a", "PUT",
        "application/json", POD "/status", "{\"metadata\":{\"resourceVersion\":\"7\"}}"},
    {{.verb = KUBE_UPDATE, .namespace = "d", .name = "a"}, "{}", false, "update pods d/a", "PUT",
        "application/json", POD, "{}"},
    {{.verb = KUBE_PATCH_JSON, .namespace = "d", .name = "a"}, "[{\"op\":\"remove\"}]", false,
        "patch pods d/a", "PATCH", "application/json-patch+json", POD, "[{\"op\":\"remove\"}]"},
    {{.verb = KUBE_PATCH_JSON, .namespace = "d", .name = "a"},
        "[1,{\"op\":\"test\",\"path\":\"/metadata/resourceVersion\",\"value\":\"7\"}]", true,
        "patch pods d/a", "PATCH", "application/json-patch+json", POD,
        "[1,{\"op\":\"test\",\"path\":\"/metadata/resourceVersion\",\"value\":\"7\"}]"},
    {{.verb = KUBE_PATCH_MERGE, .namespace = "d", .name = "a"}, "{\"x\":null}", false,
        "patch pods d/a", "PATCH", "application/merge-patch+json", POD, "{\"x\":null}"},
    {{.verb = KUBE_APPLY, .namespace = "d", .name = "a", .field_manager = "m", .force = true}, "{}",
        true, "apply pods d/a", "PATCH", "application/apply-patch+yaml",
        POD "?fieldManager=m&force=true", "{}"},
    {{.verb = KUBE_DELETE, .namespace = "d", .name = "a"}, NULL, false, "delete pods d/a", "DELETE",
        "application/json", POD, "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\"}"},
    {{.verb = KUBE_DELETE,
         .namespace = "d",
         .name = "a",
         .precondition_uid = "u",
         .precondition_resource_version = "7",
         .grace_period_seconds = 5,
         .dry_run = true},
        "{\"propagationPolicy\":\"Orphan\"}", true, "delete pods d/a", "DELETE", "application/json",
        POD,
        "{\"dryRun\":[\"All\"],\"gracePeriodSeconds\":5,\"preconditions\":{\"resourceVersion\":\"7"
        "\",\"uid\":\"u\"},\"propagationPolicy\":\"Orphan\"}"},
    {{.verb = KUBE_DELETE, .namespace = "d", .name = "a", .grace_period_seconds = -1}, "{}", false,
        "delete pods d/a", "DELETE", "application/json", POD, "{\"gracePeriodSeconds\":0}"},
};

static void exchange_clear(struct kube_exchange *exchange)
{
    free(exchange->what);
    free(exchange->path);
    free(exchange->body);
}

/* NULL where the text is, as a word. */
static void assert_text(const char *text, const char *wanted)
{
    assert_string_equal(text_or(text, "(none)"), text_or(wanted, "(none)"));
}

static void test_requests(UNUSED void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct kube_request request = cases[i].request;
        struct kube_exchange exchange = {0};
        auto_json json_t *body = cases[i].body != NULL ? json_loads(cases[i].body, 0, NULL) : NULL;
        request.resource = &kube_pods;
        request.body = body;
        assert_null(kube_request_fill(&request, &exchange));
        assert_string_equal(exchange.what, cases[i].what);
        assert_string_equal(exchange.method, cases[i].method);
        assert_text(exchange.content_type, cases[i].content_type);
        assert_string_equal(exchange.path, cases[i].path);
        assert_int_equal(kube_request_is_idempotent(&request), cases[i].idempotent);
        auto_json json_t *sent = exchange.body != NULL ? json_loads(exchange.body, 0, NULL) : NULL;
        auto_free char *sorted =
            sent != NULL ? json_dumps(sent, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
        assert_text(sorted, cases[i].sent);
        exchange_clear(&exchange);
    }
}

/* A request without a name would address the whole collection. */
static void test_impossible(UNUSED void **state)
{
    static const struct {
        struct kube_request request;
        const char *why;
    } impossible[] = {
        {{.verb = KUBE_DELETE, .namespace = "d"}, "the object has no valid name"},
        {{.verb = KUBE_DELETE, .namespace = "d", .name = ""}, "the object has no valid name"},
        {{.verb = KUBE_GET, .namespace = "d", .name = ".."}, "the object has no valid name"},
        {{.verb = KUBE_GET, .namespace = ".", .name = "a"}, "the namespace is not valid"},
        {{.verb = KUBE_GET, .name = "a"}, "the object has no namespace"},
        {{.verb = KUBE_CREATE, .namespace = "d"}, "the object to send is missing"},
        {{.verb = KUBE_APPLY, .namespace = "d", .name = "a"}, "the field manager is missing"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(impossible); i++) {
        struct kube_request request = impossible[i].request;
        struct kube_exchange exchange = {0};
        request.resource = &kube_pods;
        assert_string_equal(kube_request_fill(&request, &exchange), impossible[i].why);
        exchange_clear(&exchange);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_impossible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
