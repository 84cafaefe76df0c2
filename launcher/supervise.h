/* A parent process for the launch. libvirt daemonizes QEMU, whose new parent has to reap it: until
 * then, libvirt waits for the zombie to go. In a container this program is process 1, and elsewhere
 * process 1 may take seconds. So a separate process reaps, forwards signals, and cleans up after a
 * launch that was itself killed. */
#ifndef LAUNCHER_SUPERVISE_H
#define LAUNCHER_SUPERVISE_H

#include <stdbool.h>

#include "base/error.h"

/* Forks. In the child, which runs the launch and gets SIGTERM if its parent dies, returns 0 with
 * *is_launch set. In the parent, waits until the child has ended, kills the processes that it left
 * behind, and removes directory with its contents; then returns 0 with the child's exit status in
 * *status, or -1 if a signal killed it: with a canceled error for a termination signal, an internal
 * error for any other. Returns -1 with an io error when forking fails. Call it before there are
 * threads. */
int launcher_supervise(const char *directory, bool *is_launch, int *status, struct error **err);

#endif
