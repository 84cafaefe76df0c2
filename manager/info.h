/* Reads a sidecar's answer to Info. */
#ifndef MANAGER_INFO_H
#define MANAGER_INFO_H

#include "manager/sidecar.h"
#include "proto/info.pb-c.h"

/* The number at the end of a container's name, as in "hook-sidecar-10"; -1 when there is none or
 * it does not fit. */
long manager_index_of(const char *container);

/* Sets the sidecar's version, subscribed and priority from the answer. *warning is set to a text,
 * owned by the caller, about hook points that cannot be called, or to NULL. Of a hook point that is
 * announced twice, the higher priority counts. Returns 0, or -1 with a remote error when there is
 * no common version. */
int manager_info_read(const Kubevirt__Hooks__Info__InfoResult *answer,
    struct manager_sidecar *sidecar, char **warning, struct error **err);

#endif
