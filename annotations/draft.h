/* A launcher pod while sidecars are put into it. Internal to this room. */
#ifndef ANNOTATIONS_DRAFT_H
#define ANNOTATIONS_DRAFT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/finding.h"

#define ANNOTATIONS_SOCKET_VOLUME "hook-sidecar-sockets"

enum { ANNOTATIONS_POD = -1 }; /* in place of a sidecar's index: the fault is the pod's */

/* The draft shares with the pod it began from all that it does not change. What it may change,
 * and what stands above that, are copies of one level: rendering costs what is added, not what
 * the pod holds. */
struct annotations_draft {
    json_t *pod; /* owned; compute and the rest up to volumes point into it */
    json_t *spec;
    json_t *containers;
    json_t *compute;
    json_t *compute_mounts;
    json_t *volumes;
    json_t *security_context; /* owned: that of every sidecar */
    bool root; /* the launcher runs as root */
    bool guaranteed; /* the pod is of QoS class Guaranteed */
    struct findings *findings; /* borrowed */
};

/* Begins a draft of pod. Returns 0, or -1 with errors among the findings when pod is no pod with
 * a compute container. The draft is to be cleared in both cases. */
int annotations_draft_init(
    struct annotations_draft *draft, const json_t *pod, struct findings *findings);
void annotations_draft_clear(struct annotations_draft *draft);

/* Adds an error about a field ("hostPath/volumePath") of the sidecar with this index in the
 * annotation, or about the pod when it is ANNOTATIONS_POD. */
void annotations_draft_error(struct annotations_draft *draft, long sidecar, const char *field,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The array parent[key] as a copy that may be changed, made when it is not there. parent is
 * itself the draft's copy. Borrowed; NULL with an error when something else stands there. */
json_t *annotations_draft_list(struct annotations_draft *draft, json_t *parent, const char *key);

/* The container of this name as a copy that may be changed, or NULL when there is none. */
json_t *annotations_draft_container(struct annotations_draft *draft, const char *name);

/* Puts an item into a list, which is the draft's copy: before the item called before, where that is
 * not NULL and there is one, else at the end. */
void annotations_draft_insert(json_t *list, json_t *take_item, const char *before);

#endif
