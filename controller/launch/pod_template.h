/* The pod template that a cluster's admin gives for launcher pods (a PodTemplateSpec, in a
 * ConfigMap): checked, and laid over the pod that would be made without it. */
#ifndef CONTROLLER_LAUNCH_POD_TEMPLATE_H
#define CONTROLLER_LAUNCH_POD_TEMPLATE_H

#include <jansson.h>

#include "base/finding.h"

/* Reads a template: one YAML document, or none, which changes nothing. name is what errors call the
 * text. Returns a new reference, or NULL with an input error that has every fault with its line and
 * column. */
json_t *controller_pod_template_parse(const char *name, const char *text, struct error **err);

/* Adds all that is wrong with a template: fields that a pod does not have, items without a name,
 * what belongs to the controller. A field that is like none that is known may be of a newer
 * Kubernetes, and passes.
 * Source: Kubernetes API reference, PodTemplateSpec. */
void controller_pod_template_check(const json_t *template_, struct findings *findings);

/* Changes pod to what the template says, which wins: values replace values; labels, annotations,
 * containers (by name), resources, security contexts, node selectors and affinities are laid over
 * each other member by member; volumes and variables replace those of their name, mounts those at
 * their path; arguments, tolerations and topology spread constraints come after the pod's own. A
 * container that has a command in the template has its arguments from there alone. The result
 * shares values with template, which has been checked. */
void controller_pod_template_apply(json_t *pod, const json_t *template_);

#endif
