/* The allow-list that a cluster admin sets for hook sidecars: which host paths, images and how many
 * sidecars each namespace may use. A hostPath that no rule allows is denied.
 *
 *     apiVersion: hookline.dev/v1alpha1
 *     kind: HostPathPolicy
 *     rules:
 *     - namespaces: ["vm-*"]             # globs; absent: every namespace
 *       pathPrefixes: [/var/lib/kubevirt/images]
 *       types: [Directory, File]         # absent: every type
 *       readOnly: required               # or optional, the default
 *     images: ["registry.example/hook-*"]  # globs for images that are named; absent: every one
 *     maxSidecars: 4                     # absent: the limit of the annotation, 64
 */
#ifndef HOSTPATH_POLICY_H
#define HOSTPATH_POLICY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/finding.h"
#include "hostpath/hostpath.h"

/* One rule. Its arrays of strings are not empty, and all but places are borrowed from the policy's
 * root. */
struct hostpath_rule {
    json_t *namespaces; /* globs; NULL: every namespace */
    json_t *path_prefixes; /* absolute paths, as written */
    json_t *places; /* the same in normal form; owned */
    json_t *types; /* names; NULL: every type */
    bool read_only; /* readOnly is required */
};

/* Created by hostpath/policy_parse.h or by the functions below; immutable after that. */
struct hostpath_policy {
    char *reason; /* why it could not be read; NULL if it could; owned */
    char *missing; /* why there is no policy; NULL if there is one; owned */
    json_t *root; /* owned */
    struct hostpath_rule *rules; /* owned */
    size_t rule_count;
    json_t *images; /* globs, borrowed from the root; NULL: every image */
    size_t max_sidecars;
};

/* Returns a policy that denies everything, with this reason. Owned by the caller. */
struct hostpath_policy *hostpath_policy_unreadable(const char *reason);

/* Returns what applies without a policy: no hostPath is allowed, with this reason, and images and
 * the number of sidecars are not limited. Owned by the caller. */
struct hostpath_policy *hostpath_policy_missing(const char *reason);

void hostpath_policy_free(struct hostpath_policy *policy);

/* Each adds an ERROR_POLICY finding at pointer if the policy does not allow the path, image or
 * number of sidecars in the namespace. The finding says which rule comes nearest and what it
 * allows. */
void hostpath_policy_check_path(const struct hostpath_policy *policy, const char *namespace,
    const struct hostpath *hostpath, const char *pointer, struct findings *findings);
void hostpath_policy_check_image(const struct hostpath_policy *policy, const char *namespace,
    const char *image, const char *pointer, struct findings *findings);
void hostpath_policy_check_count(const struct hostpath_policy *policy, const char *namespace,
    size_t sidecars, const char *pointer, struct findings *findings);

#endif
