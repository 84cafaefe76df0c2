#include "tls/pem.h"

#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SERIAL_BYTES = 16,
    BACKDATED_SECONDS = 60, /* for clocks that are behind ours */
};

/* A key and its certificate while they are created: freed together. */
struct making {
    gnutls_x509_crt_t certificate;
    gnutls_x509_privkey_t key;
};

static void making_clear(struct making *making)
{
    if (making->certificate != NULL)
        gnutls_x509_crt_deinit(making->certificate);
    if (making->key != NULL)
        gnutls_x509_privkey_deinit(making->key);
}

static int fail(const char *doing, int status, struct error **err)
{
    return error_set(err, ERROR_INTERNAL, "%s: %s", doing, gnutls_strerror(status));
}

/* The parts that a CA and a leaf have in common. Returns GnuTLS' status. */
static int begin(struct making *making, const char *common_name, int64_t validity_ms)
{
    int status = gnutls_x509_privkey_init(&making->key);
    if (status == 0)
        status = gnutls_x509_privkey_generate(
            making->key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    if (status == 0)
        status = gnutls_x509_crt_init(&making->certificate);
    if (status < 0)
        return status;

    gnutls_x509_crt_t certificate = making->certificate;
    time_t start = time(NULL) - BACKDATED_SECONDS;
    unsigned char serial[SERIAL_BYTES];
    unsigned char id[64];
    size_t id_size = sizeof(id);
    status = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));
    serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, and of full length */
    if (status == 0)
        status = gnutls_x509_crt_set_version(certificate, 3);
    if (status == 0)
        status = gnutls_x509_crt_set_serial(certificate, serial, sizeof(serial));
    if (status == 0)
        status = gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0,
            common_name, (unsigned)strlen(common_name));
    if (status == 0)
        status = gnutls_x509_crt_set_activation_time(certificate, start);
    if (status == 0)
        status = gnutls_x509_crt_set_expiration_time(
            certificate, start + BACKDATED_SECONDS + (time_t)(validity_ms / 1000));
    if (status == 0)
        status = gnutls_x509_crt_set_key(certificate, making->key);
    if (status == 0)
        status = gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, id, &id_size);
    if (status == 0)
        status = gnutls_x509_crt_set_subject_key_id(certificate, id, id_size);
    return status;
}

/* Signs the certificate and exports it and its key as PEM. */
static int finish(struct making *making, gnutls_x509_crt_t issuer, gnutls_x509_privkey_t issuer_key,
    struct tls_pem *out)
{
    gnutls_datum_t certificate = {NULL, 0};
    gnutls_datum_t key = {NULL, 0};
    int status =
        gnutls_x509_crt_sign2(making->certificate, issuer, issuer_key, GNUTLS_DIG_SHA256, 0);
    if (status == 0)
        status = gnutls_x509_crt_export2(making->certificate, GNUTLS_X509_FMT_PEM, &certificate);
    if (status == 0)
        status = gnutls_x509_privkey_export2_pkcs8(
            making->key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &key);
    if (status == 0) {
        out->certificate = xstrndup((char *)certificate.data, certificate.size);
        out->key = xstrndup((char *)key.data, key.size);
    }
    gnutls_free(certificate.data);
    if (key.data != NULL)
        gnutls_memset(key.data, 0, key.size);
    gnutls_free(key.data);
    return status;
}

int tls_pem_make_ca(
    const char *common_name, int64_t validity_ms, struct tls_pem *out, struct error **err)
{
    struct making ca = {NULL, NULL};
    int status = begin(&ca, common_name, validity_ms);
    if (status == 0)
        status = gnutls_x509_crt_set_basic_constraints(ca.certificate, 1, 0);
    if (status == 0)
        status = gnutls_x509_crt_set_key_usage(
            ca.certificate, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_DIGITAL_SIGNATURE);
    if (status == 0)
        status = finish(&ca, ca.certificate, ca.key, out);
    making_clear(&ca);
    return status == 0 ? 0 : fail("creating a CA", status, err);
}

/* The CA's certificate and key from PEM. Returns GnuTLS' status. */
static int import(struct making *ca, const struct tls_pem *pem)
{
    gnutls_datum_t certificate = {
        (unsigned char *)pem->certificate, (unsigned)strlen(pem->certificate)};
    gnutls_datum_t key = {(unsigned char *)pem->key, (unsigned)strlen(pem->key)};
    int status = gnutls_x509_crt_init(&ca->certificate);
    if (status == 0)
        status = gnutls_x509_crt_import(ca->certificate, &certificate, GNUTLS_X509_FMT_PEM);
    if (status == 0)
        status = gnutls_x509_privkey_init(&ca->key);
    if (status == 0)
        status = gnutls_x509_privkey_import2(ca->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
    return status;
}

/* Adds what a server's certificate needs besides its names (RFC 5280, 4.2.1). */
static int set_server_use(gnutls_x509_crt_t leaf, gnutls_x509_crt_t ca)
{
    unsigned char id[64];
    size_t id_size = sizeof(id);
    int status = gnutls_x509_crt_set_basic_constraints(leaf, 0, -1);
    if (status == 0)
        status = gnutls_x509_crt_set_key_usage(leaf, GNUTLS_KEY_DIGITAL_SIGNATURE);
    if (status == 0)
        status = gnutls_x509_crt_set_key_purpose_oid(leaf, GNUTLS_KP_TLS_WWW_SERVER, 0);
    if (status == 0)
        status = gnutls_x509_crt_get_subject_key_id(ca, id, &id_size, NULL);
    if (status == 0)
        status = gnutls_x509_crt_set_authority_key_id(leaf, id, id_size);
    return status;
}

int tls_pem_make_leaf(const struct tls_pem *ca_pem, const char *common_name,
    const char *const *dns_names, int64_t validity_ms, struct tls_pem *out, struct error **err)
{
    struct making ca = {NULL, NULL};
    struct making leaf = {NULL, NULL};
    int status = import(&ca, ca_pem);
    if (status == 0)
        status = begin(&leaf, common_name, validity_ms);
    for (size_t i = 0; status == 0 && dns_names[i] != NULL; i++)
        status = gnutls_x509_crt_set_subject_alt_name(leaf.certificate, GNUTLS_SAN_DNSNAME,
            dns_names[i], (unsigned)strlen(dns_names[i]), GNUTLS_FSAN_APPEND);
    if (status == 0)
        status = set_server_use(leaf.certificate, ca.certificate);
    if (status == 0)
        status = finish(&leaf, ca.certificate, ca.key, out);
    making_clear(&ca);
    making_clear(&leaf);
    return status == 0 ? 0 : fail("creating a certificate", status, err);
}

void tls_pem_clear(struct tls_pem *pem)
{
    free(pem->certificate);
    if (pem->key != NULL)
        free_secret(pem->key, strlen(pem->key));
    *pem = (struct tls_pem){NULL, NULL};
}
