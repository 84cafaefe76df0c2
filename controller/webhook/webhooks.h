/* The admission webhooks of hook-controller: what each is called, where it is served and which
 * objects come to it. The server's paths and the manifests of deploy/ are made from one table. */
#ifndef CONTROLLER_WEBHOOK_WEBHOOKS_H
#define CONTROLLER_WEBHOOK_WEBHOOKS_H

#include <jansson.h>

#include "base/error.h"

enum controller_webhook {
    CONTROLLER_MUTATE_PODS, /* POST /mutate-pods: contract 2 of the design */
    CONTROLLER_VALIDATE_MACHINES, /* POST /validate-machines: all of annotations_kinds but Pod */
};

enum { CONTROLLER_WEBHOOKS = CONTROLLER_VALIDATE_MACHINES + 1 };

/* "mutate-pods" or "validate-machines", which is also the path below "/". Static. */
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
 * From Kubernetes 1.28 on the API server has match conditions: an object is sent to a webhook only if
 * it carries one of its keys, is not being deleted, and, when it is updated, the value of a key or
 * spec changes. It is refused while nobody answers. Older ones send all objects of these kinds, which
 * therefore pass while nobody answers, after a short time-out.
 * Source: Kubernetes, "Dynamic Admission Control", "Matching requests: matchConditions".
 *
 * Owned by the caller; NULL with a usage error when version or annotation_key cannot be one. */
char *controller_webhooks_manifest(
    const struct controller_webhooks_options *options, struct error **err);

/* What an admin should know of a webhook configuration of ours as the API server has it: that it makes
 * every virtual machine depend on Hookline, or does not send what has the annotation under
 * annotation_key, the one key to look for (NULL: both). A sentence, owned by the caller; NULL: all is
 * well. */
char *controller_webhooks_complaint(const json_t *configuration, const char *annotation_key);

#endif
