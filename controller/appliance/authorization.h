/* What the webhook allowed, in an annotation of the VM, with a code of the controller's key: only
 * for a VM that has a valid one does the controller make Secrets.
 *
 * It is for one VM, by namespace and name, of which nobody knows the uid yet, and for a short time:
 * the VM must have been created when it was written. */
#ifndef CONTROLLER_APPLIANCE_AUTHORIZATION_H
#define CONTROLLER_APPLIANCE_AUTHORIZATION_H

#include <jansson.h>
#include <time.h>

#include "base/error.h"
#include "controller/appliance/key.h"

enum {
    CONTROLLER_AUTHORIZATION_MAX_BYTES = 16 << 10,
    CONTROLLER_AUTHORIZATION_SLACK = 300, /* seconds between it and the VM's creation: requests
                                             take at most 34, and clocks differ */
    CONTROLLER_NONCE_DIGITS = 32,
};

/* All strings are borrowed when it is written, and owned when it was read. */
struct controller_authorization {
    char *vm; /* "NAMESPACE/NAME" */
    char *data_source; /* likewise */
    char *uid, *version; /* of the DataSource: metadata.uid and metadata.resourceVersion */
    char *user; /* whose request it was */
    char *nonce; /* hexadecimal digits; never used twice */
    char *denied; /* what the user may not read, so that it is not in the VM: see
                     controller_gather_denied */
    char *objects; /* a code of the objects that the VM needs: those, and no others, are made */
    long long time; /* seconds since 1970 */
};

/* A new nonce. Owned by the caller. */
char *controller_authorization_nonce(void);

/* The text of the annotation. Owned by the caller. */
char *controller_authorization_write(
    const struct controller_authorization *authorization, const struct controller_key *key);

/* Reads the text of an annotation of the VM vm ("NAMESPACE/NAME"), created at created. Returns 0, or
 * -1 with an input error if it is not one, or a policy error if it is not valid for this VM;
 * controller_authorization_clear is due either way. */
int controller_authorization_read(struct controller_authorization *authorization, const char *text,
    const char *vm, time_t created, const struct controller_key *key, struct error **err);
void controller_authorization_clear(struct controller_authorization *authorization);

/* The code of the objects that a VM needs (an array), the same for the same objects. Owned by the
 * caller. */
char *controller_authorization_objects(const json_t *objects, const struct controller_key *key);

#endif
