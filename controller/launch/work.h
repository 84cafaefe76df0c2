/* One VMI while the reconciler works on it.
 *
 * Work is done in steps. A step begins an API call and waits for its answer, or has nothing to ask
 * for; both ways it says which step is next, and launch.c, which has the table of steps, begins
 * that. Whatever way work takes, it ends with LAUNCH_FINISH. */
#ifndef CONTROLLER_LAUNCH_WORK_H
#define CONTROLLER_LAUNCH_WORK_H

#include "annotations/parse.h"
#include "controller/launch/options.h"
#include "kube/queue.h"

struct controller_launch_work;

/* What is next. */
enum controller_launch_step {
    LAUNCH_WAIT, /* for what the step asked for */
    LAUNCH_READ_MACHINE, /* the VMI has no pod: the first step to one */
    LAUNCH_CHECK_NEEDS,
    LAUNCH_MAKE_POD,
    LAUNCH_READ_OTHER_POD, /* one that has the pod's name */
    LAUNCH_LOOK_FOR_POD, /* that the cache has not */
    LAUNCH_END_POD,
    LAUNCH_WRITE_STATUS,
    LAUNCH_FINISH, /* with the work's result */
};

/* How work ended: the label of metrics, and what becomes of the key. */
enum controller_launch_result {
    LAUNCH_OK,
    LAUNCH_REFUSED, /* until the VMI, the policy or the template is another */
    LAUNCH_RETRY, /* soon, later each time */
    LAUNCH_RETRY_LATER, /* what was refused by the API server: not before LAUNCH_LATER_MS */
};

enum { LAUNCH_LATER_MS = 60 * 1000 };

/* What comes of an answer; it is valid during the call. */
typedef enum controller_launch_step controller_launch_answered(
    struct controller_launch_work *work, const struct kube_answer *answer);

/* What all works of a reconciler have in common. */
struct controller_launch_shared {
    struct controller_launch_options options;
    struct kube_queue *queue; /* of the keys of VMIs; owned */
    struct controller_launch_work *works; /* what is under way; owned */
    struct controller_launch_read *reads; /* of ConfigMaps, for several works; owned */
    size_t creating; /* as many of works make pods: events wait for them */
    bool no_status_subresource; /* the CRD has none: found out by the first write */
    /* Goes on with a work that waited; it may be freed after that. */
    void (*proceed)(struct controller_launch_work *work, enum controller_launch_step next);
};

struct controller_launch_work {
    struct controller_launch_shared *shared;
    char *key, *namespace, *name; /* of the VMI; owned */
    bool creates; /* its pod, and counts among creating */
    json_t *machine; /* what is known of it: from the cache, or whole from the API; owned */
    json_t *pod; /* its launcher pod, when the cache has it; owned */
    struct annotations_list *list; /* its sidecars; owned */
    json_t *claims; /* the PersistentVolumeClaims that it names, by name; owned */
    struct kube_call *call; /* what is under way, or NULL */
    controller_launch_answered *answered; /* what its answer is for */
    struct controller_launch_need *needs; /* what is asked for at once, or NULL; owned */
    size_t need_count, needs_waiting;
    json_t *status; /* to be written; owned */
    bool whole; /* as part of the whole VMI, not through its status subresource */
    struct {
        char *reason, *message;
    } obstacle; /* to be told once the status says it; owned */
    enum controller_launch_result result; /* with which it finishes */
    struct controller_launch_work *prev, *next;
};

/* Work on the VMI of this key, as the cache has it; pod may be NULL. In shared->works, which owns
 * it. */
struct controller_launch_work *controller_launch_work_new(struct controller_launch_shared *shared,
    const char *key, const json_t *machine, const json_t *pod);

/* Takes it out of shared->works, and calls its call off; needs have been dropped. */
void controller_launch_work_free(struct controller_launch_work *work);

/* It makes a pod from here on: Events wait until no work does. */
void controller_launch_work_creates(struct controller_launch_work *work);

/* Starts the one call of this work. request's namespace is the VMI's. Returns LAUNCH_WAIT; work
 * proceeds with what answered returns. */
enum controller_launch_step controller_launch_work_call(struct controller_launch_work *work,
    struct kube_request *request, controller_launch_answered *answered);

/* Returns LAUNCH_FINISH, with this result. */
enum controller_launch_step controller_launch_work_finish(
    struct controller_launch_work *work, enum controller_launch_result result);

/* The same for a failure of the API: tried again. what is what was to be done. */
enum controller_launch_step controller_launch_work_fail(
    struct controller_launch_work *work, const char *what, const struct kube_failure *failure);

#endif
