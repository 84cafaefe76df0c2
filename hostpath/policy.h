/* The allow-list that a cluster admin sets for hook sidecars: which host paths, images and how
 * many sidecars each namespace may use. What no rule allows is denied.
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

#include "base/finding.h"
#include "hostpath/hostpath.h"

struct hostpath_policy;

/* Reads a policy from YAML or JSON text. name is what errors call it. Never returns NULL: a
 * policy that cannot be read denies everything and gives the reason with each denial, and that
 * reason is also set in *err (an input error with name:line:column). Owned by the caller. */
struct hostpath_policy *hostpath_policy_parse(
    const char *name, const char *text, size_t length, struct error **err);

/* The same from a file, or from standard input ("-"); a file that is not there or not readable
 * denies everything too. */
struct hostpath_policy *hostpath_policy_read(const char *path, struct error **err);

/* A policy that denies everything, with this reason. Owned by the caller. */
struct hostpath_policy *hostpath_policy_unreadable(const char *reason);

/* What holds where there is no policy: no hostPath is allowed, for this reason, and images and the
 * number of sidecars are not limited. Owned by the caller. */
struct hostpath_policy *hostpath_policy_missing(const char *reason);

void hostpath_policy_free(struct hostpath_policy *policy);

/* Each adds an ERROR_POLICY finding at pointer when the policy does not allow the thing in the
 * namespace, saying which rule came nearest and what it would allow. */
void hostpath_policy_check_path(const struct hostpath_policy *policy, const char *namespace,
    const struct hostpath *hostpath, const char *pointer, struct findings *findings);
void hostpath_policy_check_image(const struct hostpath_policy *policy, const char *namespace,
    const char *image, const char *pointer, struct findings *findings);
void hostpath_policy_check_count(const struct hostpath_policy *policy, const char *namespace,
    size_t sidecars, const char *pointer, struct findings *findings);

#endif
