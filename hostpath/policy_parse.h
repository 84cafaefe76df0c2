/* Parses a policy from YAML or JSON text. hostpath/policy.h describes its form. */
#ifndef HOSTPATH_POLICY_PARSE_H
#define HOSTPATH_POLICY_PARSE_H

#include <stddef.h>

#include "base/error.h"
#include "hostpath/policy.h"

/* Parses a policy from YAML or JSON text, which errors call name. Never returns NULL: a policy that
 * cannot be read denies everything and gives the reason with each denial; *err is set to the same
 * reason (an input error with name:line:column). Owned by the caller. */
struct hostpath_policy *hostpath_policy_parse(
    const char *name, const char *text, size_t length, struct error **err);

/* Reads a policy from a file, or from standard input ("-"). A missing or unreadable file also
 * denies everything. */
struct hostpath_policy *hostpath_policy_read(const char *path, struct error **err);

#endif
