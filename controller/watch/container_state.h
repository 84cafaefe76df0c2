/* What the status of a pod says about its containers, with their termination messages. */
#ifndef CONTROLLER_WATCH_CONTAINER_STATE_H
#define CONTROLLER_WATCH_CONTAINER_STATE_H

#include <jansson.h>
#include <stdbool.h>

/* Why a container does not start. */
enum controller_trouble {
    CONTROLLER_NO_TROUBLE,
    CONTROLLER_IMAGE_TROUBLE, /* its image cannot be pulled */
    CONTROLLER_START_TROUBLE, /* it cannot be created or started */
};

/* The ContainerStatus of the container called name in list ("containerStatuses" or
 * "initContainerStatuses") of pod's status. Borrowed, or NULL. */
const json_t *controller_container_find(const json_t *pod, const char *list, const char *name);

/* One state of a container: "waiting", "running" or "terminated". Borrowed; NULL if it is not in
 * that state. */
const json_t *controller_container_state(const json_t *container, const char *state);

/* Whether it runs and its startup probe, if any, has succeeded. A pruned status omits the state of
 * a ready container. */
bool controller_container_has_started(const json_t *container);

/* What keeps the container from starting. The kubelet alternates between several reasons for one
 * cause, which map to one value. */
enum controller_trouble controller_container_trouble(const json_t *container);

/* Its waiting state as text: "ImagePullBackOff: Back-off pulling …". Owned by the caller. */
char *controller_container_waiting_text(const json_t *container);

/* Whether a terminated state is a failure: an exit status other than 0. */
bool controller_termination_failed(const json_t *terminated);

/* A terminated state as text: "exit code 1", "OOMKilled, exit code 137", followed by a colon and
 * the last lines of the termination message, if any. Owned by the caller. */
char *controller_termination_text(const json_t *terminated);

/* hook-launcher's termination message: an object with the strings stage and message
 * (docs/launcher.md); NULL if the message is not such an object. New reference. */
json_t *controller_termination_report(const json_t *terminated);

#endif
