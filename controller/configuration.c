#include "controller/configuration.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "controller/config_key.h"
#include "controller/launch/pod_template.h"
#include "controller/webhook/rules.h"
#include "hostpath/policy_parse.h"

#define POLICY_KEY "policy.yaml"
#define TEMPLATE_KEY "template.yaml"

struct controller_configuration {
    struct controller_configuration_options options;
    struct controller_config_key *policy_key, *template_key; /* owned; or NULL */
    const struct hostpath_policy *policy; /* owned by the current rules */
    bool policy_known, template_known;
    json_t *template_; /* owned; or NULL */
    char *template_fault; /* owned; or NULL */
};

static void set_policy(
    struct controller_configuration *configuration, struct hostpath_policy *take_policy)
{
    const struct controller_settings *settings = configuration->options.settings;
    const struct controller_review_options review = {
        .render =
            {
                .launcher = settings->launcher,
                .shim_image = settings->shim_image,
                .manager_image = settings->manager_image,
                .annotation_key = settings->annotation_key,
            },
        .annotation_key = settings->annotation_key,
        .strict = settings->strict,
    };
    configuration->policy = take_policy;
    controller_rules_store_set(configuration->options.rules, take_policy, &review);
}

/* The policy when its ConfigMap does not exist. Owned by the caller. */
static struct hostpath_policy *missing_policy(
    const struct controller_configuration_options *options)
{
    const struct controller_settings *settings = options->settings;
    auto_free char *reason =
        xasprintf("the policy, ConfigMap %s/%s, does not exist; a cluster administrator creates it "
                  "with kubectl create -k deploy/initial/%s",
            options->namespace, settings->policy_config_map,
            settings->launch ? "standalone" : "kubevirt");
    log_write(LOG_WARNING, json_pack("{s:s}", "reason", "PolicyMissing"),
        "no hostPath is allowed: %s", reason);
    return hostpath_policy_missing(reason);
}

/* Parses the policy; text NULL: the ConfigMap lacks the key. Owned by the caller. */
static struct hostpath_policy *read_policy(const char *name, const char *text)
{
    auto_error struct error *error = NULL;
    struct hostpath_policy *policy = NULL;
    if (text != NULL) {
        policy = hostpath_policy_parse(name, text, strlen(text), &error);
    } else {
        error_set(&error, ERROR_INPUT, "%s: no such key", name);
        policy = hostpath_policy_unreadable(error->message);
    }
    if (error != NULL)
        log_write(LOG_ERROR, json_pack("{s:s}", "reason", "PolicyUnusable"),
            "everything that needs a policy is denied: %s", error->message);
    else
        log_info("using the policy of %s", name);
    return policy;
}

static void on_policy(void *user, const char *text, bool there)
{
    struct controller_configuration *configuration = user;
    const struct controller_configuration_options *options = &configuration->options;
    auto_free char *name = xasprintf("ConfigMap %s/%s, key " POLICY_KEY, options->namespace,
        options->settings->policy_config_map);
    set_policy(configuration, there ? read_policy(name, text) : missing_policy(options));
    configuration->policy_known = true;
    options->on_change(options->user);
}

static void on_template(void *user, const char *text, bool there)
{
    struct controller_configuration *configuration = user;
    const struct controller_configuration_options *options = &configuration->options;
    auto_error struct error *error = NULL;
    auto_free char *name = xasprintf("ConfigMap %s/%s, key " TEMPLATE_KEY, options->namespace,
        options->settings->pod_template_config_map);
    json_decref(configuration->template_);
    configuration->template_ = NULL;
    if (text != NULL)
        configuration->template_ = controller_pod_template_parse(name, text, &error);
    else if (there)
        error_set(&error, ERROR_INPUT, "%s: no such key", name);
    xstrset(&configuration->template_fault, error == NULL ? NULL : error->message);
    if (error != NULL)
        log_write(LOG_ERROR, json_pack("{s:s}", "reason", "InvalidPodTemplate"),
            "nothing is launched: %s", error->message);
    else
        log_info("launcher pods are made from %s", there ? name : "the default template");
    configuration->template_known = true;
    options->on_change(options->user);
}

static int start_policy(struct controller_configuration *configuration, struct error **err)
{
    const struct controller_configuration_options *options = &configuration->options;
    const struct controller_settings *settings = options->settings;
    if (settings->policy_file != NULL) {
        struct error *error = NULL;
        struct hostpath_policy *policy = hostpath_policy_read(settings->policy_file, &error);
        set_policy(configuration, policy);
        if (error != NULL)
            return error_move(err, error);
    } else if (settings->policy_config_map[0] != '\0') {
        set_policy(configuration, hostpath_policy_unreadable("it has not been read yet"));
        struct controller_config_key_options key = {
            .namespace = options->namespace,
            .name = settings->policy_config_map,
            .key = POLICY_KEY,
            .on_text = on_policy,
            .user = configuration,
        };
        configuration->policy_key = controller_config_key_new(options->client, &key);
        return 0;
    } else {
        set_policy(configuration, NULL);
    }
    configuration->policy_known = true;
    return 0;
}

struct controller_configuration *controller_configuration_new(
    const struct controller_configuration_options *options, struct error **err)
{
    struct controller_configuration *configuration = xcalloc(1, sizeof(*configuration));
    configuration->options = *options;
    if (start_policy(configuration, err) < 0) {
        controller_configuration_free(configuration);
        return NULL;
    }
    configuration->template_known =
        !options->settings->launch || options->settings->pod_template_config_map[0] == '\0';
    if (!configuration->template_known) {
        struct controller_config_key_options key = {
            .namespace = options->namespace,
            .name = options->settings->pod_template_config_map,
            .key = TEMPLATE_KEY,
            .on_text = on_template,
            .user = configuration,
        };
        configuration->template_key = controller_config_key_new(options->client, &key);
    }
    return configuration;
}

void controller_configuration_free(struct controller_configuration *configuration)
{
    if (configuration == NULL)
        return;
    controller_config_key_free(configuration->policy_key);
    controller_config_key_free(configuration->template_key);
    json_decref(configuration->template_);
    free(configuration->template_fault);
    free(configuration);
}

bool controller_configuration_loaded(const struct controller_configuration *configuration)
{
    return configuration->policy_known && configuration->template_known;
}

const struct hostpath_policy *controller_configuration_policy(
    const struct controller_configuration *configuration)
{
    return configuration->policy;
}

const json_t *controller_configuration_template(
    const struct controller_configuration *configuration, const char **fault)
{
    *fault = configuration->template_fault;
    return configuration->template_;
}
