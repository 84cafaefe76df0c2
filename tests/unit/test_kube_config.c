/* Kubeconfigs: errors, merging, the configuration in a pod, and that no message contains a secret.
 * */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/unused.h"
#include "kube/config_load.h"
#include "kube/config_files.h"
#include "tests/unit/directory.h"

/* "-----BEGIN CERTIFICATE-----" and "-----BEGIN PRIVATE KEY-----" in base64 */
#define CERTIFICATE "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg=="
#define KEY "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCg=="

/* A kubeconfig with one context, a, and these lines in its cluster and user. */
#define ONE(cluster, user)                                                                         \
    "current-context: a\n"                                                                         \
    "contexts: [{name: a, context: {cluster: c, user: u, namespace: ns}}]\n"                       \
    "clusters: [{name: c, cluster: {server: 'https://h:1'" cluster "}}]\n"                         \
    "users: [{name: u, user: {" user "}}]\n"
#define EXEC(fields) "exec: {apiVersion: client.authentication.k8s.io/v1, command: aws" fields "}"

static struct kube_config *read_one(const char *text, const char *context, struct error **err)
{
    struct kube_config_files *files = kube_config_files_new();
    struct kube_config *config = NULL;
    if (kube_config_files_add(files, "/x/config", text, strlen(text), err) == 0)
        config = kube_config_files_choose(files, context, err);
    kube_config_files_free(files);
    return config;
}

static void test_faults(UNUSED void **state)
{
    static const struct {
        const char *text, *context, *error;
    } cases[] = {
        {"a: b: SECRET\n", NULL, "/x/config:1:5: not valid YAML or JSON"},
        {"{\"users\": \"SECRET}", NULL, "/x/config:1:18: not valid YAML or JSON"},
        {"token: 99999999999999999999\n", NULL, "/x/config:1:8: not valid YAML or JSON"},
        {"[]", NULL,
            "/x/config: a kubeconfig is an object with clusters, users and contexts, not an array"},
        {"a: 1\n---\nb: 1\n", NULL, "/x/config: more than one YAML document"},
        {"users: SECRET\n", NULL, "/x/config: users must be an array, not a string"},
        {"users: [SECRET]\n", NULL, "/x/config: an entry of users has no name"},
        {"users: [{name: a, user: SECRET}]\n", NULL,
            "/x/config: users \"a\": user must be an object, not a string"},
        {"users: [{name: a}, {name: a}]\n", NULL, "/x/config: users has two entries \"a\""},
        {"", NULL, "/x/config: no context is chosen: set current-context, or use --context"},
        {ONE("", ""), "zz", "/x/config: there is no context \"zz\"; contexts: a"},
        {"current-context: a", NULL, "/x/config: there is no context \"a\"; contexts: none"},
        {"current-context: a\ncontexts: [{name: a, context: {cluster: kindd}}]\n"
         "clusters: [{name: kind}, {name: other}]\n",
            NULL,
            "/x/config: context \"a\": there is no cluster \"kindd\" (did you mean \"kind\"?); "
            "clusters: kind or other"},
        {"current-context: a\ncontexts: [{name: a, context: {user: u}}]\nusers: [{name: u}]\n",
            NULL, "/x/config: context \"a\": cluster: is missing"},
        {"current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\nclusters: [{name: "
         "c}]\n",
            NULL, "/x/config: cluster \"c\": server: is missing (use https://HOST:PORT)"},
        {ONE("", "token: 12345"), NULL,
            "/x/config: user \"u\": token: must be a string, not a number (quote it)"},
        {ONE("", "token: \"SECRET\\r\\nX: y\""), NULL,
            "/x/config: user \"u\": token: contains a line break"},
        {ONE(", insecure-skip-tls-verify: 'yes'", ""), NULL,
            "/x/config: cluster \"c\": insecure-skip-tls-verify: must be true or false, not a "
            "string"},
        {ONE(", certificate-authority-data: '%SECRET'", ""), NULL,
            "/x/config: cluster \"c\": certificate-authority-data: is not base64"},
        {ONE(", certificate-authority-data: U0VDUkVU", ""), NULL,
            "/x/config: cluster \"c\": certificate-authority-data: is not PEM in base64"},
        {ONE(", certificate-authority: missing.crt", ""), NULL,
            "/x/config: cluster \"c\": certificate-authority: reading /x/missing.crt: No such file "
            "or directory"},
        {ONE(", insecure-skip-tls-verify: true, certificate-authority-data: " CERTIFICATE, ""),
            NULL,
            "/x/config: cluster \"c\": insecure-skip-tls-verify: cannot be true together with a "
            "certificate-authority: remove one of them"},
        {ONE("", "client-certificate-data: " CERTIFICATE), NULL,
            "/x/config: user \"u\": client-certificate: must be set together with "
            "client-key"},
        {ONE("", "token: SECRET, username: b"), NULL,
            "/x/config: user \"u\": username: cannot be set together with a token: remove one "
            "of them"},
        {ONE("", "as: admin"), NULL, "/x/config: user \"u\": as: is not supported"},
        {ONE("", "auth-provider: {name: gcp}"), NULL,
            "/x/config: user \"u\": auth-provider: is not supported"},
        {ONE("", "exec: SECRET"), NULL,
            "/x/config: user \"u\": exec: must be an object, not a string"},
        {ONE("", "exec: {apiVersion: client.authentication.k8s.io/v1}"), NULL,
            "/x/config: exec of user \"u\": command: is missing"},
        {ONE("", "exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: aws}"), NULL,
            "/x/config: exec of user \"u\": apiVersion: \"client.authentication.k8s.io/v1alpha1\" "
            "is not supported: use client.authentication.k8s.io/v1 or "
            "client.authentication.k8s.io/v1beta1"},
        {ONE("", EXEC(", interactiveMode: Always")), NULL,
            "/x/config: exec of user \"u\": interactiveMode: the plugin requires a terminal, "
            "which is not available: use IfAvailable or Never"},
        {ONE("", EXEC(", args: [1]")), NULL,
            "/x/config: exec of user \"u\": args: must be strings, not a number (quote it)"},
        {ONE("", EXEC(", env: [{name: A, value: b}, {name: 'C=', value: SECRET}]")), NULL,
            "/x/config: exec of user \"u\": env: [1] must have a name and a value, both strings"},
        {ONE("", "token: SECRET, " EXEC("")), NULL,
            "/x/config: user \"u\": exec: cannot be set together with a token or a username"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *err = NULL;
        auto_kube_config struct kube_config *config =
            read_one(cases[i].text, cases[i].context, &err);
        assert_null(config);
        assert_string_equal(err->message, cases[i].error);
        assert_null(strstr(err->message, "SECRET"));
    }
}

static void test_all_members(UNUSED void **state)
{
    auto_kube_config struct kube_config *config =
        read_one(ONE(", tls-server-name: api, proxy-url: 'http://p:3', "
                     "certificate-authority-data: " CERTIFICATE,
                     "token: t, client-certificate-data: " CERTIFICATE ", client-key-data: " KEY),
            NULL, NULL);
    auto_kube_config struct kube_config *copy = kube_config_copy(config);
    assert_string_equal(copy->origin, "context \"a\" in /x/config");
    assert_string_equal(copy->server, "https://h:1");
    assert_string_equal(copy->namespace, "ns");
    assert_string_equal(copy->tls_server_name, "api");
    assert_string_equal(copy->proxy_url, "http://p:3");
    assert_string_equal(copy->ca_data, "-----BEGIN CERTIFICATE-----\n");
    assert_string_equal(copy->certificate_data, "-----BEGIN CERTIFICATE-----\n");
    assert_string_equal(copy->key_data, "-----BEGIN PRIVATE KEY-----\n");
    assert_string_equal(copy->token, "t");
    assert_false(copy->insecure);
    assert_null(copy->exec);
}

static void test_exec(UNUSED void **state)
{
    auto_kube_config struct kube_config *config = read_one(
        ONE(", extensions: [{name: other}, {name: client.authentication.k8s.io/exec, extension: "
            "{audience: a}}]",
            "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: bin/login, args: "
            "[-v, x], env: [{name: A, value: b}], provideClusterInfo: true, installHint: get it}"),
        NULL, NULL);
    auto_kube_config struct kube_config *copy = kube_config_copy(config);
    const struct kube_exec *exec = copy->exec;
    assert_string_equal(exec->argv[0], "/x/bin/login");
    assert_string_equal(exec->argv[1], "-v");
    assert_string_equal(exec->argv[2], "x");
    assert_null(exec->argv[3]);
    assert_string_equal(exec->environment[0], "A=b");
    assert_null(exec->environment[1]);
    assert_true(exec->provide_cluster_info);
    assert_string_equal(exec->api_version, "client.authentication.k8s.io/v1beta1");
    assert_string_equal(exec->install_hint, "get it");
    assert_string_equal(json_string_value(json_object_get(exec->cluster_config, "audience")), "a");
}

/* A command without a slash is found in $PATH, not beside the file. */
static void test_exec_in_path(UNUSED void **state)
{
    auto_kube_config struct kube_config *config = read_one(ONE("", EXEC("")), NULL, NULL);
    assert_string_equal(config->exec->argv[0], "aws");
    assert_null(config->exec->environment);
}

/* Writes a file in a directory. Returns its path, owned by the caller. */
static char *put(const char *directory, const char *name, const char *text)
{
    char *path = file_join(directory, name);
    auto_free char *parent = xstrndup(path, (size_t)(strrchr(path, '/') - path));
    assert_int_equal(file_make_directories(parent, 0700, NULL), 0);
    assert_int_equal(file_write(path, text, strlen(text), 0600, NULL), 0);
    return path;
}

/* A home directory, and an environment without a cluster. */
static int set_up(void **state)
{
    unsetenv("KUBECONFIG");
    unsetenv("KUBERNETES_SERVICE_HOST");
    unsetenv("KUBERNETES_SERVICE_PORT");
    if (directory_setup(state) != 0)
        return -1;
    return setenv("HOME", *state, 1);
}

/* With several files, the first one with an entry or value wins; paths are relative to each file's
 * directory. */
static void test_merge(void **state)
{
    const char *directory = *state;
    auto_free char *first = put(directory, "one/config",
        "users: [{name: u, user: {tokenFile: token}}]\n"
        "clusters: [{name: c, cluster: {server: 'https://first'}}]\n");
    auto_free char *second = put(directory, "two/config",
        "current-context: a\n"
        "contexts: [{name: a, context: {cluster: c, user: u}}]\n"
        "clusters: [{name: c, cluster: {server: 'https://second', proxy-url: 'http://p'}}]\n"
        "users: [{name: u, user: {tokenFile: other}}]\n");
    auto_free char *third = put(directory, "three", "current-context: b\n");
    auto_free char *token = put(directory, "one/token", "t");
    auto_free char *list = xasprintf("%s::%s/missing:%s:%s", first, directory, second, third);
    setenv("KUBECONFIG", list, 1);
    auto_error struct error *err = NULL;
    auto_kube_config struct kube_config *config = kube_config_load(NULL, &err);
    assert_null(err);
    assert_string_equal(config->server, "https://first");
    assert_null(config->proxy_url);
    assert_string_equal(config->token_file, token);
    assert_string_equal(config->namespace, "default");
}

static void test_home_and_overrides(void **state)
{
    const char *directory = *state;
    auto_free char *path = put(
        directory, ".kube/config", ONE(", certificate-authority-data: " CERTIFICATE, "token: t"));
    struct kube_config_options options = {.namespace = "other", .insecure = true};
    auto_kube_config struct kube_config *config = kube_config_load(NULL, NULL);
    auto_kube_config struct kube_config *overridden = kube_config_load(&options, NULL);
    assert_string_equal(config->namespace, "ns");
    assert_false(config->insecure);
    assert_string_equal(overridden->namespace, "other");
    assert_true(overridden->insecure);
    assert_null(overridden->ca_data);
}

static void test_not_found(void **state)
{
    const char *directory = *state;
    auto_error struct error *nowhere = NULL;
    auto_error struct error *missing = NULL;
    auto_error struct error *no_file = NULL;
    struct kube_config_options options = {.kubeconfig = "/nonexistent"};
    assert_null(kube_config_load(NULL, &nowhere));
    assert_string_equal(nowhere->message,
        "no cluster configuration found: no --kubeconfig, no $KUBECONFIG, no service account of a "
        "pod in /var/run/secrets/kubernetes.io/serviceaccount with $KUBERNETES_SERVICE_HOST, and "
        "no ~/.kube/config");
    setenv("KUBECONFIG", directory, 1);
    assert_null(kube_config_load(NULL, &missing));
    assert_non_null(strstr(missing->message, "Is a directory"));
    setenv("KUBECONFIG", "/nonexistent", 1);
    error_free(steal(&missing));
    assert_null(kube_config_load(NULL, &missing));
    assert_string_equal(missing->message, "there is no kubeconfig at /nonexistent ($KUBECONFIG)");
    assert_null(kube_config_load(&options, &no_file));
    assert_string_equal(
        no_file->message, "reading /nonexistent (--kubeconfig): No such file or directory");
}

static void test_urls(void **state)
{
    const char *directory = *state;
    static const struct {
        const char *cluster, *user, *error;
    } cases[] = {
        {"server: h", "", "server \"h\" is not a URL (use https://HOST:PORT)"},
        {"server: 'ftp://h'", "", "server \"ftp://h\" is not a URL (use https://HOST:PORT)"},
        {"server: 'http://h'", "token: SECRET",
            "server http://h: credentials are not sent without TLS; use https://"},
        {"server: 'http://h'", "", NULL},
        {"server: 'https://[fd00::1]:6443/k8s/'", "token: SECRET", NULL},
        {"server: 'https://h', proxy-url: 'socks5://u:SECRET@p'", "", NULL},
        {"server: 'https://h', proxy-url: 'ftp://u:SECRET@p'", "",
            "proxy-url is not an http://, https:// or socks5:// URL"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *text =
            xasprintf("current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n"
                      "clusters: [{name: c, cluster: {%s}}]\nusers: [{name: u, user: {%s}}]\n",
                cases[i].cluster, cases[i].user);
        auto_free char *path = put(directory, "config", text);
        auto_error struct error *err = NULL;
        struct kube_config_options options = {.kubeconfig = path};
        auto_kube_config struct kube_config *config = kube_config_load(&options, &err);
        if (cases[i].error == NULL) {
            assert_non_null(config);
            continue;
        }
        assert_null(config);
        auto_free char *whole = xasprintf("context \"a\" in %s: %s", path, cases[i].error);
        assert_string_equal(err->message, whole);
    }
}

/* The configuration of a pod whose environment names the API server. */
static struct kube_config *load_in_cluster(
    const char *directory, const char *host, const char *port, struct error **err)
{
    setenv("KUBERNETES_SERVICE_HOST", host, 1);
    setenv("KUBERNETES_SERVICE_PORT", port, 1);
    return kube_config_in_cluster(directory, err);
}

static void test_in_cluster(void **state)
{
    const char *directory = *state;
    static const struct {
        const char *host, *port, *server;
    } cases[] = {
        {"10.96.0.1", "443", "https://10.96.0.1:443"},
        {"fd00::1", "6443", "https://[fd00::1]:6443"},
        {"10.96.0.1", "x", NULL},
        {"", "443", NULL},
    };
    auto_free char *token = put(directory, "token", "t");
    auto_free char *ca = put(directory, "ca.crt", "pem");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *err = NULL;
        auto_kube_config struct kube_config *config =
            load_in_cluster(directory, cases[i].host, cases[i].port, &err);
        if (cases[i].server == NULL) {
            assert_null(config);
            assert_string_equal(err->message,
                "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT do not say where the API "
                "server is");
            continue;
        }
        assert_string_equal(config->server, cases[i].server);
        assert_string_equal(config->token_file, token);
        assert_string_equal(config->ca_file, ca);
        assert_string_equal(config->namespace, "default");
    }
}

static void test_in_cluster_namespace(void **state)
{
    const char *directory = *state;
    auto_free char *token = put(directory, "token", "t");
    auto_free char *namespace = put(directory, "namespace", "hookline\n");
    auto_error struct error *err = NULL;
    assert_null(load_in_cluster(directory, "10.96.0.1", "443", &err));
    assert_true(
        text_ends_with(err->message, "/ca.crt of the service account: No such file or directory"));
    auto_free char *ca = put(directory, "ca.crt", "pem");
    auto_kube_config struct kube_config *config =
        load_in_cluster(directory, "10.96.0.1", "443", NULL);
    assert_string_equal(config->namespace, "hookline");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_all_members),
        cmocka_unit_test(test_exec),
        cmocka_unit_test(test_exec_in_path),
        cmocka_unit_test_setup_teardown(test_merge, set_up, directory_teardown),
        cmocka_unit_test_setup_teardown(test_home_and_overrides, set_up, directory_teardown),
        cmocka_unit_test_setup_teardown(test_not_found, set_up, directory_teardown),
        cmocka_unit_test_setup_teardown(test_urls, set_up, directory_teardown),
        cmocka_unit_test_setup_teardown(test_in_cluster, set_up, directory_teardown),
        cmocka_unit_test_setup_teardown(test_in_cluster_namespace, set_up, directory_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
