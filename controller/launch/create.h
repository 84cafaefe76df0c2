/* The steps of a launch that make the pod: they read the VMI, draft its pod, POST it, and know
 * their own again. */
#ifndef CONTROLLER_LAUNCH_CREATE_H
#define CONTROLLER_LAUNCH_CREATE_H

#include "controller/launch/work.h"

/* LAUNCH_READ_MACHINE: the whole VMI, and the sidecars that it asks for. */
enum controller_launch_step controller_launch_create_read_machine(
    struct controller_launch_work *work);

/* LAUNCH_MAKE_POD, once what it needs is there. */
enum controller_launch_step controller_launch_create_pod(struct controller_launch_work *work);

/* LAUNCH_READ_OTHER_POD: a pod of the name is there, made by an earlier try, or by a leader before
 * us, or a stranger's. */
enum controller_launch_step controller_launch_create_read_other(
    struct controller_launch_work *work);

#endif
