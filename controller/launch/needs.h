/* The step of a launch that checks with the API server that the objects the pod refers to exist. */
#ifndef CONTROLLER_LAUNCH_NEEDS_H
#define CONTROLLER_LAUNCH_NEEDS_H

#include "controller/launch/work.h"

/* LAUNCH_CHECK_NEEDS: asks the API for the config maps and claims that the VMI names. Continues
 * with LAUNCH_MAKE_POD when all exist. Secrets are left to the kubelet: looking for them would take
 * the permission to read every Secret of the cluster. */
enum controller_launch_step controller_launch_needs_check(struct controller_launch_work *work);

/* Cancels the API calls of this work. */
void controller_launch_needs_drop(struct controller_launch_work *work);

/* Forgets the shared reads, when no work is left. */
void controller_launch_needs_forget(struct controller_launch_shared *shared);

#endif
