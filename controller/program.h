/* hook-controller as a whole: what is started in which order, who is ready and who leads, and how
 * it ends. */
#ifndef CONTROLLER_PROGRAM_H
#define CONTROLLER_PROGRAM_H

#include "base/error.h"
#include "controller/settings.h"

/* Runs until SIGTERM or SIGINT, and then drains. Returns 0, or -1 with an error when it could not
 * be started. */
int controller_program_run(const struct controller_settings *settings, struct error **err);

#endif
