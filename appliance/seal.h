/* Seals a disk, so that machines can be made of it: virt-sysprep (guestfs-tools) removes what must
 * not be in two machines, such as the machine ID, SSH host keys, logs and histories. */
#ifndef APPLIANCE_SEAL_H
#define APPLIANCE_SEAL_H

#include <stdbool.h>

#include "base/error.h"

/* All borrowed until done is called. */
struct appliance_seal_request {
    const char *disk; /* a qcow2 or raw image without a backing file, or a block device */
    const char *output; /* the sealed copy, to be created; NULL: it takes the place of disk */
    bool emulate; /* KVM does not work here */
    void (*progress)(void *user, const char *what); /* what is being done; or NULL */
    void *user;
};

/* take_error, which the callee owns, is NULL on success. */
typedef void appliance_seal_done(void *user, struct error *take_error);

struct appliance_seal; /* opaque */

/* Seals the disk, on libev's default loop: an overlay over it is cleaned, then copied out to a new
 * image beside the result, which takes its name in one step. So the disk is as it was until the end,
 * and after a failure or a crash. done is called once, from the loop. Returns the operation, which
 * frees itself after done has returned; or NULL with an error, and done is not called: an input
 * error for an image that cannot be sealed, a usage error for a disk that cannot be replaced (a block
 * device, an output that exists), an io error for one that something else has open.
 * What is found out later is in the error that done gets, such as the input error for Windows, which
 * its own sysprep must seal. */
struct appliance_seal *appliance_seal_start(
    const struct appliance_seal_request *request, appliance_seal_done *done, struct error **err);

/* Ends it now; done is called from the loop, with a canceled error. */
void appliance_seal_cancel(struct appliance_seal *seal);

#endif
