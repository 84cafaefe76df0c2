/* What the status of a pod says of its containers, and what a container said at its end. */
#ifndef CONTROLLER_WATCH_CONTAINER_STATE_H
#define CONTROLLER_WATCH_CONTAINER_STATE_H

#include <jansson.h>
#include <stdbool.h>

/* Why a container does not start. */
enum controller_trouble {
    CONTROLLER_NO_TROUBLE,
    CONTROLLER_IMAGE_TROUBLE, /* its image cannot be had */
    CONTROLLER_START_TROUBLE, /* it cannot be made from its image and the pod */
};

/* The status (ContainerStatus) of the container called name, among those of the member list
 * ("containerStatuses", "initContainerStatuses") of pod's status. Borrowed, or NULL. */
const json_t *controller_container_find(const json_t *pod, const char *list, const char *name);

/* One state of a container: "waiting", "running" or "terminated". Borrowed, or NULL: not in it. */
const json_t *controller_container_state(const json_t *container, const char *state);

/* Whether it runs and its startup probe, where it has one, has succeeded. A pruned status leaves
 * the state out of a container that is ready. */
bool controller_container_has_started(const json_t *container);

/* What keeps the container from starting, by its waiting state's reason, which comes and goes in
 * several words for one thing. */
enum controller_trouble controller_container_trouble(const json_t *container);

/* Its waiting state in words: "ImagePullBackOff: Back-off pulling image …". Owned by the caller. */
char *controller_container_waiting_text(const json_t *container);

/* Whether a terminated state is a failure: another exit status than 0. */
bool controller_termination_failed(const json_t *terminated);

/* A terminated state in words: "exit code 1", "OOMKilled, exit code 137", and the last lines that
 * the container left as its message, behind a colon. Owned by the caller. */
char *controller_termination_text(const json_t *terminated);

/* What hook-launcher left as its termination message: an object with the strings stage and message
 * (docs/launcher.md); NULL when the message is not one of those. New reference. */
json_t *controller_termination_report(const json_t *terminated);

#endif
