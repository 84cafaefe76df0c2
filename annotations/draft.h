/* A launcher pod while sidecars are added to it. Internal to this room. */
#ifndef ANNOTATIONS_DRAFT_H
#define ANNOTATIONS_DRAFT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/finding.h"

#define ANNOTATIONS_SOCKET_VOLUME "hook-sidecar-sockets"

enum { ANNOTATIONS_POD = -1 }; /* in place of a sidecar's index: the error is about the pod */

/* The most containers and volumes of a pod that gets sidecars, each. A VM has at most 256 volumes. */
enum { ANNOTATIONS_POD_ITEMS_MAX = 1024 };

/* The volume mounts of one container of the draft. */
struct annotations_mounts {
    const json_t *container; /* borrowed */
    json_t *list; /* borrowed */
    json_t *places; /* the same by their places, as annotations/index.h says; owned */
};

/* The draft shares with the original pod everything that it does not change. What it may change,
 * and all objects above that, are shallow copies: the cost of rendering depends on what is added,
 * not on the size of the pod. */
struct annotations_draft {
    json_t *pod; /* owned; spec, containers, compute and volumes point into it */
    json_t *spec;
    json_t *containers;
    json_t *compute;
    json_t *volumes;
    json_t *volume_names; /* the same by their names, as annotations/index.h says; owned */
    json_t *required_volumes; /* by kind and name; null: all its names are taken; owned */
    struct annotations_mounts compute_mounts;
    json_t *security_context; /* of every sidecar; owned */
    bool root; /* the launcher runs as root */
    bool guaranteed; /* the pod is of QoS class Guaranteed */
    struct findings *findings; /* borrowed */
};

/* Starts a draft of pod. Returns 0, or -1 with errors among the findings if pod is not a pod with a
 * compute container, or has more than a pod may have. The caller clears the draft in both cases. */
int annotations_draft_init(
    struct annotations_draft *draft, const json_t *pod, struct findings *findings);
void annotations_draft_clear(struct annotations_draft *draft);

/* Adds an error about a field ("hostPath/volumePath") of the sidecar with this index in the
 * annotation, or about the pod if the index is ANNOTATIONS_POD. */
void annotations_draft_error(struct annotations_draft *draft, long sidecar, const char *field,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Returns the array parent[key] as a copy that may be changed; creates it if it is absent. parent
 * must be the draft's own copy. Borrowed; NULL with an error if the value is not an array. */
json_t *annotations_draft_list(struct annotations_draft *draft, json_t *parent, const char *key);

/* Fills mounts with the volume mounts of a container, which must be the draft's own copy. Returns 0,
 * or -1 with an error if they are not an array. The caller clears mounts in both cases. */
int annotations_draft_mounts(
    struct annotations_draft *draft, json_t *container, struct annotations_mounts *mounts);
void annotations_draft_mounts_clear(struct annotations_mounts *mounts);

/* Returns the container with this name as a copy that may be changed, or NULL if there is none.
 * Borrowed. */
json_t *annotations_draft_container(struct annotations_draft *draft, const char *name);

/* Inserts an item into a list, which must be the draft's copy, in front of the item named before;
 * at the end if before is NULL or there is no such item. */
void annotations_draft_insert(json_t *list, json_t *take_item, const char *before);

#endif
