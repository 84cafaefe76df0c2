/* One launch, from the VMI to the end of its guest, in KubeVirt's order: collect the sidecars,
 * convert the VMI to a domain, chain the cloud-init data and the domain through the sidecars,
 * create the images, validate the domain, start it, wait for its end, send Shutdown to the
 * sidecars, clean up. */
#ifndef LAUNCHER_LAUNCH_H
#define LAUNCHER_LAUNCH_H

#include "launcher/flags.h"

/* Runs the launch to its end on libev's default loop. SIGTERM, SIGINT, SIGHUP and SIGQUIT end it at
 * any stage: a running guest is shut down, and destroyed after the VMI's
 * terminationGracePeriodSeconds or at a second signal; neither is a failure. Returns the exit
 * status: 0, or that of the error, which launcher_failure_report has reported. */
int launcher_launch(const struct launcher_flags *flags);

#endif
