#include "controller/appliance/key.h"

#include <stdlib.h>
#include <string.h>
#include <utstring.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/unused.h"
#include "controller/appliance/owned.h"
#include "controller/certificates/pace.h"
#include "kube/informer.h"
#include "tls/base64.h"
#include "tls/hmac.h"

static const char data_key[] = "key";

struct controller_key {
    struct kube_client *client;
    const char *namespace, *secret;
    struct kube_informer *informer; /* of the Secret; owned */
    struct kube_call *call; /* that makes it, or NULL */
    struct controller_pace pace; /* of making it */
    bool ready;
    unsigned char bytes[CONTROLLER_KEY_BYTES];
};

static void on_made(void *user, const struct kube_answer *answer)
{
    struct controller_key *key = user;
    key->call = NULL;
    if (answer->failure == NULL) {
        log_info("Secret %s/%s: made the key of appliances", key->namespace, key->secret);
    } else if (answer->failure->reason != KUBE_ALREADY_EXISTS) {
        log_warning("%s", answer->failure->message);
        controller_pace_ask(&key->pace);
    } /* else another replica was first: the watch brings its key */
}

static const char hexadecimal[] = "0123456789abcdef";

/* The digits of bytes, two each. Owned by the caller. */
static char *digits_of(const unsigned char *bytes, size_t count)
{
    char *digits = xcalloc(2 * count + 1, 1);
    for (size_t i = 0; i < count; i++) {
        digits[2 * i] = hexadecimal[bytes[i] >> 4];
        digits[2 * i + 1] = hexadecimal[bytes[i] & 15];
    }
    return digits;
}

/* A new key, as text: Base64 of the digits in Base64 would do no more. Owned by the caller. */
static char *random_text(void)
{
    unsigned char bytes[CONTROLLER_KEY_BYTES];
    arc4random_buf(bytes, sizeof(bytes));
    char *text = digits_of(bytes, sizeof(bytes));
    explicit_bzero(bytes, sizeof(bytes));
    return text;
}

static void make(void *user)
{
    struct controller_key *key = user;
    if (key->call != NULL || key->ready)
        return;
    controller_pace_count(&key->pace);
    char *text = random_text();
    auto_json json_t *secret = json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:{s:s, s:s}}, s:{s:s}}",
        "apiVersion", "v1", "kind", "Secret", "type", "Opaque", "metadata", "name", key->secret,
        "namespace", key->namespace, "labels", "app.kubernetes.io/name", "hookline",
        "app.kubernetes.io/managed-by", "hook-controller", "stringData", data_key, text);
    const struct kube_request request = {
        .verb = KUBE_CREATE,
        .resource = &kube_secrets,
        .namespace = key->namespace,
        .body = secret,
        .field_manager = "hook-controller",
        .no_body = true, /* the watch brings it */
    };
    key->call = kube_call_start(key->client, &request, on_made, key);
    controller_owned_wipe(secret);
    free_secret(text, strlen(text));
}

/* Reads the digits of a key. Returns whether it is one. */
static bool read_digits(const char *text, unsigned char bytes[CONTROLLER_KEY_BYTES])
{
    if (strlen(text) != 2 * CONTROLLER_KEY_BYTES || strspn(text, hexadecimal) != strlen(text))
        return false;
    for (size_t i = 0; i < CONTROLLER_KEY_BYTES; i++) {
        long high = strchr(hexadecimal, text[2 * i]) - hexadecimal;
        long low = strchr(hexadecimal, text[2 * i + 1]) - hexadecimal;
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static void take(struct controller_key *key, const json_t *secret)
{
    const json_t *value = json_object_get(json_object_get(secret, "data"), data_key);
    const char *base64 = text_or(json_string_value(value), "");
    char *text = tls_base64_decode(base64, strlen(base64));
    key->ready = text != NULL && read_digits(text, key->bytes);
    if (text != NULL)
        free_secret(text, strlen(text));
    if (key->ready)
        log_info("Secret %s/%s: using its key for appliances", key->namespace, key->secret);
    else
        log_error("Secret %s/%s: %s is not a key of %d hexadecimal digits; no VM is completed. "
                  "Delete the Secret: a new one is made",
            key->namespace, key->secret, data_key, 2 * CONTROLLER_KEY_BYTES);
}

static void on_change(
    void *user, UNUSED const char *name, UNUSED const json_t *before, const json_t *after)
{
    struct controller_key *key = user;
    if (after != NULL) {
        take(key, after);
        return;
    }
    key->ready = false;
    controller_pace_ask(&key->pace);
}

static void on_synced(void *user)
{
    struct controller_key *key = user;
    if (kube_informer_count(key->informer) == 0)
        controller_pace_ask(&key->pace);
}

struct controller_key *controller_key_new(
    struct kube_client *client, const char *namespace, const char *secret)
{
    struct controller_key *key = xcalloc(1, sizeof(*key));
    auto_free char *selector = xasprintf("metadata.name=%s", secret);
    const struct kube_informer_options options = {
        .resource = &kube_secrets,
        .namespace = namespace,
        .field_selector = selector,
        .on_change = on_change,
        .on_synced = on_synced,
        .user = key,
    };
    key->client = client;
    key->namespace = namespace;
    key->secret = secret;
    controller_pace_init(&key->pace, make, key);
    key->informer = kube_informer_new(client, &options);
    return key;
}

struct controller_key *controller_key_of(const unsigned char bytes[CONTROLLER_KEY_BYTES])
{
    struct controller_key *key = xcalloc(1, sizeof(*key));
    memcpy(key->bytes, bytes, CONTROLLER_KEY_BYTES);
    key->ready = true;
    controller_pace_init(&key->pace, make, key);
    return key;
}

void controller_key_free(struct controller_key *key)
{
    if (key == NULL)
        return;
    if (key->call != NULL)
        kube_call_cancel(key->call);
    controller_pace_clear(&key->pace);
    kube_informer_free(key->informer);
    free_secret(key, sizeof(*key));
}

bool controller_key_ready(const struct controller_key *key)
{
    return key->ready;
}

void controller_key_code(const struct controller_key *key, enum controller_key_use use,
    const char *text, unsigned char code[CONTROLLER_KEY_BYTES])
{
    static const char *const uses[] = {"authorization", "objects", "random"};
    UT_string whole;
    utstring_init(&whole);
    utstring_printf(&whole, "hookline appliance %s\n%s", uses[use], text);
    tls_hmac_sha256(
        key->bytes, sizeof(key->bytes), utstring_body(&whole), utstring_len(&whole), code);
    explicit_bzero(utstring_body(&whole), utstring_len(&whole));
    utstring_done(&whole);
}

char *controller_key_digits(
    const struct controller_key *key, enum controller_key_use use, const char *text)
{
    unsigned char code[CONTROLLER_KEY_BYTES];
    controller_key_code(key, use, text, code);
    return digits_of(code, sizeof(code));
}
