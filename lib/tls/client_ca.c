#include "tls/client_ca.h"

#include <gnutls/x509.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"

enum {
    MAX_CHAIN = 16, /* certificates that a client sends */
    LONGEST_NAME = 256,
};

struct tls_client_ca {
    char *path, *name;
    void (*on_change)(void *user, const struct error *error);
    void *user;
    pthread_mutex_t mutex; /* guards what follows */
    gnutls_x509_trust_list_t trusted;
    struct stat status; /* of the file when it was read */
    char *fault; /* why it cannot be read, reported last; owned, or NULL */
};

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Reads the file. Returns its CAs, or NULL with an error. */
static gnutls_x509_trust_list_t read_file(const char *path, struct error **err)
{
    auto_free char *pem = NULL;
    size_t length = 0;
    if (file_read(path, TLS_CLIENT_CA_MAX_PEM, &pem, &length, err) < 0)
        return NULL;
    gnutls_x509_trust_list_t trusted = NULL;
    const gnutls_datum_t data = {(unsigned char *)pem, (unsigned)length};
    int status = gnutls_x509_trust_list_init(&trusted, 0);
    if (status == 0)
        status =
            gnutls_x509_trust_list_add_trust_mem(trusted, &data, NULL, GNUTLS_X509_FMT_PEM, 0, 0);
    if (status > 0)
        return trusted;
    error_set(err, ERROR_INPUT, "%s: no PEM certificate: %s", path,
        gnutls_strerror(status < 0 ? status : GNUTLS_E_NO_CERTIFICATE_FOUND));
    if (trusted != NULL)
        gnutls_x509_trust_list_deinit(trusted, 1);
    return NULL;
}

/* Whether this is not the same fault as last time, which it becomes; with the mutex held. */
static bool is_news(struct tls_client_ca *ca, const struct error *error)
{
    bool known = error != NULL && ca->fault != NULL && streq(error->message, ca->fault);
    xstrset(&ca->fault, error != NULL ? error->message : NULL);
    return !known;
}

/* Reads the file if it is new or has changed; with the mutex held. A file whose content is wrong is
 * not read again until it changes; one that cannot be read, for a lack of descriptors perhaps, is
 * tried again. Returns 0, or -1 with an error; *changed: there is something to report. */
static int read_if_changed(struct tls_client_ca *ca, bool *changed, struct error **err)
{
    struct stat status = {.st_size = 0};
    if (stat(ca->path, &status) < 0)
        status = (struct stat){.st_size = 0}; /* reading it says why */
    *changed = ca->trusted == NULL || !same_file(&status, &ca->status);
    if (!*changed)
        return 0;
    struct error *error = NULL;
    gnutls_x509_trust_list_t trusted = read_file(ca->path, &error);
    *changed = is_news(ca, error);
    if (trusted != NULL || error->class != ERROR_IO)
        ca->status = status;
    if (trusted == NULL)
        return error_move(err, error);
    if (ca->trusted != NULL)
        gnutls_x509_trust_list_deinit(ca->trusted, 1);
    ca->trusted = trusted;
    return 0;
}

struct tls_client_ca *tls_client_ca_new(
    const struct tls_client_ca_options *options, struct error **err)
{
    struct tls_client_ca *ca = xcalloc(1, sizeof(*ca));
    bool changed = false;
    pthread_mutex_init(&ca->mutex, NULL);
    ca->path = xstrdup(options->path);
    ca->name = options->name == NULL ? NULL : xstrdup(options->name);
    ca->on_change = options->on_change;
    ca->user = options->user;
    if (read_if_changed(ca, &changed, err) == 0)
        return ca;
    tls_client_ca_free(ca);
    return NULL;
}

void tls_client_ca_free(struct tls_client_ca *ca)
{
    if (ca == NULL)
        return;
    if (ca->trusted != NULL)
        gnutls_x509_trust_list_deinit(ca->trusted, 1);
    pthread_mutex_destroy(&ca->mutex);
    free(ca->fault);
    free(ca->path);
    free(ca->name);
    free(ca);
}

/* Whether the common name or a DNS name of a certificate is exactly this. */
static bool has_name(gnutls_x509_crt_t certificate, const char *name)
{
    char found[LONGEST_NAME];
    size_t size = sizeof(found);
    if (gnutls_x509_crt_get_dn_by_oid(
            certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, found, &size) == 0 &&
        size == strlen(name) && memcmp(found, name, size) == 0)
        return true;
    for (unsigned i = 0;; i++) {
        size = sizeof(found);
        int type = gnutls_x509_crt_get_subject_alt_name(certificate, i, found, &size, NULL);
        if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            return false;
        if (type == GNUTLS_SAN_DNSNAME && size == strlen(name) && memcmp(found, name, size) == 0)
            return true;
        if (type < 0 && type != GNUTLS_E_SHORT_MEMORY_BUFFER)
            return false;
    }
}

static int check_chain(
    struct tls_client_ca *ca, gnutls_x509_crt_t *chain, unsigned count, struct error **err)
{
    gnutls_typed_vdata_st purpose = {
        .type = GNUTLS_DT_KEY_PURPOSE_OID, .data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT};
    unsigned result = GNUTLS_CERT_INVALID;
    pthread_mutex_lock(&ca->mutex);
    int status = gnutls_x509_trust_list_verify_crt2(
        ca->trusted, chain, count, &purpose, 1, 0, &result, NULL);
    pthread_mutex_unlock(&ca->mutex);
    if (status < 0 || result != 0)
        return error_set(err, ERROR_REMOTE, "a client's certificate is not one of %s", ca->path);
    if (ca->name != NULL && !has_name(chain[0], ca->name))
        return error_set(
            err, ERROR_REMOTE, "a client's certificate does not have the name \"%s\"", ca->name);
    return 0;
}

/* Uses the current content of the file. */
static void refresh(struct tls_client_ca *ca)
{
    auto_error struct error *error = NULL;
    bool changed = false;
    pthread_mutex_lock(&ca->mutex);
    read_if_changed(ca, &changed, &error);
    pthread_mutex_unlock(&ca->mutex);
    if (ca->on_change != NULL && changed)
        ca->on_change(ca->user, error);
}

int tls_client_ca_check(struct tls_client_ca *ca, gnutls_session_t session, struct error **err)
{
    unsigned count = 0;
    const gnutls_datum_t *sent = gnutls_certificate_get_peers(session, &count);
    if (sent == NULL || count == 0 || count > MAX_CHAIN)
        return error_set(err, ERROR_REMOTE, "a client has shown no certificate, or too many");
    refresh(ca);
    gnutls_x509_crt_t chain[MAX_CHAIN];
    unsigned read = 0;
    int status = 0;
    for (; read < count && status == 0; read++) {
        status = gnutls_x509_crt_init(&chain[read]);
        if (status < 0)
            break;
        status = gnutls_x509_crt_import(chain[read], &sent[read], GNUTLS_X509_FMT_DER);
    }
    status = status == 0 ? check_chain(ca, chain, count, err)
                         : error_set(err, ERROR_REMOTE, "a client's certificate is malformed: %s",
                               gnutls_strerror(status));
    for (unsigned i = 0; i < read; i++)
        gnutls_x509_crt_deinit(chain[i]);
    return status;
}
