/* Checks what a VM boilerplate refers to as its instance type and preference, by itself: whether
 * there are such objects is found out when it is completed. */
#ifndef APPLIANCE_CHECK_MATCHERS_H
#define APPLIANCE_CHECK_MATCHERS_H

#include "appliance/check_scope.h"

/* Source: KubeVirt 1.9, how it finds instance types and preferences. */
void appliance_check_matchers(const struct appliance_check_scope *scope);

#endif
