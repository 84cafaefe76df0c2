/* The admission webhooks as functions of their input: an AdmissionReview (admission.k8s.io/v1) in,
 * one with a response out. They have no side effects, so dry runs are safe and several threads may
 * review at once.
 *
 * Pods: a launcher pod (label kubevirt.io=virt-launcher) that is created and has the annotation is
 * patched as annotations/render.h says. KubeVirt's provisioning pods get no sidecars, but their
 * annotation must be valid and allowed by the policy. Everything else passes untouched: other pods,
 * other operations, and subresources.
 *
 * Machines: the annotation must be valid when it is written. It is checked on CREATE, and on an
 * UPDATE that changes it. An UPDATE that does not change it always passes, as does every UPDATE of
 * an object that is being deleted: a policy that has become stricter, or a fault from before the
 * webhook was installed, must not block finalizers and status. Subresources pass too.
 *
 * Of an object no more is read than this takes. A request in which the annotation's key occurs
 * nowhere is allowed unread; one in which it does, and whose object cannot be read within the budget
 * of controller/webhook/admission.h, is denied. A denial has at most 100 causes, and counts the
 * others.
 *
 * The policy's rules are those for the request's namespace, whatever the object says. A
 * cluster-scoped instance type or preference has none: its annotation is checked, and the policy is
 * applied to the VMIs that are created with it. */
#ifndef CONTROLLER_WEBHOOK_REVIEW_H
#define CONTROLLER_WEBHOOK_REVIEW_H

#include <jansson.h>
#include <stdbool.h>

#include "annotations/render.h"
#include "controller/webhook/outcome.h"
#include "controller/webhook/webhooks.h"
#include "hostpath/policy.h"

struct controller_review_options {
    const struct hostpath_policy *policy; /* or NULL: no policy */
    struct annotations_render_options render; /* except its annotation_key */
    const char *annotation_key; /* the one key to look for, or NULL */
    bool strict;
};

/* Answers a request body. Returns the AdmissionReview to send back, new reference; or NULL with an
 * input error (HTTP 400) if the body is not an AdmissionReview. *outcome is set either way. A
 * denial has code 422 and reason Invalid (403 and Forbidden if only the policy denies), every error
 * in its message, one per line, and each as a cause with the field's path
 * ("metadata.annotations[hooks.kubevirt.io/hookSidecars][0].image"). */
json_t *controller_review(enum controller_webhook webhook, const char *body, size_t length,
    const struct controller_review_options *options, enum controller_review_outcome *outcome,
    struct error **err);

#endif
