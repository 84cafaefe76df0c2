/* One VMI while the reconciler works on it.
 *
 * Work is done in steps. A step starts an API call and waits for its answer, or needs none; either
 * way it returns the next step, which launch.c, with its table of steps, begins. Every path ends
 * with LAUNCH_FINISH. */
#ifndef CONTROLLER_LAUNCH_WORK_H
#define CONTROLLER_LAUNCH_WORK_H

#include "annotations/parse.h"
#include "controller/launch/options.h"
#include "kube/queue.h"

struct controller_launch_work;

/* The next step. */
enum controller_launch_step {
    LAUNCH_WAIT, /* for the answer to the call */
    LAUNCH_READ_MACHINE, /* the VMI has no pod: the first step to create one */
    LAUNCH_CHECK_NEEDS,
    LAUNCH_MAKE_POD,
    LAUNCH_READ_OTHER_POD, /* the existing pod with its name */
    LAUNCH_LOOK_FOR_POD, /* that is not in the cache */
    LAUNCH_END_POD,
    LAUNCH_WRITE_STATUS,
    LAUNCH_FINISH, /* with the work's result */
};

/* How work ended: for the label of metrics, and for what the queue does with the key. */
enum controller_launch_result {
    LAUNCH_OK,
    LAUNCH_REFUSED, /* until the VMI, the policy or the template changes */
    LAUNCH_RETRY, /* with exponential backoff */
    LAUNCH_RETRY_LATER, /* the API server refused: not before LAUNCH_LATER_MS */
};

enum { LAUNCH_LATER_MS = 60 * 1000 };

/* Handles an answer, which is valid during the call, and returns the next step. */
typedef enum controller_launch_step controller_launch_answered(
    struct controller_launch_work *work, const struct kube_answer *answer);

/* What all works of a reconciler share. */
struct controller_launch_shared {
    struct controller_launch_options options;
    struct kube_queue *queue; /* keys of VMIs; owned */
    struct controller_launch_work *works; /* in progress; owned */
    struct controller_launch_read *reads; /* of ConfigMaps, for several works; owned */
    size_t creating; /* number of works that create pods: events wait for them */
    bool no_status_subresource; /* the CRD has none, as the first write showed */
    /* Continues a work that waited, and may free it. */
    void (*proceed)(struct controller_launch_work *work, enum controller_launch_step next);
};

struct controller_launch_work {
    struct controller_launch_shared *shared;
    char *key, *namespace, *name; /* of the VMI; owned */
    bool creates; /* its pod; counted in creating */
    json_t *machine; /* the VMI, pruned from the cache or whole from the API; owned */
    json_t *pod; /* its launcher pod, if in the cache; owned */
    struct annotations_list *list; /* its sidecars; owned */
    json_t *claims; /* the PersistentVolumeClaims that it names, by name; owned */
    struct kube_call *call; /* in progress, or NULL */
    controller_launch_answered *answered; /* handles its answer */
    struct controller_launch_need *needs; /* the needs being read, or NULL; owned */
    size_t need_count, needs_asked, needs_waiting, needs_missing;
    json_t *status; /* to be written; owned */
    bool whole; /* the status is patched in the VMI, not in its subresource */
    struct {
        char *reason, *message;
    } obstacle; /* recorded once the status has it; owned */
    enum controller_launch_result result; /* of the finished work */
    struct controller_launch_work *prev, *next;
};

/* Work on the VMI with this key, machine in the cache; pod may be NULL. Owned by shared->works. */
struct controller_launch_work *controller_launch_work_new(struct controller_launch_shared *shared,
    const char *key, const json_t *machine, const json_t *pod);

/* Removes it from shared->works and cancels its call; its needs must have been dropped. */
void controller_launch_work_free(struct controller_launch_work *work);

/* The work creates a pod from now on: Events wait until no work does. */
void controller_launch_work_creates(struct controller_launch_work *work);

/* Starts the only call of this work, in the VMI's namespace. Returns LAUNCH_WAIT; the work
 * continues with what answered returns. */
enum controller_launch_step controller_launch_work_call(struct controller_launch_work *work,
    struct kube_request *request, controller_launch_answered *answered);

/* Returns LAUNCH_FINISH; the work ends with this result. */
enum controller_launch_step controller_launch_work_finish(
    struct controller_launch_work *work, enum controller_launch_result result);

/* The same for a failed API call, which is retried. what names the call in the log. */
enum controller_launch_step controller_launch_work_fail(
    struct controller_launch_work *work, const char *what, const struct kube_failure *failure);

#endif
