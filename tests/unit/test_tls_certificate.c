/* The certificate that the webhooks serve: creation, reading, rejection, and sharing between users.
 * */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/unused.h"
#include "tls/certificate_store.h"
#include "tls/pem.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static const char *const names[] = {
    "hookline-webhook.hookline.svc", "hookline-webhook.hookline", NULL};

static void make_pair(struct tls_pem *ca, struct tls_pem *leaf, int64_t validity_ms)
{
    assert_int_equal(tls_pem_make_ca("Test CA", validity_ms, ca, NULL), 0);
    assert_int_equal(tls_pem_make_leaf(ca, "test", names, validity_ms, leaf, NULL), 0);
}

static void test_made_leaf_is_valid(UNUSED void **state)
{
    struct tls_pem ca = {NULL, NULL};
    struct tls_pem leaf = {NULL, NULL};
    struct tls_pem other = {NULL, NULL};
    make_pair(&ca, &leaf, 90L * DAY_MS);
    assert_int_equal(tls_pem_make_ca("Test CA", DAY_MS, &other, NULL), 0);
    struct error *error = NULL;
    struct tls_certificate *certificate =
        tls_certificate_new("made", leaf.certificate, leaf.key, &error);
    assert_non_null(certificate);
    assert_null(error);

    assert_true(tls_certificate_is_for(certificate, names[0]));
    assert_true(tls_certificate_is_for(certificate, names[1]));
    assert_false(tls_certificate_is_for(certificate, "elsewhere.svc"));
    time_t now = time(NULL);
    assert_in_range(tls_certificate_start(certificate), now - 120, now);
    assert_in_range(tls_certificate_expiry(certificate), now + 89L * 86400, now + 91L * 86400);
    assert_true(tls_certificate_signed_by(certificate, ca.certificate));
    assert_true(tls_certificate_ca_is_valid(ca.certificate));

    /* another CA of the same name did not sign it; a bundle of both did */
    assert_false(tls_certificate_signed_by(certificate, other.certificate));
    auto_free char *bundle = xasprintf("%s%s", other.certificate, ca.certificate);
    assert_true(tls_certificate_signed_by(certificate, bundle));
    assert_false(tls_certificate_signed_by(certificate, "nothing"));

    tls_certificate_unref(certificate);
    tls_pem_clear(&ca);
    tls_pem_clear(&leaf);
    tls_pem_clear(&other);
}

/* What a strictly verifying client checks. */
static void test_extensions_of_made_certificates(UNUSED void **state)
{
    struct tls_pem ca = {NULL, NULL};
    struct tls_pem leaf = {NULL, NULL};
    make_pair(&ca, &leaf, DAY_MS);
    const char *texts[] = {ca.certificate, leaf.certificate};
    for (int i = 0; i < 2; i++) {
        gnutls_x509_crt_t certificate = NULL;
        gnutls_datum_t data = {(unsigned char *)texts[i], (unsigned)strlen(texts[i])};
        assert_int_equal(gnutls_x509_crt_init(&certificate), 0);
        assert_int_equal(gnutls_x509_crt_import(certificate, &data, GNUTLS_X509_FMT_PEM), 0);
        unsigned is_ca = 9;
        unsigned usage = 0;
        unsigned bits = 0;
        assert_int_equal(gnutls_x509_crt_get_version(certificate), 3);
        assert_true(gnutls_x509_crt_get_basic_constraints(certificate, NULL, &is_ca, NULL) >= 0);
        assert_int_equal(is_ca, i == 0);
        assert_int_equal(gnutls_x509_crt_get_key_usage(certificate, &usage, NULL), 0);
        assert_int_equal((usage & GNUTLS_KEY_KEY_CERT_SIGN) != 0, i == 0);
        assert_int_equal(gnutls_x509_crt_get_pk_algorithm(certificate, &bits), GNUTLS_PK_ECDSA);
        assert_int_equal(bits, 256);
        char oid[128];
        size_t size = sizeof(oid);
        int status = gnutls_x509_crt_get_key_purpose_oid(certificate, 0, oid, &size, NULL);
        assert_int_equal(status, i == 0 ? GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE : 0);
        if (status == 0)
            assert_string_equal(oid, GNUTLS_KP_TLS_WWW_SERVER);
        gnutls_x509_crt_deinit(certificate);
    }
    tls_pem_clear(&ca);
    tls_pem_clear(&leaf);
}

static void test_refused(UNUSED void **state)
{
    struct tls_pem ca = {NULL, NULL};
    struct tls_pem leaf = {NULL, NULL};
    struct tls_pem old = {NULL, NULL};
    make_pair(&ca, &leaf, DAY_MS);
    assert_int_equal(tls_pem_make_leaf(&ca, "test", names, -10000, &old, NULL), 0);
    char *huge = xcalloc(1, TLS_CERTIFICATE_MAX_PEM + 2);
    memset(huge, 'a', TLS_CERTIFICATE_MAX_PEM + 1);
    char *many = xstrdup("");
    for (int i = 0; i <= TLS_CERTIFICATE_MAX_CHAIN; i++) {
        char *more = xasprintf("%s%s", many, leaf.certificate);
        free(many);
        many = more;
    }

    const struct {
        const char *chain, *key, *says;
    } cases[] = {
        {"", leaf.key, "no PEM certificate"},
        {leaf.key, leaf.key, "no PEM certificate"},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", leaf.key,
            "no PEM certificate"},
        {leaf.certificate, "", "no PEM private key"},
        {leaf.certificate, leaf.certificate, "no PEM private key"},
        {leaf.certificate, ca.key, "the key does not belong to the first certificate"},
        {old.certificate, old.key, "the certificate expired 20"},
        {huge, leaf.key, "larger than 262144 bytes"},
        {leaf.certificate, huge, "larger than 262144 bytes"},
        {many, leaf.key, "at most 16 are allowed"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *error = NULL;
        assert_null(tls_certificate_new("tls.crt", cases[i].chain, cases[i].key, &error));
        assert_int_equal(error->class, ERROR_INPUT);
        assert_true(text_starts_with(error->message, "tls.crt: "));
        if (strstr(error->message, cases[i].says) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", error->message, cases[i].says);
    }
    free(huge);
    free(many);
    tls_pem_clear(&ca);
    tls_pem_clear(&leaf);
    tls_pem_clear(&old);
}

static void test_current_is_shared(UNUSED void **state)
{
    struct tls_pem ca = {NULL, NULL};
    struct tls_pem leaf = {NULL, NULL};
    make_pair(&ca, &leaf, DAY_MS);
    auto_free char *chain = xasprintf("%s%s", leaf.certificate, ca.certificate);
    struct tls_certificate_store *store = tls_certificate_store_new();
    assert_null(tls_certificate_store_current(store));
    tls_certificate_store_set(
        store, tls_certificate_new("first", leaf.certificate, leaf.key, NULL));
    struct tls_certificate *held = tls_certificate_store_current(store);
    tls_certificate_store_set(store, tls_certificate_new("next", chain, leaf.key, NULL));

    /* who holds the first one is not disturbed */
    unsigned count = 0;
    assert_non_null(tls_certificate_chain(held, &count));
    assert_int_equal(count, 1);
    struct tls_certificate *next = tls_certificate_store_current(store);
    tls_certificate_chain(next, &count);
    assert_int_equal(count, 2);
    assert_true(tls_certificate_same(held, held));
    assert_false(tls_certificate_same(held, next)); /* the same leaf with its CA */
    tls_certificate_unref(held);
    tls_certificate_unref(next);
    tls_certificate_store_set(store, NULL);
    assert_null(tls_certificate_store_current(store));
    tls_certificate_store_free(store);
    tls_pem_clear(&ca);
    tls_pem_clear(&leaf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made_leaf_is_valid),
        cmocka_unit_test(test_extensions_of_made_certificates),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_current_is_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
