/* The admission webhooks as functions of their input: an AdmissionReview (admission.k8s.io/v1) in,
 * one with a response out. Nothing here talks to anyone, so dry runs are safe, and several threads
 * may review at once. */
#ifndef CONTROLLER_REVIEW_H
#define CONTROLLER_REVIEW_H

#include <jansson.h>
#include <stdbool.h>

#include "annotations/render.h"
#include "hostpath/policy.h"

enum {
    CONTROLLER_REVIEW_MAX_BYTES = 3 * 1024 * 1024, /* of a request body */
    CONTROLLER_REVIEW_MAX_DEPTH = 128,
};

enum controller_webhook {
    CONTROLLER_MUTATE_PODS, /* POST /mutate-pods: contract 2 of the design */
    CONTROLLER_VALIDATE_MACHINES, /* POST /validate-machines: VMI, VM, replica set, pool */
};

struct controller_review_options {
    const struct hostpath_policy *policy; /* or NULL: no policy */
    struct annotations_render_options render;
    const char *annotation_key; /* the one key to look for, or NULL */
    bool strict;
};

/* Why a review ended as it did, for metrics and the log. */
enum controller_review_outcome {
    CONTROLLER_REVIEW_UNTOUCHED, /* allowed, nothing to change */
    CONTROLLER_REVIEW_PATCHED,
    CONTROLLER_REVIEW_VALID, /* a machine whose annotation is good */
    CONTROLLER_REVIEW_DENIED_INPUT,
    CONTROLLER_REVIEW_DENIED_POLICY,
    CONTROLLER_REVIEW_BAD_REQUEST, /* no AdmissionReview of a version and kind that we know */
};

/* Answers a request body. Returns the AdmissionReview to send back, new reference; a body that is
 * no AdmissionReview gives NULL with an input error (HTTP 400), *outcome set too. A denial has
 * code 422 (403 for policy alone), every finding in its message, one a line, and each as a cause
 * with the field's path ("metadata.annotations[hooks.kubevirt.io/hookSidecars][0].image").
 * Warnings are at most 120 characters each, the limit Kubernetes keeps whole. */
json_t *controller_review(enum controller_webhook webhook, const char *body, size_t length,
    const struct controller_review_options *options, enum controller_review_outcome *outcome,
    struct error **err);

/* "patched", "denied-policy", …: the label of metrics. Static. */
const char *controller_review_outcome_name(enum controller_review_outcome outcome);

#endif
