/* Makes what a VMI's volumes need before the guest can start: overlays, empty disks, images of
 * cloud-init data and of directories. One after another, on libev's default loop. */
#ifndef LAUNCHER_PREPARE_H
#define LAUNCHER_PREPARE_H

#include <jansson.h>

#include "machine/volume.h"

struct launcher_prepare;

/* error is NULL when all is made; else the callee owns it. */
typedef void launcher_prepare_done(void *user, struct error *take_error);

/* Starts with the first volume; done comes from the loop, once. cloud_init is the data of the
 * cloud-init volume as the hooks left it; NULL where there is none. All is borrowed until done.
 * Returns what is under way; it ends by itself when done has returned. */
struct launcher_prepare *launcher_prepare_start(const struct machine_volumes *volumes,
    const json_t *cloud_init, const char *work_directory, launcher_prepare_done *done, void *user);

/* Calls it off; done still comes, with a canceled error. */
void launcher_prepare_cancel(struct launcher_prepare *prepare);

#endif
