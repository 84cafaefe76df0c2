#include "controller/config_key.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/unused.h"
#include "kube/informer.h"

struct controller_config_key {
    struct controller_config_key_options options;
    struct kube_informer *informer;
};

/* The cache keeps only the one key of the ConfigMap. */
static json_t *prune(void *user, json_t *config_map)
{
    const struct controller_config_key *config_key = user;
    const char *text =
        json_get_string(json_object_get(config_map, "data"), config_key->options.key);
    json_t *kept = json_pack("{s:{s:s, s:s, s:s, s:s}}", "metadata", "name", kube_name(config_map),
        "namespace", kube_namespace(config_map), "uid", kube_uid(config_map), "resourceVersion",
        kube_resource_version(config_map));
    if (text != NULL)
        json_object_set_new(kept, "text", json_string(text));
    return kept;
}

static void on_change(
    void *user, UNUSED const char *key, UNUSED const json_t *before, const json_t *after)
{
    const struct controller_config_key *config_key = user;
    config_key->options.on_text(
        config_key->options.user, json_get_string(after, "text"), after != NULL);
}

static void on_synced(void *user)
{
    const struct controller_config_key *config_key = user;
    if (kube_informer_count(config_key->informer) == 0)
        config_key->options.on_text(config_key->options.user, NULL, false);
}

struct controller_config_key *controller_config_key_new(
    struct kube_client *client, const struct controller_config_key_options *options)
{
    struct controller_config_key *config_key = xcalloc(1, sizeof(*config_key));
    config_key->options = *options;
    auto_free char *selector = xasprintf("metadata.name=%s", options->name);
    struct kube_informer_options informer = {
        .resource = &kube_config_maps,
        .namespace = options->namespace,
        .field_selector = selector,
        .prune = prune,
        .on_change = on_change,
        .on_synced = on_synced,
        .user = config_key,
    };
    config_key->informer = kube_informer_new(client, &informer);
    return config_key;
}

void controller_config_key_free(struct controller_config_key *config_key)
{
    if (config_key == NULL)
        return;
    kube_informer_free(config_key->informer);
    free(config_key);
}
