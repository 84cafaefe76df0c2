/* One guest at a time of a machine of a name, by this user: two would write to the same disks. */
#ifndef GUEST_LOCK_H
#define GUEST_LOCK_H

#include "base/error.h"

/* Takes the lock, which lasts until the descriptor is closed, or the process gone. It is a socket
 * in the abstract namespace, below the name of program: nothing of it stays behind, and it does not
 * reach beyond the pod's network. Returns the descriptor, or -1 with an io error that names the
 * process that has it. */
int guest_lock_take(const char *program, const char *domain_name, struct error **err);

#endif
