/* The step of a launch that asks the API server whether what the pod refers to is there. */
#ifndef CONTROLLER_LAUNCH_NEEDS_H
#define CONTROLLER_LAUNCH_NEEDS_H

#include "controller/launch/work.h"

/* Asks the API for the config maps and claims that the VMI names: LAUNCH_CHECK_NEEDS. Goes on to
 * LAUNCH_MAKE_POD when all are there. Secrets are left to the kubelet: to look for them would take
 * the right to read all of the cluster. */
enum controller_launch_step controller_launch_needs_check(struct controller_launch_work *work);

/* Calls the calls of this work off. */
void controller_launch_needs_drop(struct controller_launch_work *work);

/* Forgets what was found for several works, when none is left. */
void controller_launch_needs_forget(struct controller_launch_shared *shared);

#endif
