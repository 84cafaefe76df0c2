/* A lock that lets this user run only one guest per machine name: two would write to the same
 * disks. */
#ifndef GUEST_LOCK_H
#define GUEST_LOCK_H

#include "base/error.h"

/* Takes the lock, which lasts until the descriptor is closed or the process exits. It is a socket
 * in the abstract namespace, under the name of program: it leaves nothing behind, and does not
 * reach beyond the pod's network. Returns the descriptor, or -1 with an io error that names the
 * process that holds it. */
int guest_lock_take(const char *program, const char *domain_name, struct error **err);

#endif
