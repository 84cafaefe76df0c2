/* One key of one ConfigMap, followed: what it says now, and each time it says something else. */
#ifndef CONTROLLER_CONFIG_KEY_H
#define CONTROLLER_CONFIG_KEY_H

#include "kube/client.h"

struct controller_config_key;

struct controller_config_key_options {
    const char *namespace, *name, *key; /* borrowed for good */
    /* text is that of the key, or NULL: *there says whether the ConfigMap is. Called first as soon
     * as the API server has answered. */
    void (*on_text)(void *user, const char *text, bool there);
    void *user;
};

/* Owned by the caller. */
struct controller_config_key *controller_config_key_new(
    struct kube_client *client, const struct controller_config_key_options *options);
void controller_config_key_free(struct controller_config_key *config_key); /* NULL is allowed */

#endif
