/* The secret key of all replicas, in a Secret in the controller's namespace: for the authorizations
 * that it writes, and for what it generates. Whichever replica finds none makes it. */
#ifndef CONTROLLER_APPLIANCE_KEY_H
#define CONTROLLER_APPLIANCE_KEY_H

#include <stdbool.h>

#include "kube/client.h"

enum { CONTROLLER_KEY_BYTES = 32 };

/* What a key is used for: codes made for one use say nothing about those for another. */
enum controller_key_use {
    CONTROLLER_KEY_AUTHORIZATION, /* authorizations of VMs */
    CONTROLLER_KEY_OBJECTS, /* the objects that a VM needs */
    CONTROLLER_KEY_RANDOM, /* what is generated for a VM */
};

struct controller_key;

/* Reads the Secret, and makes it if it does not exist. Owned by the caller; the strings are borrowed
 * for good. */
struct controller_key *controller_key_new(
    struct kube_client *client, const char *namespace, const char *secret);
void controller_key_free(struct controller_key *key); /* NULL is allowed */

/* Whether the key is known. */
bool controller_key_ready(const struct controller_key *key);

/* The HMAC-SHA-256 of text for a use. The key must be ready. */
void controller_key_code(const struct controller_key *key, enum controller_key_use use,
    const char *text, unsigned char code[CONTROLLER_KEY_BYTES]);

/* The same in hexadecimal digits. Owned by the caller. */
char *controller_key_digits(
    const struct controller_key *key, enum controller_key_use use, const char *text);

/* A key without a Secret, for tests. Owned by the caller. */
struct controller_key *controller_key_of(const unsigned char bytes[CONTROLLER_KEY_BYTES]);

#endif
