/* The admission webhooks of hook-controller: their names, their paths, and the objects that are
 * sent to them. One table generates the manifests in deploy/. */
#ifndef CONTROLLER_WEBHOOK_WEBHOOKS_H
#define CONTROLLER_WEBHOOK_WEBHOOKS_H

#include <jansson.h>

#include "base/error.h"

enum controller_webhook {
    CONTROLLER_MUTATE_PODS, /* POST /mutate-pods: adds the sidecars */
    CONTROLLER_COMPLETE_MACHINES, /* POST /complete-machines: VMs out of DataSources */
    CONTROLLER_VALIDATE_MACHINES, /* POST /validate-machines: all of annotations_kinds except Pod */
    CONTROLLER_VALIDATE_APPLIANCES, /* POST /validate-appliances: DataSources, and VMs out of them */
};

enum { CONTROLLER_WEBHOOKS = CONTROLLER_VALIDATE_APPLIANCES + 1 };

/* "mutate-pods", "validate-machines", …, which is also the path below "/". Static. */
const char *controller_webhook_name(enum controller_webhook webhook);

struct controller_webhooks_options {
    const char *version; /* of Kubernetes: "1.34", "v1.28.2" */
    const char *annotation_key; /* the one key to look for, or NULL: both */
    const char *namespace; /* of the Service */
    const char *service;
    const char *configuration; /* the name of both configurations */
};

/* The MutatingWebhookConfiguration and the ValidatingWebhookConfiguration as YAML, two documents.
 *
 * From Kubernetes 1.28 on, the API server has match conditions: it sends an object to a webhook
 * only if the object has one of its keys, is not being deleted and, on an update, if the value of a
 * key or spec changes; it refuses the object if no webhook answers. Older versions send all objects
 * of these kinds, so objects pass, after a short time-out, if no webhook answers.
 * Source: Kubernetes, "Dynamic Admission Control", "Matching requests: matchConditions".
 *
 * Owned by the caller; NULL with a usage error when version or annotation_key cannot be one. */
char *controller_webhooks_manifest(
    const struct controller_webhooks_options *options, struct error **err);

/* What is wrong with a webhook configuration of ours in the API server: it makes every virtual
 * machine depend on Hookline, does not send objects with the annotation annotation_key, the only
 * key to look for (NULL: both), or completes VMs only after KubeVirt has looked at them. A sentence,
 * owned by the caller; NULL if nothing is wrong. */
char *controller_webhooks_complaint(const json_t *configuration, const char *annotation_key);

#endif
