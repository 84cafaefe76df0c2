#include "controller/certificates/secret_pair.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "kube/resource.h"
#include "tls/base64.h"
#include "tls/pem.h"

static const char ca_key[] = "ca.crt";
static const char previous_ca_key[] = "previous-ca.crt";
static const char certificate_key[] = "tls.crt";
static const char private_key[] = "tls.key";

/* Bytes of a CA: it comes into each webhook of both configurations, and etcd takes 1.5 MiB. */
enum { MOST_CA = 64 * 1024 };

void controller_secret_wipe(json_t *secret)
{
    json_t *key = json_object_get(json_object_get(secret, "data"), private_key);
    if (json_is_string(key))
        explicit_bzero((char *)json_string_value(key), json_string_length(key));
}

/* A value of a Secret's data as text, owned by the caller, or NULL with an input error. */
static char *read_value(const char *name, const json_t *secret, const char *key, struct error **err)
{
    const json_t *value = json_object_get(json_object_get(secret, "data"), key);
    if (!json_is_string(value) || json_string_length(value) == 0) {
        error_set(err, ERROR_INPUT, "%s: it has no %s", name, key);
        return NULL;
    }
    char *text = tls_base64_decode(json_string_value(value), json_string_length(value));
    if (text == NULL)
        error_set(err, ERROR_INPUT, "%s: %s is not Base64", name, key);
    return text;
}

static int read_pair(
    struct controller_secret_pair *pair, const char *name, const json_t *secret, struct error **err)
{
    pair->previous_ca = read_value(name, secret, previous_ca_key, NULL);
    if (pair->previous_ca != NULL &&
        (strlen(pair->previous_ca) > MOST_CA || !tls_certificate_ca_is_valid(pair->previous_ca))) {
        free(pair->previous_ca);
        pair->previous_ca = NULL;
    }
    auto_free char *ca = read_value(name, secret, ca_key, err);
    if (ca == NULL)
        return -1;
    if (strlen(ca) > MOST_CA)
        return error_set(err, ERROR_INPUT, "%s: %s has %zu bytes; at most %d are allowed", name,
            ca_key, strlen(ca), MOST_CA);
    if (!tls_certificate_ca_is_valid(ca))
        return error_set(err, ERROR_INPUT, "%s: %s is not a CA, or has expired", name, ca_key);
    pair->ca = steal(&ca);

    auto_free char *chain = read_value(name, secret, certificate_key, err);
    char *key = chain == NULL ? NULL : read_value(name, secret, private_key, err);
    if (key == NULL)
        return -1;
    pair->certificate = tls_certificate_new(name, chain, key, err);
    free_secret(key, strlen(key));
    if (pair->certificate == NULL)
        return -1;
    if (tls_certificate_start(pair->certificate) > time(NULL))
        return error_set(err, ERROR_INPUT, "%s: %s is not valid yet", name, certificate_key);
    if (!tls_certificate_signed_by(pair->certificate, pair->ca))
        return error_set(err, ERROR_INPUT, "%s: %s did not sign %s", name, ca_key, certificate_key);
    return 0;
}

int controller_secret_pair_read(
    struct controller_secret_pair *pair, const char *name, json_t *secret, struct error **err)
{
    *pair = (struct controller_secret_pair){NULL, NULL, NULL};
    int result = read_pair(pair, name, secret, err);
    controller_secret_wipe(secret);
    return result;
}

void controller_secret_pair_clear(struct controller_secret_pair *pair)
{
    free(pair->ca);
    free(pair->previous_ca);
    tls_certificate_unref(pair->certificate);
    *pair = (struct controller_secret_pair){NULL, NULL, NULL};
}

static void set_value(json_t *data, const char *key, const char *text)
{
    char *base64 = tls_base64_encode(text);
    json_object_set_new(data, key, json_string(base64));
    free_secret(base64, strlen(base64));
}

/* The data of a Secret with a new pair, and all else that was in it. New reference, or NULL with an
 * internal error. */
static json_t *make_data(const json_t *before, const char *const *dns_names, int64_t validity_ms,
    const char *previous_ca, struct error **err)
{
    struct tls_pem ca = {NULL, NULL};
    struct tls_pem leaf = {NULL, NULL};
    json_t *data = NULL;
    if (tls_pem_make_ca("Hookline webhook CA", validity_ms, &ca, err) == 0 &&
        tls_pem_make_leaf(&ca, "hook-controller", dns_names, validity_ms, &leaf, err) == 0) {
        data = json_is_object(before) ? json_copy((json_t *)before) : json_object();
        set_value(data, ca_key, ca.certificate);
        json_object_del(data, previous_ca_key);
        if (previous_ca != NULL)
            set_value(data, previous_ca_key, previous_ca);
        set_value(data, certificate_key, leaf.certificate);
        set_value(data, private_key, leaf.key);
    }
    tls_pem_clear(&ca);
    tls_pem_clear(&leaf);
    return data;
}

json_t *controller_secret_make(const char *namespace, const char *name, const json_t *existing,
    const char *const *dns_names, int64_t validity_ms, const char *previous_ca, struct error **err)
{
    json_t *data =
        make_data(json_object_get(existing, "data"), dns_names, validity_ms, previous_ca, err);
    if (data == NULL)
        return NULL;
    json_t *secret = NULL;
    if (existing != NULL) {
        secret = json_copy((json_t *)existing); /* a shallow copy: its values are not changed */
        json_object_set_new(secret, "data", data);
    } else {
        secret = json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:{s:s, s:s}}, s:o}", "apiVersion", "v1",
            "kind", "Secret", "type", "kubernetes.io/tls", "metadata", "name", name, "namespace",
            namespace, "labels", "app.kubernetes.io/name", "hookline",
            "app.kubernetes.io/managed-by", "hook-controller", "data", data);
    }
    return secret;
}

time_t controller_certificate_renewal(const struct tls_certificate *certificate)
{
    time_t start = tls_certificate_start(certificate);
    time_t life = tls_certificate_expiry(certificate) - start;
    return start + life / 3 * 2;
}
