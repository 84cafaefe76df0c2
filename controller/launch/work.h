/* One VMI while the reconciler works on it. Internal to controller/launch/.
 *
 * Work begins in launch.c, which decides what is missing, and goes from one API call to the next;
 * whatever way it takes, it ends with controller_launch_finish. */
#ifndef CONTROLLER_LAUNCH_WORK_H
#define CONTROLLER_LAUNCH_WORK_H

#include <uthash.h>

#include "annotations/parse.h"
#include "controller/launch/launch.h"
#include "controller/launch/phase.h"

struct controller_launch_work;

struct controller_launch {
    struct controller_launch_options options;
    const struct kube_informer *machines, *pods;
    struct kube_queue *queue; /* of the keys of VMIs; owned */
    struct controller_launch_owner *owners; /* whose pods are where; owned */
    struct controller_launch_work *works; /* what is under way; owned */
    struct controller_launch_read *reads; /* of ConfigMaps, for several works; owned */
    size_t creating; /* as many of works make pods: events wait for them */
    bool leads;
    bool no_status_subresource; /* the CRD has none: found out by the first write */
};

/* Told what of a VMI's needs is missing, as a sentence lists it, or NULL when all is there; or that
 * it could not be found out. */
typedef void controller_launch_needs_done(
    struct controller_launch_work *work, const char *missing, const struct kube_failure *failure);

/* How work ended: the label of metrics, and what becomes of the key. */
enum controller_launch_result {
    LAUNCH_OK,
    LAUNCH_REFUSED, /* until the VMI, the policy or the template is another */
    LAUNCH_RETRY, /* soon, later each time */
    LAUNCH_RETRY_LATER, /* what was refused by the API server: not before LAUNCH_LATER_MS */
};

enum { LAUNCH_LATER_MS = 60 * 1000 };

struct controller_launch_work {
    struct controller_launch *launch;
    char *key, *namespace, *name; /* of the VMI; owned */
    bool creates; /* its pod, and counts among creating */
    json_t *machine; /* what is known of it: from the cache, or whole from the API; owned */
    struct annotations_list *list; /* its sidecars; owned */
    json_t *claims; /* the PersistentVolumeClaims that it names, by name; owned */
    struct kube_call *call; /* what is under way, or NULL */
    struct controller_launch_need *needs; /* what is asked for at once, or NULL; owned */
    size_t need_count, needs_waiting;
    controller_launch_needs_done *needs_done;
    json_t *status; /* to be written; owned */
    bool whole; /* as part of the whole VMI, not through its status subresource */
    struct {
        char *reason, *message;
    } obstacle; /* to be told once the status says it; owned */
    enum controller_launch_result result; /* once the status is written */
    struct controller_launch_work *prev, *next;
};

/* Starts the one call of this work. request's namespace is the VMI's. */
void controller_launch_call(
    struct controller_launch_work *work, struct kube_request *request, kube_done *done);

/* The VMI has no pod: makes it, or says in its status why not. */
void controller_launch_create(struct controller_launch_work *work);

/* Asks the API for the config maps and claims that the VMI names, then calls done once. Secrets are
 * left to the kubelet: to look for them would take the right to read all of the cluster. */
void controller_launch_check_needs(
    struct controller_launch_work *work, controller_launch_needs_done *done);
void controller_launch_drop_needs(struct controller_launch_work *work); /* calls its calls off */
void controller_launch_forget_reads(struct controller_launch *launch); /* when no work is left */

/* Writes the status that the VMI should have with this pod, or with what is in the way of one,
 * where it is not what it has; then finishes with result. A Warning event comes with an obstacle
 * that is new. */
void controller_launch_write_status(struct controller_launch_work *work, const json_t *pod,
    const struct controller_obstacle *obstacle, enum controller_launch_result result);

/* The same for a failure of the API: tried again. what is what was to be done. */
void controller_launch_fail(
    struct controller_launch_work *work, const char *what, const struct kube_failure *failure);

/* The work is over, and freed. */
void controller_launch_finish(
    struct controller_launch_work *work, enum controller_launch_result result);

/* The phase that its status has; borrowed, "" where there is none. */
const char *controller_launch_phase(const json_t *machine);

/* Whether it is in a phase in which it has had no pod yet. */
bool controller_launch_needs_pod(const json_t *machine);

/* Whether the pod's ownerReferences name the VMI as its controller. */
bool controller_launch_owns(const json_t *machine, const json_t *pod);

#endif
