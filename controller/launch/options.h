/* The options of the reconciler. */
#ifndef CONTROLLER_LAUNCH_OPTIONS_H
#define CONTROLLER_LAUNCH_OPTIONS_H

#include "controller/settings.h"
#include "hostpath/policy.h"
#include "kube/client.h"
#include "kube/events.h"

struct controller_launch_options {
    struct kube_client *client;
    struct kube_events *events;
    const struct controller_settings *settings;
    /* The current policy and template, borrowed until the loop continues. A NULL policy allows
     * everything; a NULL template is the default one, unless *fault says why the given one cannot
     * be used. */
    const struct hostpath_policy *(*policy)(void *user);
    const json_t *(*pod_template)(void *user, const char **fault);
    void *user;
};

#endif
