#include "tls/certificate.h"

#include <gnutls/x509.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct tls_certificate {
    atomic_uint references;
    gnutls_x509_crt_t leaf;
    gnutls_pcert_st chain[TLS_CERTIFICATE_MAX_CHAIN];
    unsigned count;
    gnutls_privkey_t key;
};

static gnutls_datum_t datum_of(const char *text)
{
    return (gnutls_datum_t){.data = (unsigned char *)text, .size = (unsigned)strlen(text)};
}

static void free_list(gnutls_x509_crt_t *list, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        gnutls_x509_crt_deinit(list[i]);
    gnutls_free(list);
}

/* Reads a chain, leaf first, or a bundle. Returns *count certificates, at least one, to be freed
 * with free_list, or NULL. */
static gnutls_x509_crt_t *read_list(
    const char *name, const char *pem, unsigned *count, struct error **err)
{
    gnutls_datum_t data = datum_of(pem);
    gnutls_x509_crt_t *list = NULL;
    *count = 0;
    int status = gnutls_x509_crt_list_import2(&list, count, &data, GNUTLS_X509_FMT_PEM, 0);
    if (status < 0 || list == NULL || *count == 0) {
        error_set(err, ERROR_INPUT, "%s: no PEM certificate: %s", name,
            gnutls_strerror(status < 0 ? status : GNUTLS_E_NO_CERTIFICATE_FOUND));
        return NULL;
    }
    if (*count > TLS_CERTIFICATE_MAX_CHAIN) {
        error_set(err, ERROR_INPUT, "%s: a chain of %u certificates; at most %d are allowed", name,
            *count, TLS_CERTIFICATE_MAX_CHAIN);
        free_list(list, *count);
        return NULL;
    }
    return list;
}

/* Checks that the key belongs to the leaf. Returns 0, or -1 with an input error. */
static int check_key(
    const char *name, gnutls_x509_crt_t leaf, gnutls_x509_privkey_t key, struct error **err)
{
    unsigned char of_leaf[64];
    unsigned char of_key[64];
    size_t leaf_size = sizeof(of_leaf);
    size_t key_size = sizeof(of_key);
    int status = gnutls_x509_crt_get_key_id(leaf, GNUTLS_KEYID_USE_SHA256, of_leaf, &leaf_size);
    if (status == 0)
        status = gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, of_key, &key_size);
    if (status < 0)
        return error_set(err, ERROR_INPUT,
            "%s: the key cannot be compared with the certificate: %s", name,
            gnutls_strerror(status));
    if (leaf_size != key_size || memcmp(of_leaf, of_key, key_size) != 0)
        return error_set(
            err, ERROR_INPUT, "%s: the key does not belong to the first certificate", name);
    return 0;
}

static int check_expiry(const char *name, gnutls_x509_crt_t leaf, struct error **err)
{
    time_t expiry = gnutls_x509_crt_get_expiration_time(leaf);
    if (expiry > time(NULL))
        return 0;
    struct tm parts;
    char date[sizeof("0000-00-00T00:00:00Z") + 8] = "at an unknown time";
    if (gmtime_r(&expiry, &parts) != NULL)
        strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return error_set(err, ERROR_INPUT, "%s: the certificate expired %s", name, date);
}

static int take_key(
    struct tls_certificate *certificate, const char *name, const char *key_pem, struct error **err)
{
    gnutls_x509_privkey_t key = NULL;
    gnutls_datum_t data = datum_of(key_pem);
    int status = gnutls_x509_privkey_init(&key);
    if (status == 0)
        status = gnutls_x509_privkey_import2(key, &data, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (status < 0) {
        gnutls_x509_privkey_deinit(key);
        return error_set(
            err, ERROR_INPUT, "%s: no PEM private key: %s", name, gnutls_strerror(status));
    }
    int result = check_key(name, certificate->leaf, key, err);
    if (result == 0) {
        status = gnutls_privkey_init(&certificate->key);
        if (status == 0)
            status = gnutls_privkey_import_x509(
                certificate->key, key, GNUTLS_PRIVKEY_IMPORT_AUTO_RELEASE);
        if (status == 0)
            return 0; /* certificate->key now owns the key */
        result = error_set(err, ERROR_INTERNAL, "%s: the private key cannot be used: %s", name,
            gnutls_strerror(status));
    }
    gnutls_x509_privkey_deinit(key);
    return result;
}

struct tls_certificate *tls_certificate_new(
    const char *name, const char *chain_pem, const char *key_pem, struct error **err)
{
    if (strlen(chain_pem) > TLS_CERTIFICATE_MAX_PEM || strlen(key_pem) > TLS_CERTIFICATE_MAX_PEM) {
        error_set(err, ERROR_INPUT, "%s: the certificate or key is larger than %d bytes", name,
            TLS_CERTIFICATE_MAX_PEM);
        return NULL;
    }
    unsigned count = 0;
    gnutls_x509_crt_t *list = read_list(name, chain_pem, &count, err);
    if (list == NULL)
        return NULL;
    auto_tls_certificate struct tls_certificate *certificate = xcalloc(1, sizeof(*certificate));
    atomic_init(&certificate->references, 1);
    int status = 0;
    for (unsigned i = 0; i < count && status == 0; i++) {
        status = gnutls_pcert_import_x509(&certificate->chain[i], list[i], 0);
        certificate->count += status == 0;
    }
    certificate->leaf = list[0];
    for (unsigned i = 1; i < count; i++)
        gnutls_x509_crt_deinit(list[i]);
    gnutls_free(list);
    if (status < 0) {
        error_set(err, ERROR_INPUT, "%s: the certificate cannot be used: %s", name,
            gnutls_strerror(status));
        return NULL;
    }
    if (check_expiry(name, certificate->leaf, err) < 0 ||
        take_key(certificate, name, key_pem, err) < 0)
        return NULL;
    return steal(&certificate);
}

struct tls_certificate *tls_certificate_ref(struct tls_certificate *of)
{
    atomic_fetch_add(&of->references, 1);
    return of;
}

void tls_certificate_unref(struct tls_certificate *certificate)
{
    if (certificate == NULL || atomic_fetch_sub(&certificate->references, 1) != 1)
        return;
    for (unsigned i = 0; i < certificate->count; i++)
        gnutls_pcert_deinit(&certificate->chain[i]);
    gnutls_x509_crt_deinit(certificate->leaf);
    gnutls_privkey_deinit(certificate->key); /* overwrites it */
    free(certificate);
}

time_t tls_certificate_start(const struct tls_certificate *certificate)
{
    return gnutls_x509_crt_get_activation_time(certificate->leaf);
}

time_t tls_certificate_expiry(const struct tls_certificate *certificate)
{
    return gnutls_x509_crt_get_expiration_time(certificate->leaf);
}

bool tls_certificate_is_for(const struct tls_certificate *certificate, const char *dns_name)
{
    return gnutls_x509_crt_check_hostname(certificate->leaf, dns_name) != 0;
}

bool tls_certificate_same(const struct tls_certificate *a, const struct tls_certificate *b)
{
    bool same = a->count == b->count;
    for (unsigned i = 0; same && i < a->count; i++) {
        const gnutls_datum_t *one = &a->chain[i].cert;
        const gnutls_datum_t *other = &b->chain[i].cert;
        same = one->size == other->size && memcmp(one->data, other->data, one->size) == 0;
    }
    return same;
}

gnutls_pcert_st *tls_certificate_chain(const struct tls_certificate *certificate, unsigned *count)
{
    *count = certificate->count;
    return (gnutls_pcert_st *)certificate->chain; /* GnuTLS reads it through such a pointer */
}

gnutls_privkey_t tls_certificate_key(const struct tls_certificate *certificate)
{
    return certificate->key;
}

bool tls_certificate_signed_by(const struct tls_certificate *leaf, const char *ca_pem)
{
    unsigned count = 0;
    gnutls_x509_crt_t *list = read_list("CA", ca_pem, &count, NULL);
    if (list == NULL)
        return false;
    unsigned result = 0;
    int status = gnutls_x509_crt_list_verify(&leaf->leaf, 1, list, count, NULL, 0, 0, &result);
    free_list(list, count);
    return status == 0 && (result & GNUTLS_CERT_INVALID) == 0;
}

bool tls_certificate_ca_is_valid(const char *ca_pem)
{
    unsigned count = 0;
    gnutls_x509_crt_t *list = read_list("CA", ca_pem, &count, NULL);
    if (list == NULL)
        return false;
    bool valid = false;
    for (unsigned i = 0; i < count; i++)
        valid = valid || gnutls_x509_crt_get_expiration_time(list[i]) > time(NULL);
    free_list(list, count);
    return valid;
}
