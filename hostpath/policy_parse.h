/* A policy as it was read. For hostpath/policy*.c only; what it is for stands in policy.h. */
#ifndef HOSTPATH_POLICY_PARSE_H
#define HOSTPATH_POLICY_PARSE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "hostpath/policy.h"

/* One rule; its arrays of strings belong to the policy's root and are not empty. */
struct hostpath_rule {
    json_t *namespaces; /* globs; NULL: every namespace */
    json_t *path_prefixes; /* absolute paths */
    json_t *types; /* names; NULL: every type */
    bool read_only; /* required */
};

struct hostpath_policy {
    char *reason; /* why it could not be read; NULL: it was; owned */
    char *missing; /* why there is none, and no rules; NULL: there is one; owned */
    json_t *root; /* owned */
    struct hostpath_rule *rules; /* owned */
    size_t rule_count;
    json_t *images; /* globs, borrowed from the root; NULL: every image */
    size_t max_sidecars;
};

#endif
