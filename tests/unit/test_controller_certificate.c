/* The certificate that the webhooks serve: made, read, refused, and shared by its users. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "controller/certificate.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static const char *const names[] = {
    "hookline-webhook.hookline.svc", "hookline-webhook.hookline", NULL};

static void make_pair(struct controller_pem *ca, struct controller_pem *leaf, int64_t validity_ms)
{
    assert_int_equal(controller_certificate_make_ca("Test CA", validity_ms, ca, NULL), 0);
    assert_int_equal(controller_certificate_make_leaf(ca, names, validity_ms, leaf, NULL), 0);
}

static void test_made_leaf_is_valid(void **state)
{
    (void)state;
    struct controller_pem ca = {NULL, NULL};
    struct controller_pem leaf = {NULL, NULL};
    struct controller_pem other = {NULL, NULL};
    make_pair(&ca, &leaf, 90L * DAY_MS);
    assert_int_equal(controller_certificate_make_ca("Test CA", DAY_MS, &other, NULL), 0);
    struct error *error = NULL;
    struct controller_certificate *certificate =
        controller_certificate_new("made", leaf.certificate, leaf.key, &error);
    assert_non_null(certificate);
    assert_null(error);

    assert_true(controller_certificate_is_for(certificate, names[0]));
    assert_true(controller_certificate_is_for(certificate, names[1]));
    assert_false(controller_certificate_is_for(certificate, "elsewhere.svc"));
    time_t now = time(NULL);
    assert_in_range(controller_certificate_start(certificate), now - 120, now);
    assert_in_range(
        controller_certificate_expiry(certificate), now + 89L * 86400, now + 91L * 86400);
    assert_true(controller_certificate_signed_by(certificate, ca.certificate));
    assert_true(controller_certificate_ca_is_valid(ca.certificate));

    /* another CA of the same name did not sign it; a bundle of both did */
    assert_false(controller_certificate_signed_by(certificate, other.certificate));
    auto_free char *bundle = xasprintf("%s%s", other.certificate, ca.certificate);
    assert_true(controller_certificate_signed_by(certificate, bundle));
    assert_false(controller_certificate_signed_by(certificate, "nothing"));

    controller_certificate_unref(certificate);
    controller_pem_clear(&ca);
    controller_pem_clear(&leaf);
    controller_pem_clear(&other);
}

/* What a client that verifies strictly looks at. */
static void test_extensions_of_made_certificates(void **state)
{
    (void)state;
    struct controller_pem ca = {NULL, NULL};
    struct controller_pem leaf = {NULL, NULL};
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
    controller_pem_clear(&ca);
    controller_pem_clear(&leaf);
}

static void test_refused(void **state)
{
    (void)state;
    struct controller_pem ca = {NULL, NULL};
    struct controller_pem leaf = {NULL, NULL};
    struct controller_pem old = {NULL, NULL};
    make_pair(&ca, &leaf, DAY_MS);
    assert_int_equal(controller_certificate_make_leaf(&ca, names, -10000, &old, NULL), 0);
    char *huge = xcalloc(1, CONTROLLER_CERTIFICATE_MAX_PEM + 2);
    memset(huge, 'a', CONTROLLER_CERTIFICATE_MAX_PEM + 1);
    char *many = xstrdup("");
    for (int i = 0; i <= CONTROLLER_CERTIFICATE_MAX_CHAIN; i++) {
        char *more = xasprintf("%s%s", many, leaf.certificate);
        free(many);
        many = more;
    }

    const struct {
        const char *chain, *key, *says;
    } cases[] = {
        {"", leaf.key, "no certificate in PEM"},
        {leaf.key, leaf.key, "no certificate in PEM"},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", leaf.key,
            "no certificate in PEM"},
        {leaf.certificate, "", "no private key in PEM"},
        {leaf.certificate, leaf.certificate, "no private key in PEM"},
        {leaf.certificate, ca.key, "the key does not belong to the first certificate"},
        {old.certificate, old.key, "the certificate expired 20"},
        {huge, leaf.key, "more than 262144 bytes"},
        {leaf.certificate, huge, "more than 262144 bytes"},
        {many, leaf.key, "16 is the most"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *error = NULL;
        assert_null(controller_certificate_new("tls.crt", cases[i].chain, cases[i].key, &error));
        assert_int_equal(error->class, ERROR_INPUT);
        assert_true(text_starts_with(error->message, "tls.crt: "));
        if (strstr(error->message, cases[i].says) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", error->message, cases[i].says);
    }
    free(huge);
    free(many);
    controller_pem_clear(&ca);
    controller_pem_clear(&leaf);
    controller_pem_clear(&old);
}

static void test_current_is_shared(void **state)
{
    (void)state;
    struct controller_pem ca = {NULL, NULL};
    struct controller_pem leaf = {NULL, NULL};
    make_pair(&ca, &leaf, DAY_MS);
    auto_free char *chain = xasprintf("%s%s", leaf.certificate, ca.certificate);
    assert_null(controller_certificate_current());
    controller_certificate_set_current(
        controller_certificate_new("first", leaf.certificate, leaf.key, NULL));
    struct controller_certificate *held = controller_certificate_current();
    controller_certificate_set_current(controller_certificate_new("next", chain, leaf.key, NULL));

    /* who holds the first one is not disturbed */
    unsigned count = 0;
    assert_non_null(controller_certificate_chain(held, &count));
    assert_int_equal(count, 1);
    struct controller_certificate *next = controller_certificate_current();
    controller_certificate_chain(next, &count);
    assert_int_equal(count, 2);
    assert_true(controller_certificate_same(held, held));
    assert_false(controller_certificate_same(held, next)); /* the same leaf with its CA */
    controller_certificate_unref(held);
    controller_certificate_unref(next);
    controller_certificate_set_current(NULL);
    assert_null(controller_certificate_current());
    controller_pem_clear(&ca);
    controller_pem_clear(&leaf);
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
