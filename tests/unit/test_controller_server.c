/* The webhook server with many clients while its certificate and rules are replaced;
 * tests/integration/test_webhook_server.py tests it with single clients. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <curl/curl.h>
#include <ev.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "controller/webhook/server.h"
#include "hostpath/policy_parse.h"
#include "tls/certificate_store.h"
#include "tls/pem.h"

enum { CLIENTS = 6, CONNECTIONS = 8, REQUESTS = 10 };

static const char *const names[] = {"localhost", NULL};
static const char policy_text[] = "{\"apiVersion\": \"hookline.dev/v1alpha1\","
                                  " \"kind\": \"HostPathPolicy\", \"rules\": []}";
static const char review[] =
    "{\"apiVersion\": \"admission.k8s.io/v1\", \"kind\": \"AdmissionReview\", \"request\":"
    " {\"uid\": \"7\", \"kind\": {\"group\": \"\", \"version\": \"v1\", \"kind\": \"Pod\"},"
    " \"operation\": \"CREATE\", \"namespace\": \"a\", \"object\": {\"apiVersion\": \"v1\","
    " \"kind\": \"Pod\", \"metadata\": {\"name\": \"b\"},"
    " \"spec\": {\"containers\": [{\"name\": \"compute\"}]}}}}";

struct client {
    pthread_t thread;
    char *url;
    atomic_int *running;
    int good;
};

static size_t on_data(char *data, size_t size, size_t count, void *user)
{
    bool *allowed = user;
    *allowed = memmem(data, size * count, "\"allowed\":true", strlen("\"allowed\":true")) != NULL;
    return size * count;
}

static void *run_client(void *argument)
{
    struct client *client = argument;
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    for (int i = 0; i < CONNECTIONS; i++) {
        CURL *curl = curl_easy_init();
        bool allowed = false;
        curl_easy_setopt(curl, CURLOPT_URL, client->url);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, review);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &allowed);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L); /* it changes all the time */
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        for (int j = 0; j < REQUESTS; j++) {
            allowed = false;
            if (curl_easy_perform(curl) == CURLE_OK && allowed)
                client->good++;
        }
        curl_easy_cleanup(curl);
    }
    curl_slist_free_all(headers);
    atomic_fetch_sub(client->running, 1);
    return NULL;
}

static void set_rules(struct controller_rules_store *rules)
{
    const struct controller_review_options options = {.strict = false};
    controller_rules_store_set(
        rules, hostpath_policy_parse("policy", policy_text, strlen(policy_text), NULL), &options);
}

static struct controller_server *listen_at(const char *listen, int threads,
    struct tls_certificate_store *certificates, struct controller_rules_store *rules,
    struct error **err)
{
    const struct controller_webhook_options options = {.listen = listen,
        .threads = threads,
        .connections = 64,
        .certificates = certificates,
        .rules = rules};
    return controller_server_webhooks(&options, err);
}

static void test_replacing_under_load(UNUSED void **state)
{
    struct tls_certificate_store *certificates = tls_certificate_store_new();
    struct controller_rules_store *rules = controller_rules_store_new();
    struct tls_pem ca = {NULL, NULL};
    struct tls_pem leaf = {NULL, NULL};
    assert_int_equal(tls_pem_make_ca("CA", 86400000, &ca, NULL), 0);
    assert_int_equal(tls_pem_make_leaf(&ca, "test", names, 86400000, &leaf, NULL), 0);
    tls_certificate_store_set(
        certificates, tls_certificate_new("test", leaf.certificate, leaf.key, NULL));
    set_rules(rules);
    struct controller_server *server = listen_at("127.0.0.1:0", 3, certificates, rules, NULL);
    assert_non_null(server);

    atomic_int running = CLIENTS;
    struct client clients[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){.running = &running};
        clients[i].url = xasprintf("https://localhost:%d/%s", controller_server_port(server),
            controller_webhook_name((enum controller_webhook)(i % 2)));
        assert_int_equal(pthread_create(&clients[i].thread, NULL, run_client, &clients[i]), 0);
    }
    while (atomic_load(&running) > 0) {
        tls_certificate_store_set(
            certificates, tls_certificate_new("test", leaf.certificate, leaf.key, NULL));
        set_rules(rules);
        ev_run(EV_DEFAULT_ EVRUN_NOWAIT); /* the deadlines of requests */
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        assert_int_equal(clients[i].good, CONNECTIONS * REQUESTS);
        free(clients[i].url);
    }
    while (controller_server_busy(server))
        ev_run(EV_DEFAULT_ EVRUN_NOWAIT); /* it ends a request after its client has the answer */
    controller_server_quiesce(server);
    controller_server_free(server);
    tls_certificate_store_free(certificates);
    controller_rules_store_free(rules);
    tls_pem_clear(&ca);
    tls_pem_clear(&leaf);
}

static void test_addresses(UNUSED void **state)
{
    struct tls_certificate_store *certificates = tls_certificate_store_new();
    static const char *const wrong[] = {"", "9443", ":", ":-1", ":65536", ":http", "localhost:1",
        "::1:9443", "[::1]", "[]:1", "[::1:9443", "256.0.0.1:9443", "127.0.0.1:9443 "};
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        auto_error struct error *error = NULL;
        assert_null(listen_at(wrong[i], 1, certificates, NULL, &error));
        assert_int_equal(error->class, ERROR_USAGE);
        assert_true(text_starts_with(error->message, "webhook server: \""));
    }
    struct controller_server *server = listen_at(":0", 1, certificates, NULL, NULL);
    assert_non_null(server);
    auto_free char *same = xasprintf("127.0.0.1:%d", controller_server_port(server));
    auto_error struct error *error = NULL;
    assert_null(listen_at(same, 1, certificates, NULL, &error));
    assert_int_equal(error->class, ERROR_IO);
    assert_true(text_starts_with(error->message, "webhook server: listening on 127.0.0.1:"));
    controller_server_free(server);
    tls_certificate_store_free(certificates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replacing_under_load),
        cmocka_unit_test(test_addresses),
    };
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failures;
}
