/* hook-controller as a whole: startup order, readiness, leadership and shutdown. */
#ifndef CONTROLLER_PROGRAM_H
#define CONTROLLER_PROGRAM_H

#include "base/error.h"
#include "controller/settings.h"

/* Runs until SIGTERM or SIGINT, and then drains. Returns 0, or -1 with an error if it could not
 * start. */
int controller_program_run(const struct controller_settings *settings, struct error **err);

#endif
