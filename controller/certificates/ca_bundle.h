/* The caBundle by which API servers know the webhooks' certificate, in the MutatingWebhook- and
 * the ValidatingWebhookConfiguration of one name: it is watched, and put right at once when
 * somebody changes it.
 *
 * What is right follows from the Secret, and another replica may know a newer one. So that none
 * undoes what another did, a configuration is patched only by a Secret that was read after the
 * configuration was seen, and only as long as it is the one that was seen. */
#ifndef CONTROLLER_CERTIFICATES_CA_BUNDLE_H
#define CONTROLLER_CERTIFICATES_CA_BUNDLE_H

#include "kube/client.h"

struct controller_ca_bundle;

struct controller_ca_bundle_options {
    const char *configuration; /* the name of both; copied */
    /* Something is not right: the Secret is to be read, for controller_ca_bundle_set. */
    void (*on_wrong)(void *user);
    /* controller_ca_bundle_is_right may have another answer. */
    void (*on_change)(void *user);
    /* A configuration as the API server has it, each time it is another; borrowed. Or NULL. */
    void (*on_seen)(void *user, const json_t *configuration);
    void *user;
};

/* Owned by the caller. */
struct controller_ca_bundle *controller_ca_bundle_new(
    struct kube_client *client, const struct controller_ca_bundle_options *options);
void controller_ca_bundle_free(struct controller_ca_bundle *bundle); /* NULL is allowed */

/* The Secret is going to be read now: remembers how the configurations stand. */
void controller_ca_bundle_prepare(struct controller_ca_bundle *bundle);

/* Says what it shall be, in PEM, by the Secret that was read after that. */
void controller_ca_bundle_set(struct controller_ca_bundle *bundle, const char *pem);

/* Whether every webhook of both has it. A configuration that is not there has nothing wrong; it is
 * logged and waited for. */
bool controller_ca_bundle_is_right(const struct controller_ca_bundle *bundle);

/* The JSON patch (RFC 6902) that gives every webhook of a configuration, as long as it is at this
 * resourceVersion, the caBundle, in Base64; NULL when all have it. New reference. */
json_t *controller_ca_bundle_patch(const json_t *configuration, const char *base64);

#endif
