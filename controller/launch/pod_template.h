/* The cluster administrator's template for launcher pods (a PodTemplateSpec, in a ConfigMap):
 * checks it, and merges it over the pod that the controller creates. */
#ifndef CONTROLLER_LAUNCH_POD_TEMPLATE_H
#define CONTROLLER_LAUNCH_POD_TEMPLATE_H

#include <jansson.h>

#include "base/finding.h"

/* Parses a template: one YAML document, or none, which changes nothing. Errors call the text name.
 * Returns a new reference, or NULL with an input error that lists every fault and its place. */
json_t *controller_pod_template_parse(const char *name, const char *text, struct error **err);

/* Adds an error for everything wrong with a template: fields that it cannot have, items without a
 * name, values that only the controller sets. In spec, a field that does not resemble a known one
 * is accepted, because a newer Kubernetes may have it.
 * Source: Kubernetes API reference, PodTemplateSpec. */
void controller_pod_template_check(const json_t *template_, struct findings *findings);

/* Merges a checked template into pod; the template wins. Labels, annotations, containers (by name),
 * resources, security contexts, node selectors and affinities are merged member by member; volumes
 * and variables replace those with the same name, mounts those at the same path; arguments,
 * tolerations and topology spread constraints are appended; any other value replaces the pod's. If
 * the template gives a container a command, the pod's arguments and startup probe for it are
 * dropped. pod then shares values with the template. */
void controller_pod_template_apply(json_t *pod, const json_t *template_);

#endif
