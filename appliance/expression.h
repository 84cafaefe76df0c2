/* Expressions that generate values: text with [class]{length}, where a class has ranges (a-z) and
 * \w, \d, \a, \A.
 * Source: kubevirt/virt-template, generator/expressionvalue. */
#ifndef APPLIANCE_EXPRESSION_H
#define APPLIANCE_EXPRESSION_H

#include "appliance/random.h"
#include "base/error.h"

enum { APPLIANCE_EXPRESSION_MAX_LENGTH = 255 }; /* of one class; of all together, 4096 */

/* A value for the expression, owned by the caller; NULL with an input error that says what is
 * wrong with the expression and where. */
char *appliance_expression_generate(
    const char *expression, const struct appliance_random *random, struct error **err);

#endif
