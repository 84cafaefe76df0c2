/* YAML or JSON text → policy. The form of the text stands in hostpath/policy.h. */
#ifndef HOSTPATH_POLICY_PARSE_H
#define HOSTPATH_POLICY_PARSE_H

#include <stddef.h>

#include "base/error.h"
#include "hostpath/policy.h"

/* Reads a policy from YAML or JSON text. name is what errors call it. Never returns NULL: a
 * policy that cannot be read denies everything and gives the reason with each denial, and that
 * reason is also set in *err (an input error with name:line:column). Owned by the caller. */
struct hostpath_policy *hostpath_policy_parse(
    const char *name, const char *text, size_t length, struct error **err);

/* The same from a file, or from standard input ("-"); a file that is not there or not readable
 * denies everything too. */
struct hostpath_policy *hostpath_policy_read(const char *path, struct error **err);

#endif
