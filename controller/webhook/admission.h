/* The AdmissionReview that a webhook is sent, read no further than a verdict needs: whatever an
 * object holds, its request can be answered. */
#ifndef CONTROLLER_WEBHOOK_ADMISSION_H
#define CONTROLLER_WEBHOOK_ADMISSION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"

enum {
    CONTROLLER_ADMISSION_MAX_BYTES = 3 * 1024 * 1024, /* of a request body */
    CONTROLLER_ADMISSION_MAX_NODES =
        20000, /* JSON values built of its objects; a pod has hundreds */
};

/* All but body and the two documents is borrowed from the documents. */
struct controller_admission {
    struct bytes body; /* borrowed */
    json_t *envelope; /* the review without its objects; owned */
    json_t *objects; /* the parts of the objects that were read; owned */
    const json_t *request; /* without its objects */
    const char *uid;
    const char *operation;
    const char *kind; /* of the object */
    const char *group; /* "" if absent */
    const json_t *object; /* NULL until they are read, or if there is none */
    const json_t *old_object;
};

/* Reads all but the objects. Returns 0, or -1 with an input error if body is not an AdmissionReview
 * (admission.k8s.io/v1) with a uid, an operation and a kind; controller_admission_clear is due in
 * both cases. */
int controller_admission_read(
    struct controller_admission *admission, struct bytes body, struct error **err);

/* Whether the text occurs anywhere in the body, as the API server writes a key: unescaped.
 * Source: Go, encoding/json, which escapes nothing that a label or annotation key may contain. */
bool controller_admission_mentions(const struct controller_admission *admission, const char *key);

/* Reads the parts of request.object and request.oldObject at keep: JSON Pointers from the root, at
 * most JSON_BUILD_MAX_KEPT, ended by NULL. Replaces what was read before. Returns 0, or -1 with an
 * input error that says why they cannot be read. */
int controller_admission_read_objects(
    struct controller_admission *admission, const char *const *keep, struct error **err);

/* The user whose request it is, request.userInfo (authentication.k8s.io/v1, UserInfo). New
 * reference; NULL with an input error if there is none, or it cannot be read. */
json_t *controller_admission_read_user(
    const struct controller_admission *admission, struct error **err);

void controller_admission_clear(struct controller_admission *admission);

#endif
