/* One launch, from the VMI to the end of its guest, in KubeVirt's order: collect the sidecars, make
 * the domain, chain the cloud-init data and the domain through them, make the images, check the
 * domain, start it, follow it to its end, tell the sidecars, clean up. */
#ifndef LAUNCHER_LAUNCH_H
#define LAUNCHER_LAUNCH_H

#include "launcher/flags.h"

/* Runs it to its end on libev's default loop. SIGTERM, SIGINT, SIGHUP and SIGQUIT end it in any
 * stage: a running guest is shut down, and destroyed after the VMI's terminationGracePeriodSeconds
 * or at a second signal, which is no failure. Returns the exit status: 0, or that of the error,
 * which is then in the last line of the log with the stage that failed, and in the termination
 * log. */
int launcher_launch(const struct launcher_flags *flags);

#endif
