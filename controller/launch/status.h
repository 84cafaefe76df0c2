/* The step of a launch that writes the VMI's status and its Events. */
#ifndef CONTROLLER_LAUNCH_STATUS_H
#define CONTROLLER_LAUNCH_STATUS_H

#include "controller/launch/phase.h"
#include "controller/launch/work.h"

/* Sets the status that the VMI should have with this pod, or with the obstacle to one; either may
 * be NULL. Returns LAUNCH_WRITE_STATUS, or LAUNCH_FINISH if the VMI has it already. Either way, the
 * work ends with this result. */
enum controller_launch_step controller_launch_status(struct controller_launch_work *work,
    const json_t *pod, const struct controller_obstacle *obstacle,
    enum controller_launch_result result);

/* The same for an obstacle. */
enum controller_launch_step controller_launch_status_refuse(struct controller_launch_work *work,
    const char *reason, const char *message, enum controller_launch_result result);

/* LAUNCH_WRITE_STATUS: writes it. A new obstacle is also recorded as a Warning event. */
enum controller_launch_step controller_launch_status_write(struct controller_launch_work *work);

#endif
