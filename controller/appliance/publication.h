/* The webhook that refuses what cannot become an appliance, as a function of its input; it has no
 * side effects, and several threads may review at once.
 *
 * DataSources: what their annotations say must be right when it is written: on CREATE, and on an
 * UPDATE that changes one of them. What they refer to may come later.
 *
 * Virtual machines: what a VM is made from cannot change, and its authorization is written by
 * hook-controller alone, when the VM is created. */
#ifndef CONTROLLER_APPLIANCE_PUBLICATION_H
#define CONTROLLER_APPLIANCE_PUBLICATION_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "controller/webhook/outcome.h"

/* Answers a request body, as controller_review does. */
json_t *controller_publication_review(
    const char *body, size_t length, enum controller_review_outcome *outcome, struct error **err);

/* Answers a request to complete a VM where nothing completes it: it is denied if it may ask for
 * that, and otherwise allowed. The same result. */
json_t *controller_publication_refuse(
    const char *body, size_t length, enum controller_review_outcome *outcome, struct error **err);

/* Whether the body may be about an annotation of appliances. */
bool controller_publication_concerns(const char *body, size_t length);

#endif
