/* The pod template that a cluster's admin gives for launcher pods (a PodTemplateSpec, in a
 * ConfigMap): checked, and laid over the pod that would be made without it. */
#ifndef CONTROLLER_POD_TEMPLATE_H
#define CONTROLLER_POD_TEMPLATE_H

#include <jansson.h>

#include "base/finding.h"

/* Adds all that is wrong with a template, at pointers below "/template": fields that a pod does not
 * have, items without a name, what belongs to the controller. Returns whether there was no error.
 * Source: Kubernetes API reference, PodTemplateSpec. */
bool controller_pod_template_check(const json_t *template_, struct findings *findings);

/* Changes pod to what the template says, which wins: values replace values; labels, annotations,
 * containers (by name), resources, security contexts, node selectors and affinities are laid over
 * each other member by member; volumes and variables replace those of their name, mounts those at
 * their path; arguments, tolerations and topology spread constraints come after the pod's own. A
 * container that has a command in the template has its arguments from there alone. The result
 * shares values with template, which has been checked. */
void controller_pod_template_apply(json_t *pod, const json_t *template_);

#endif
