/* The certificates in the Secret that replicas share: creation, reading, renewal, and caBundle. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "controller/certificates/ca_bundle.h"
#include "controller/certificates/secret_pair.h"
#include "tls/base64.h"
#include "tls/pem.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static const char *const names[] = {"webhook.hookline.svc", NULL};

static json_t *make(const json_t *existing, int64_t validity_ms, const char *previous_ca)
{
    json_t *secret = controller_secret_make(
        "hookline", "certificate", existing, names, validity_ms, previous_ca, NULL);
    assert_non_null(secret);
    return secret;
}

static void test_what_is_made_can_be_read(UNUSED void **state)
{
    auto_json json_t *secret = make(NULL, DAY_MS, NULL);
    assert_string_equal(json_get_string(secret, "type"), "kubernetes.io/tls");
    assert_string_equal(
        json_get_string(json_object_get(secret, "metadata"), "namespace"), "hookline");
    json_t *data = json_object_get(secret, "data");
    assert_int_equal(json_object_size(data), 3); /* ca.crt, tls.crt and tls.key: not the CA's key */
    assert_null(json_object_get(data, "ca.key"));

    struct controller_secret_pair pair;
    assert_int_equal(controller_secret_pair_read(&pair, "Secret", secret, NULL), 0);
    assert_null(pair.previous_ca);
    assert_true(tls_certificate_is_for(pair.certificate, names[0]));
    time_t now = time(NULL);
    time_t renewal = controller_certificate_renewal(pair.certificate);
    assert_in_range(renewal, now + 15 * 3600, now + 17 * 3600); /* 8 of 24 hours are left */

    /* the key was overwritten as it was read */
    const json_t *key = json_object_get(data, "tls.key");
    assert_true(json_string_length(key) > 100);
    assert_int_equal(strlen(json_string_value(key)), 0);
    controller_secret_pair_clear(&pair);
}

static void test_a_new_pair_in_an_old_secret(UNUSED void **state)
{
    auto_json json_t *old = json_pack("{s:s, s:{s:s, s:s}, s:{s:s}}", "type", "Opaque", "metadata",
        "name", "certificate", "resourceVersion", "17", "data", "other", "eA==");
    struct tls_pem ca = {NULL, NULL};
    assert_int_equal(tls_pem_make_ca("Old CA", DAY_MS, &ca, NULL), 0);
    auto_json json_t *secret = make(old, DAY_MS, ca.certificate);
    assert_string_equal(json_get_string(secret, "type"), "Opaque");
    assert_string_equal(
        json_get_string(json_object_get(secret, "metadata"), "resourceVersion"), "17");
    assert_string_equal(json_get_string(json_object_get(secret, "data"), "other"), "eA==");
    assert_int_equal(json_object_size(json_object_get(old, "data")), 1);

    struct controller_secret_pair pair;
    assert_int_equal(controller_secret_pair_read(&pair, "Secret", secret, NULL), 0);
    assert_string_equal(pair.previous_ca, ca.certificate);
    controller_secret_pair_clear(&pair);
    tls_pem_clear(&ca);
}

static void test_secrets_that_are_no_good(UNUSED void **state)
{
    static const struct {
        const char *key, *value, *says;
    } cases[] = {
        {"ca.crt", NULL, "it has no ca.crt"},
        {"ca.crt", "", "it has no ca.crt"},
        {"ca.crt", "%%%", "ca.crt is not Base64"},
        {"ca.crt", "eA==", "ca.crt is not a CA, or has expired"},
        {"tls.crt", NULL, "it has no tls.crt"},
        {"tls.crt", "eA==", "no PEM certificate"},
        {"tls.key", NULL, "it has no tls.key"},
        {"tls.key", "eA==", "no PEM private key"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *secret = make(NULL, DAY_MS, NULL);
        json_t *data = json_object_get(secret, "data");
        if (cases[i].value == NULL)
            json_object_del(data, cases[i].key);
        else
            json_object_set_new(data, cases[i].key, json_string(cases[i].value));
        struct controller_secret_pair pair;
        auto_error struct error *error = NULL;
        assert_int_equal(controller_secret_pair_read(&pair, "Secret a/b", secret, &error), -1);
        assert_true(text_starts_with(error->message, "Secret a/b: "));
        if (strstr(error->message, cases[i].says) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", error->message, cases[i].says);
        controller_secret_pair_clear(&pair);
    }
}

static void test_a_ca_that_is_too_large_for_the_webhooks(UNUSED void **state)
{
    auto_json json_t *secret = make(NULL, DAY_MS, NULL);
    json_t *data = json_object_get(secret, "data");
    auto_free char *ca = tls_base64_decode(
        json_get_string(data, "ca.crt"), json_string_length(json_object_get(data, "ca.crt")));
    auto_free char *padded = xasprintf("%*s\n%s", 1 << 20, "", ca);
    auto_free char *base64 = tls_base64_encode(padded);
    json_object_set_new(data, "ca.crt", json_string(base64));
    struct controller_secret_pair pair;
    auto_error struct error *error = NULL;
    assert_int_equal(controller_secret_pair_read(&pair, "Secret a/b", secret, &error), -1);
    assert_non_null(strstr(error->message, "at most 65536 are allowed"));
    controller_secret_pair_clear(&pair);
}

static void test_a_leaf_of_another_ca(UNUSED void **state)
{
    auto_json json_t *one = make(NULL, DAY_MS, NULL);
    auto_json json_t *other = make(NULL, DAY_MS, NULL);
    json_object_set(json_object_get(one, "data"), "ca.crt",
        json_object_get(json_object_get(other, "data"), "ca.crt"));
    struct controller_secret_pair pair;
    auto_error struct error *error = NULL;
    assert_int_equal(controller_secret_pair_read(&pair, "Secret a/b", one, &error), -1);
    assert_string_equal(error->message, "Secret a/b: ca.crt did not sign tls.crt");
    assert_non_null(pair.ca); /* which clients know */
    controller_secret_pair_clear(&pair);
}

static void test_a_previous_ca_of_no_use_is_left_out(UNUSED void **state)
{
    struct tls_pem expired = {NULL, NULL};
    assert_int_equal(tls_pem_make_ca("Old CA", -1000, &expired, NULL), 0);
    const char *cases[] = {"nothing", expired.certificate};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *secret = make(NULL, DAY_MS, cases[i]);
        struct controller_secret_pair pair;
        assert_int_equal(controller_secret_pair_read(&pair, "Secret", secret, NULL), 0);
        assert_null(pair.previous_ca);
        controller_secret_pair_clear(&pair);
    }
    tls_pem_clear(&expired);
}

#define OURS "'service': {'name': 'webhook', 'namespace': 'hookline'}"

static void test_patch_of_a_configuration(UNUSED void **state)
{
    static const struct controller_ca_bundle_service service = {
        .namespace = "hookline", .name = "webhook"};
    static const struct {
        const char *configuration, *patch;
    } cases[] = {
        {"{'metadata': {'resourceVersion': '5'}, 'webhooks': ["
         "{'clientConfig': {" OURS ", 'caBundle': 'Zm9v'}}]}",
            NULL},
        {"{'metadata': {'resourceVersion': '5'}, 'webhooks': []}", NULL},
        {"{'metadata': {'resourceVersion': '5'}}", NULL},
        {"{'metadata': {'resourceVersion': '5'}, 'webhooks': ["
         "{'clientConfig': {'url': 'https://webhook.hookline.svc', 'caBundle': 'YmFy'}},"
         "{'clientConfig': {'service': {'name': 'webhook', 'namespace': 'other'}}},"
         "{'clientConfig': {'service': {'name': 'other', 'namespace': 'hookline'}}},"
         "{'clientConfig': {}}, {}, 7]}",
            NULL},
        {"{'metadata': {'resourceVersion': '5'}, 'webhooks': ["
         "{'clientConfig': {" OURS ", 'caBundle': 'Zm9v'}},"
         "{'clientConfig': {" OURS ", 'caBundle': 'YmFy'}},"
         "{'clientConfig': {" OURS "}}]}",
            "[{'op': 'test', 'path': '/metadata/resourceVersion', 'value': '5'},"
            "{'op': 'add', 'path': '/webhooks/1/clientConfig/caBundle', 'value': 'Zm9v'},"
            "{'op': 'add', 'path': '/webhooks/2/clientConfig/caBundle', 'value': 'Zm9v'}]"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *text = xstrdup(cases[i].configuration);
        char *expected = xstrdup(cases[i].patch == NULL ? "null" : cases[i].patch);
        for (char *quote = text; (quote = strchr(quote, '\'')) != NULL;)
            *quote = '"';
        for (char *quote = expected; (quote = strchr(quote, '\'')) != NULL;)
            *quote = '"';
        auto_json json_t *configuration = json_loads(text, 0, NULL);
        auto_json json_t *wanted = json_loads(expected, JSON_DECODE_ANY, NULL);
        assert_non_null(configuration);
        assert_non_null(wanted);
        auto_json json_t *patch = controller_ca_bundle_patch(configuration, &service, "Zm9v");
        if (cases[i].patch == NULL)
            assert_null(patch);
        else
            assert_true(json_equal(patch, wanted));
        free(text);
        free(expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_made_can_be_read),
        cmocka_unit_test(test_a_new_pair_in_an_old_secret),
        cmocka_unit_test(test_secrets_that_are_no_good),
        cmocka_unit_test(test_a_ca_that_is_too_large_for_the_webhooks),
        cmocka_unit_test(test_a_leaf_of_another_ca),
        cmocka_unit_test(test_a_previous_ca_of_no_use_is_left_out),
        cmocka_unit_test(test_patch_of_a_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
