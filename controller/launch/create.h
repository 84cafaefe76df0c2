/* The steps of a launch that create the pod: they read the VMI, draft its pod, POST it, and
 * recognize a pod of their own. */
#ifndef CONTROLLER_LAUNCH_CREATE_H
#define CONTROLLER_LAUNCH_CREATE_H

#include "controller/launch/work.h"

/* LAUNCH_READ_MACHINE: reads the whole VMI, and its sidecars. */
enum controller_launch_step controller_launch_create_read_machine(
    struct controller_launch_work *work);

/* LAUNCH_MAKE_POD: creates the pod, once everything it needs exists. */
enum controller_launch_step controller_launch_create_pod(struct controller_launch_work *work);

/* LAUNCH_READ_OTHER_POD: a pod with this name exists, created by an earlier try, a previous leader,
 * or somebody else. */
enum controller_launch_step controller_launch_create_read_other(
    struct controller_launch_work *work);

#endif
