/* Watches one key of one ConfigMap: reports its value, and each change of it. */
#ifndef CONTROLLER_CONFIG_KEY_H
#define CONTROLLER_CONFIG_KEY_H

#include "kube/client.h"

struct controller_config_key;

struct controller_config_key_options {
    const char *namespace, *name, *key; /* borrowed for good */
    /* text is the value of the key, or NULL without it; there says whether the ConfigMap exists.
     * First called when the API server has answered. */
    void (*on_text)(void *user, const char *text, bool there);
    void *user;
};

/* Owned by the caller. */
struct controller_config_key *controller_config_key_new(
    struct kube_client *client, const struct controller_config_key_options *options);
void controller_config_key_free(struct controller_config_key *config_key); /* NULL is allowed */

#endif
