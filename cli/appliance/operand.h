/* What an operand names that is to be made. */
#ifndef CLI_APPLIANCE_OPERAND_H
#define CLI_APPLIANCE_OPERAND_H

#include "base/error.h"

/* Whether an object may be called so; a namespace of NULL is none. Returns 0, or -1 with a usage
 * error that says what is valid.
 * Source: Kubernetes, Object Names and IDs: DNS label, DNS subdomain. */
int cli_appliance_operand_check(const char *namespace, const char *name, struct error **err);

#endif
