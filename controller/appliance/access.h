/* Asks the API server what a user may do (SubjectAccessReview), and remembers for a few seconds what
 * was allowed. */
#ifndef CONTROLLER_APPLIANCE_ACCESS_H
#define CONTROLLER_APPLIANCE_ACCESS_H

#include <jansson.h>
#include <stdbool.h>

#include "kube/client.h"

enum {
    CONTROLLER_ACCESS_SECONDS =
        10, /* that an allowance is remembered: API servers remember those of
                                       their webhook authorizers for five minutes */
    CONTROLLER_ACCESS_MOST = 1024, /* allowances that are remembered */
};

/* What is to be done to which object. Strings are borrowed; NULL: any, or none. */
struct controller_access_deed {
    const char *verb, *group, *resource, *subresource, *namespace, *name;
};

enum controller_access_answer {
    CONTROLLER_ACCESS_ALLOWED,
    CONTROLLER_ACCESS_DENIED,
    CONTROLLER_ACCESS_UNKNOWN, /* the API server did not say */
};

struct controller_access;

/* Owned by the caller. */
struct controller_access *controller_access_new(struct kube_client *client);
void controller_access_free(struct controller_access *access); /* NULL is allowed */

/* The question whether somebody may do something, the spec of a SubjectAccessReview. user_info is a
 * UserInfo (authentication.k8s.io/v1), as an AdmissionReview has it. New reference. */
json_t *controller_access_question(
    const json_t *user_info, const struct controller_access_deed *deed);

/* The UserInfo of a service account. New reference. */
json_t *controller_access_service_account(const char *namespace, const char *name);

/* Whether it is known that the answer is yes. */
bool controller_access_is_allowed(struct controller_access *access, const json_t *question);

/* why is what the API server says about it, borrowed, or NULL. */
typedef void controller_access_done(
    void *user, enum controller_access_answer answer, const char *why);

struct controller_access_asked;

/* Asks. done is called once, from the loop, unless it is cancelled; what was asked is freed when
 * done has returned. */
struct controller_access_asked *controller_access_ask(struct controller_access *access,
    const json_t *question, controller_access_done *done, void *user);
void controller_access_cancel(struct controller_access_asked *asked);

#endif
