/* The caBundle with which API servers verify the webhooks' certificate, in the MutatingWebhook- and
 * the ValidatingWebhookConfiguration of one name: watches it, and corrects it at once when somebody
 * changes it.
 *
 * The right value follows from the Secret, of which another replica may know a newer version. So
 * that no replica undoes another's patch, a configuration is patched only from a Secret that was
 * read after the configuration was seen, and only if the configuration has not changed since. */
#ifndef CONTROLLER_CERTIFICATES_CA_BUNDLE_H
#define CONTROLLER_CERTIFICATES_CA_BUNDLE_H

#include "kube/client.h"

struct controller_ca_bundle;

/* The Service through which webhooks are called. A webhook of another one, or with a URL, is
 * somebody else's, although it is in our configuration: its caBundle is left alone. */
struct controller_ca_bundle_service {
    const char *namespace, *name;
};

struct controller_ca_bundle_options {
    const char *configuration; /* the name of both; copied */
    struct controller_ca_bundle_service service; /* whose webhooks are ours; copied */
    /* A caBundle is wrong: the Secret must be read, for controller_ca_bundle_set. */
    void (*on_wrong)(void *user);
    /* controller_ca_bundle_is_right may have changed. */
    void (*on_change)(void *user);
    /* A configuration, each time it changes; borrowed. Or NULL. */
    void (*on_seen)(void *user, const json_t *configuration);
    void *user;
};

/* Owned by the caller. */
struct controller_ca_bundle *controller_ca_bundle_new(
    struct kube_client *client, const struct controller_ca_bundle_options *options);
void controller_ca_bundle_free(struct controller_ca_bundle *bundle); /* NULL is allowed */

/* To be called before the Secret is read: remembers the versions of the configurations. */
void controller_ca_bundle_prepare(struct controller_ca_bundle *bundle);

/* Sets the wanted caBundle, in PEM, from the Secret that was read after that. */
void controller_ca_bundle_set(struct controller_ca_bundle *bundle, const char *pem);

/* Whether every webhook of ours in both has it. A missing configuration counts as right; it is logged and
 * waited for. */
bool controller_ca_bundle_is_right(const struct controller_ca_bundle *bundle);

/* The JSON patch (RFC 6902) that sets the caBundle, in Base64, in every webhook of ours in a
 * configuration, provided it still has this resourceVersion; NULL when all have it. New
 * reference. */
json_t *controller_ca_bundle_patch(const json_t *configuration,
    const struct controller_ca_bundle_service *service, const char *base64);

#endif
