/* The step of a launch that writes the VMI's status and its Events. */
#ifndef CONTROLLER_LAUNCH_STATUS_H
#define CONTROLLER_LAUNCH_STATUS_H

#include "controller/launch/phase.h"
#include "controller/launch/work.h"

/* Gives the work the status that the VMI should have with this pod, or with what is in the way of
 * one; either may be NULL. Returns LAUNCH_WRITE_STATUS, or LAUNCH_FINISH where the VMI has it
 * already; either way the work's result is this one. */
enum controller_launch_step controller_launch_status(struct controller_launch_work *work,
    const json_t *pod, const struct controller_obstacle *obstacle,
    enum controller_launch_result result);

/* The same for what is in the way of a pod. */
enum controller_launch_step controller_launch_status_refuse(struct controller_launch_work *work,
    const char *reason, const char *message, enum controller_launch_result result);

/* Writes it: LAUNCH_WRITE_STATUS. A Warning event comes with an obstacle that is new. */
enum controller_launch_step controller_launch_status_write(struct controller_launch_work *work);

#endif
