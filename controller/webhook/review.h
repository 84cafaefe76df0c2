/* The admission webhooks as functions of their input: an AdmissionReview (admission.k8s.io/v1) in,
 * one with a response out. Nothing here talks to anyone, so dry runs are safe, and several threads
 * may review at once.
 *
 * Pods: a launcher pod (label kubevirt.io=virt-launcher) that is created and has the annotation is
 * patched as annotations/render.h says. Everything else passes untouched: other pods and other
 * operations, subresources, KubeVirt's provisioning pods.
 *
 * Machines: the annotation must be right when it is written. It is looked at on CREATE, and on an
 * UPDATE that changes it. An UPDATE that leaves it as it was passes whatever it holds, and so does
 * every UPDATE of an object that is being deleted: a policy that has become stricter, or a fault
 * from before the webhook was there, must not hold up finalizers and status. So do subresources.
 *
 * The policy's rules are those for the request's namespace, whatever the object says. An instance
 * type or preference of the whole cluster has none: its annotation is checked, and the policy looks
 * at the VMIs that are made with it. */
#ifndef CONTROLLER_WEBHOOK_REVIEW_H
#define CONTROLLER_WEBHOOK_REVIEW_H

#include <jansson.h>
#include <stdbool.h>

#include "annotations/render.h"
#include "controller/webhook/webhooks.h"
#include "hostpath/policy.h"

enum {
    CONTROLLER_REVIEW_MAX_BYTES = 3 * 1024 * 1024, /* of a request body */
    CONTROLLER_REVIEW_MAX_DEPTH = 128,
    /* What the API server hands on whole: it may cut a warning beyond 256 characters, and drops
     * what is beyond 4096 in all. (It asks for 120, which ours keep to where the annotation's own
     * words leave room.)
     * Source: Kubernetes, "Dynamic Admission Control", the response's warnings. */
    CONTROLLER_REVIEW_WARNING_BYTES = 256,
    CONTROLLER_REVIEW_WARNINGS_BYTES = 4096,
};

struct controller_review_options {
    const struct hostpath_policy *policy; /* or NULL: no policy */
    struct annotations_render_options render; /* but for its annotation_key */
    const char *annotation_key; /* the one key to look for, or NULL */
    bool strict;
};

/* Why a review ended as it did, for metrics and the log. */
enum controller_review_outcome {
    CONTROLLER_REVIEW_UNTOUCHED, /* allowed, nothing to change */
    CONTROLLER_REVIEW_PATCHED,
    CONTROLLER_REVIEW_VALID, /* a machine whose annotation is good */
    CONTROLLER_REVIEW_DENIED_INPUT,
    CONTROLLER_REVIEW_DENIED_POLICY, /* by nothing but the policy */
    CONTROLLER_REVIEW_BAD_REQUEST, /* no AdmissionReview of a version and kind that we know */
};

enum { CONTROLLER_REVIEW_OUTCOMES = CONTROLLER_REVIEW_BAD_REQUEST + 1 };

/* Answers a request body. Returns the AdmissionReview to send back, new reference; a body that is
 * no AdmissionReview gives NULL with an input error (HTTP 400), *outcome set too. A denial has
 * code 422 and reason Invalid (403 and Forbidden for policy alone), every error in its message,
 * one a line, and each as a cause with the field's path
 * ("metadata.annotations[hooks.kubevirt.io/hookSidecars][0].image"). */
json_t *controller_review(enum controller_webhook webhook, const char *body, size_t length,
    const struct controller_review_options *options, enum controller_review_outcome *outcome,
    struct error **err);

/* "patched", "denied-policy", …: the label of metrics. Static. */
const char *controller_review_outcome_name(enum controller_review_outcome outcome);

#endif
