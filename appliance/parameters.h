/* The parameters of an appliance, in the model of KubeVirt's VirtualMachineTemplate: ${KEY} in a
 * string is replaced by the value, and a string that is "${{KEY}}" by the value as JSON.
 * Source: kubevirt/virt-template, its API reference and processor. */
#ifndef APPLIANCE_PARAMETERS_H
#define APPLIANCE_PARAMETERS_H

#include <jansson.h>
#include <stdbool.h>

#include "appliance/random.h"
#include "base/finding.h"
#include "base/pairs.h"

enum {
    APPLIANCE_PARAMETERS_MAX_BYTES = 1 << 20, /* of all strings whose references are replaced */
};

/* Whether text is a reference "${{KEY}}", or, with anywhere, has a "${KEY}" in it. */
bool appliance_parameters_refers(const char *text, bool anywhere);

/* Checks the declarations, an array of {name, displayName, description, value, generate, from,
 * required}: names of letters, digits and underscores, each once; at most
 * APPLIANCE_MAX_PARAMETERS; generate is "expression" and needs from, which must be a valid
 * expression. What the findings have already is not added again. Returns 0, or -1 with errors. */
int appliance_parameters_check(const json_t *declarations, struct findings *findings);

/* Their values: name to string; with NAME, the VM's name, unless it is declared. given wins over
 * value, which wins over generate. A required one without a value is an error in findings; one that
 * is given but not declared, an error in request. Nothing is expanded twice. Returns a new
 * reference to an object, or NULL with errors. The values may be secret. */
json_t *appliance_parameters_values(const json_t *declarations, const struct pairs *given,
    const char *vm_name, const struct appliance_random *random, struct findings *findings,
    struct findings *request);

/* Those among the values that were generated: nobody else knows them. New reference to an object,
 * which shares the strings. */
json_t *appliance_parameters_generated(
    const json_t *declarations, const struct pairs *given, const json_t *values);

/* Replaces the references in all string values below value (not in keys), in place. A reference to
 * what is not among the values is an error at its pointer; so is a "${{KEY}}" whose value is not
 * JSON. With values NULL, only checks that each reference is declared. Returns 0, or -1 with
 * errors. */
int appliance_parameters_substitute(
    json_t *value, const json_t *declarations, const json_t *values, struct findings *findings);

#endif
