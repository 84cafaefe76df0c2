/* The input of a credential plugin, and the evaluation of its answer. */
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
#include "kube/exec.h"

static char v1[] = "client.authentication.k8s.io/v1";

#define CREDENTIAL(status)                                                                         \
    "{\"kind\": \"ExecCredential\", \"apiVersion\": \"client.authentication.k8s.io/v1\", "         \
    "\"status\": {" status "}}"

static void test_credentials(UNUSED void **state)
{
    static const struct {
        const char *status, *token, *certificate, *key;
        time_t expires;
    } cases[] = {
        {CREDENTIAL("\"token\": \"t\""), "t", NULL, NULL, 0},
        {CREDENTIAL("\"clientCertificateData\": \"c\", \"clientKeyData\": \"k\""), NULL, "c", "k",
            0},
        {CREDENTIAL("\"token\": \"t\", \"expirationTimestamp\": \"2026-01-02T03:04:05Z\""), "t",
            NULL, NULL, 1767323045},
        {CREDENTIAL("\"token\": \"t\", \"expirationTimestamp\": \"2026-01-02T05:04:05.25+02:00\""),
            "t", NULL, NULL, 1767323045},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct kube_credential read = {0};
        assert_int_equal(
            kube_credential_parse(v1, cases[i].status, strlen(cases[i].status), &read, NULL), 0);
        assert_string_equal(text_or(read.token, ""), text_or(cases[i].token, ""));
        assert_string_equal(text_or(read.certificate, ""), text_or(cases[i].certificate, ""));
        assert_string_equal(text_or(read.key, ""), text_or(cases[i].key, ""));
        assert_int_equal(read.expires, cases[i].expires);
        kube_credential_clear(&read);
    }
}

static void test_faults(UNUSED void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"SECRET", "its output is not JSON (line 1, column 6); expected an ExecCredential"},
        {"", "its output is not JSON (line 1, column 1); expected an ExecCredential"},
        {"[\"SECRET\"]", "its output is not an ExecCredential (wrong kind)"},
        {"{\"kind\": \"ExecCredential\", \"apiVersion\": \"v2\"}",
            "its ExecCredential has apiVersion \"v2\", but "
            "client.authentication.k8s.io/v1 was requested"},
        {CREDENTIAL(""),
            "its ExecCredential has neither status.token nor status.clientCertificateData"},
        {CREDENTIAL("\"token\": \"SECRET\\r\\nX: y\""), "status.token contains a line break"},
        {CREDENTIAL("\"token\": \"SECRET\", \"clientKeyData\": \"SECRET\""),
            "status.clientCertificateData and status.clientKeyData must be set together"},
        {CREDENTIAL("\"token\": \"SECRET\", \"expirationTimestamp\": \"tomorrow\""),
            "status.expirationTimestamp is not a time (use 2026-01-02T03:04:05Z)"},
        {CREDENTIAL("\"token\": \"SECRET\", \"expirationTimestamp\": \"2026-01-02T03:04:05\""),
            "status.expirationTimestamp is not a time (use 2026-01-02T03:04:05Z)"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct kube_credential read = {0};
        auto_error struct error *err = NULL;
        assert_int_equal(
            kube_credential_parse(v1, cases[i].text, strlen(cases[i].text), &read, &err), -1);
        assert_string_equal(err->message, cases[i].error);
        kube_credential_clear(&read);
    }
}

static void test_info(UNUSED void **state)
{
    auto_json json_t *own = json_pack("{s:s}", "audience", "a");
    static char server[] = "https://h:1";
    static char name[] = "api";
    static char ca[] = "PEM";
    struct kube_exec exec = {.api_version = v1};
    struct kube_config config = {
        .server = server, .tls_server_name = name, .ca_data = ca, .exec = &exec};
    auto_free char *without = kube_exec_info(&config, NULL);
    assert_string_equal(without,
        "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"spec\":{"
        "\"interactive\":false}}");
    exec.provide_cluster_info = true;
    exec.cluster_config = own;
    auto_free char *with = kube_exec_info(&config, NULL);
    assert_string_equal(with,
        "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"spec\":{"
        "\"interactive\":false,\"cluster\":{\"server\":\"https://h:1\",\"tls-server-name\":\"api\","
        "\"certificate-authority-data\":\"UEVN\",\"config\":{\"audience\":\"a\"}}}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_credentials),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_info),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
