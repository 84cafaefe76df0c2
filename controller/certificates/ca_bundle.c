#include "controller/certificates/ca_bundle.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/unused.h"
#include "kube/informer.h"
#include "tls/base64.h"

/* One of the two configurations. */
struct target {
    struct controller_ca_bundle *bundle;
    const struct kube_resource *resource;
    struct kube_informer *informer;
    struct kube_call *call; /* the patch in progress, or NULL */
    char *seen; /* its resourceVersion before the last read of the Secret; NULL: none */
    bool missing; /* and that was logged */
    bool was_right; /* with the caBundle that is wanted now, and webhooks of ours */
    bool is_foreign; /* no webhook in it is ours, and that was logged */
    char *patched; /* the resourceVersion that call patches; NULL: none */
    char *sent; /* the caBundle that call sets; NULL: none */
    char *refused; /* the resourceVersion for which a patch was invalid; NULL: none */
    char *replaced; /* the resourceVersion that the last patch has replaced; NULL: none */
};

struct controller_ca_bundle {
    struct kube_client *client;
    struct controller_ca_bundle_options options; /* its string is owned */
    char *base64; /* NULL: not set yet */
    struct target targets[2];
};

static json_t *operation(const char *op, const char *path, const char *value)
{
    return json_pack("{s:s, s:s, s:s}", "op", op, "path", path, "value", value);
}

/* Whether a webhook is called through our Service. */
static bool is_ours(const json_t *webhook, const struct controller_ca_bundle_service *service)
{
    const json_t *called = json_object_get(json_object_get(webhook, "clientConfig"), "service");
    return streq(text_or(json_get_string(called, "name"), ""), service->name) &&
           streq(text_or(json_get_string(called, "namespace"), ""), service->namespace);
}

json_t *controller_ca_bundle_patch(const json_t *configuration,
    const struct controller_ca_bundle_service *service, const char *base64)
{
    json_t *patch = json_pack("[o]",
        operation("test", "/metadata/resourceVersion", kube_resource_version(configuration)));
    size_t i = 0;
    json_t *webhook = NULL;
    json_array_foreach (json_object_get(configuration, "webhooks"), i, webhook) {
        const json_t *client = json_object_get(webhook, "clientConfig");
        if (!is_ours(webhook, service) ||
            streq(text_or(json_get_string(client, "caBundle"), ""), base64))
            continue;
        auto_free char *path = xasprintf("/webhooks/%zu/clientConfig/caBundle", i);
        json_array_append_new(patch, operation("add", path, base64));
    }
    if (json_array_size(patch) > 1)
        return patch;
    json_decref(patch);
    return NULL;
}

/* The configuration in the cache, or NULL. Borrowed. */
static const json_t *cached(const struct target *target)
{
    return kube_informer_get(target->informer, target->bundle->options.configuration);
}

static void compare(struct target *target);

/* A patch of a configuration that has changed meanwhile is invalid, which is nothing to tell; but it
 * is invalid again for the same version if the API server does not take our caBundle. */
static void tell_failure(struct target *target, const struct kube_failure *failure)
{
    bool is_new = target->refused == NULL || !streq(target->refused, target->patched);
    if (failure->reason != KUBE_INVALID || !is_new)
        log_warning("updating caBundle failed: %s", failure->message);
    xstrset(&target->refused, failure->reason == KUBE_INVALID ? target->patched : NULL);
}

static void on_patched(void *user, const struct kube_answer *answer)
{
    struct target *target = user;
    const struct controller_ca_bundle_options *options = &target->bundle->options;
    target->call = NULL;
    if (answer->failure == NULL)
        log_info("%s %s: updated caBundle", target->resource->kind, options->configuration);
    else
        tell_failure(target, answer->failure);
    if (answer->failure == NULL) {
        xstrset(&target->replaced, target->patched);
        /* even if it is wrong again when the watch tells of it */
        target->was_right = streq(target->sent, target->bundle->base64);
    }
    xstrset(&target->patched, NULL);
    compare(target);
}

static json_t *patch_for(const struct controller_ca_bundle *bundle, const json_t *configuration)
{
    return configuration == NULL ? NULL
                                 : controller_ca_bundle_patch(
                                       configuration, &bundle->options.service, bundle->base64);
}

/* Logs that no webhook of a configuration is ours, once until one is. */
static void tell_foreign(struct target *target, const json_t *configuration)
{
    const struct controller_ca_bundle_options *options = &target->bundle->options;
    bool is_foreign = configuration != NULL;
    size_t i = 0;
    json_t *webhook = NULL;
    json_array_foreach (json_object_get(configuration, "webhooks"), i, webhook)
        is_foreign = is_foreign && !is_ours(webhook, &options->service);
    if (is_foreign && !target->is_foreign)
        log_warning("%s %s: none of its webhooks is called through the Service %s/%s: no caBundle "
                    "is set",
            target->resource->kind, options->configuration, options->service.namespace,
            options->service.name);
    target->is_foreign = is_foreign;
}

/* Compares one configuration with the wanted caBundle, and patches it or asks to read the
 * Secret. */
static void compare(struct target *target)
{
    struct controller_ca_bundle *bundle = target->bundle;
    const struct controller_ca_bundle_options *options = &bundle->options;
    if (target->call != NULL || bundle->base64 == NULL || !kube_informer_synced(target->informer))
        return;
    const json_t *configuration = cached(target);
    if (target->replaced != NULL && streq(target->replaced, kube_resource_version(configuration)))
        return; /* the watch has yet to tell of our patch */
    if (configuration == NULL && !target->missing)
        log_warning("%s %s does not exist: the API server does not call these webhooks yet",
            target->resource->kind, options->configuration);
    target->missing = configuration == NULL;
    tell_foreign(target, configuration);
    auto_json json_t *patch = patch_for(bundle, configuration);
    if (patch == NULL) {
        target->was_right = configuration != NULL && !target->is_foreign;
        options->on_change(options->user);
        return;
    }
    if (target->seen == NULL || !streq(target->seen, kube_resource_version(configuration))) {
        options->on_wrong(options->user);
        return;
    }
    if (target->was_right)
        log_warning("%s %s: somebody else has changed the caBundle of webhooks that are called "
                    "through the Service %s/%s; setting it again (metadata.managedFields says who)",
            target->resource->kind, options->configuration, options->service.namespace,
            options->service.name);
    target->was_right = false;
    xstrset(&target->patched, target->seen);
    xstrset(&target->sent, bundle->base64);
    xstrset(&target->seen, NULL); /* the Secret must be read before the next patch */
    const struct kube_request request = {
        .verb = KUBE_PATCH_JSON,
        .resource = target->resource,
        .name = options->configuration,
        .body = patch,
        .field_manager = "hook-controller",
    };
    target->call = kube_call_start(bundle->client, &request, on_patched, target);
}

static void on_change(
    void *user, UNUSED const char *key, UNUSED const json_t *before, const json_t *after)
{
    struct target *target = user;
    const struct controller_ca_bundle_options *options = &target->bundle->options;
    if (after != NULL && options->on_seen != NULL)
        options->on_seen(options->user, after);
    compare(target);
}

static void on_synced(void *user)
{
    compare(user);
}

struct controller_ca_bundle *controller_ca_bundle_new(
    struct kube_client *client, const struct controller_ca_bundle_options *options)
{
    static const struct kube_resource *const resources[] = {
        &kube_mutating_webhooks, &kube_validating_webhooks};
    struct controller_ca_bundle *bundle = xcalloc(1, sizeof(*bundle));
    bundle->client = client;
    bundle->options = *options;
    bundle->options.configuration = xstrdup(options->configuration);
    bundle->options.service.namespace = xstrdup(options->service.namespace);
    bundle->options.service.name = xstrdup(options->service.name);
    auto_free char *selector = xasprintf("metadata.name=%s", options->configuration);
    for (size_t i = 0; i < ARRAY_SIZE(bundle->targets); i++) {
        struct target *target = &bundle->targets[i];
        target->bundle = bundle;
        target->resource = resources[i];
        const struct kube_informer_options informer = {
            .resource = resources[i],
            .field_selector = selector,
            .on_change = on_change,
            .on_synced = on_synced,
            .user = target,
        };
        target->informer = kube_informer_new(client, &informer);
    }
    return bundle;
}

void controller_ca_bundle_free(struct controller_ca_bundle *bundle)
{
    if (bundle == NULL)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(bundle->targets); i++) {
        struct target *target = &bundle->targets[i];
        if (target->call != NULL)
            kube_call_cancel(target->call);
        kube_informer_free(target->informer);
        free(target->seen);
        free(target->patched);
        free(target->refused);
        free(target->replaced);
        free(target->sent);
    }
    free((char *)bundle->options.configuration);
    free((char *)bundle->options.service.namespace);
    free((char *)bundle->options.service.name);
    free(bundle->base64);
    free(bundle);
}

void controller_ca_bundle_prepare(struct controller_ca_bundle *bundle)
{
    for (size_t i = 0; i < ARRAY_SIZE(bundle->targets); i++) {
        struct target *target = &bundle->targets[i];
        const json_t *configuration = cached(target);
        xstrset(&target->seen, configuration == NULL ? NULL : kube_resource_version(configuration));
    }
}

void controller_ca_bundle_set(struct controller_ca_bundle *bundle, const char *pem)
{
    auto_free char *before = bundle->base64;
    bundle->base64 = tls_base64_encode(pem);
    bool changes = before == NULL || !streq(before, bundle->base64);
    for (size_t i = 0; i < ARRAY_SIZE(bundle->targets); i++) {
        struct target *target = &bundle->targets[i];
        target->was_right = target->was_right && !changes;
        compare(target);
    }
}

bool controller_ca_bundle_is_right(const struct controller_ca_bundle *bundle)
{
    for (size_t i = 0; i < ARRAY_SIZE(bundle->targets); i++) {
        const struct target *target = &bundle->targets[i];
        if (bundle->base64 == NULL || !kube_informer_synced(target->informer))
            return false;
        auto_json json_t *patch = patch_for(bundle, cached(target));
        if (patch != NULL)
            return false;
    }
    return true;
}
