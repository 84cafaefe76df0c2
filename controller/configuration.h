/* The configuration that the cluster's admin may change while the controller runs: the policy and
 * the pod template, each from its ConfigMap (or, for the policy, a file), and what is denied when
 * they cannot be used. */
#ifndef CONTROLLER_CONFIGURATION_H
#define CONTROLLER_CONFIGURATION_H

#include "base/error.h"
#include "controller/webhook/rules.h"
#include "controller/settings.h"
#include "hostpath/policy.h"
#include "kube/client.h"

struct controller_configuration;

struct controller_configuration_options {
    const struct controller_settings *settings; /* borrowed for good */
    struct kube_client *client; /* or NULL: no API server */
    const char *namespace; /* of the ConfigMaps; borrowed for good */
    struct controller_rules_store *rules; /* of the webhooks; borrowed for good */
    void (*on_change)(void *user); /* the policy or the template has changed */
    void *user;
};

/* Keeps the policy in the webhooks' rules current. Until it is known, everything is denied. Owned
 * by the caller; NULL with an error when a policy file cannot be used. */
struct controller_configuration *controller_configuration_new(
    const struct controller_configuration_options *options, struct error **err);
void controller_configuration_free(struct controller_configuration *configuration); /* or NULL */

/* Whether the policy and the template are known, good or bad. */
bool controller_configuration_loaded(const struct controller_configuration *configuration);

/* The current policy, borrowed until the loop continues. NULL: everything is allowed. */
const struct hostpath_policy *controller_configuration_policy(
    const struct controller_configuration *configuration);

/* The current PodTemplateSpec, borrowed until the loop continues. NULL: use the default one, unless
 * *fault says why the given one cannot be used. */
const json_t *controller_configuration_template(
    const struct controller_configuration *configuration, const char **fault);

#endif
