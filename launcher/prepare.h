/* Creates what a VMI's volumes need before the guest can start: overlays, empty disks, images of
 * cloud-init data and of directories. Runs on libev's default loop, one volume after another. */
#ifndef LAUNCHER_PREPARE_H
#define LAUNCHER_PREPARE_H

#include <jansson.h>

#include "machine/volume.h"

struct launcher_prepare;

/* take_error, which the callee owns, is NULL on success. */
typedef void launcher_prepare_done(void *user, struct error *take_error);

/* Starts with the first volume; done is called from the loop, once. cloud_init is the data that the
 * hooks returned for the cloud-init volume of the VMI; NULL if there is none. All is borrowed until
 * done. Returns the operation, which frees itself after done returns. */
struct launcher_prepare *launcher_prepare_start(const struct machine_volumes *volumes,
    const json_t *cloud_init, const json_t *vmi, const char *work_directory,
    launcher_prepare_done *done, void *user);

/* Cancels the operation; done is still called, with a canceled error. */
void launcher_prepare_cancel(struct launcher_prepare *prepare);

#endif
