/* A parent for the launch. libvirt lets go of QEMU, whose end its new parent has to notice: what
 * libvirt waits for meanwhile is the end of that zombie. In a container this program is process 1,
 * and elsewhere process 1 may take seconds. So a process of its own reaps, passes signals on, and
 * cleans up after a launch that was itself killed. */
#ifndef LAUNCHER_SUPERVISE_H
#define LAUNCHER_SUPERVISE_H

#include <stdbool.h>

#include "base/error.h"

/* Divides the process in two. Returns 0 with *is_launch set in the child, which goes on with the
 * launch, and gets SIGTERM if its parent dies. In the parent it returns when the child has ended;
 * whatever processes that has left behind were killed, and directory removed with all that was in
 * it: 0 with its exit status in *status, or -1, with a canceled error when it was ended by a signal
 * that asks for the end, and an internal one by another. Returns -1 with an io error when there is
 * no child. Call before there are threads. */
int launcher_supervise(const char *directory, bool *is_launch, int *status, struct error **err);

#endif
