/* Who we are to the API server, kept true: a token file is read again when it changes, a credential
 * plugin is run when what it gave has expired or was refused. */
#ifndef KUBE_CREDENTIALS_H
#define KUBE_CREDENTIALS_H

#include "http/target.h"
#include "base/error.h"
#include "kube/config.h"

struct kube_credentials;

/* Somebody who needs to know who we are. */
struct kube_credentials_waiter {
    struct kube_credentials_waiter *prev, *next; /* of the credentials' list */
    bool waits;
    unsigned long run_number; /* of the run of the plugin that it waits for */
    void (*on_ready)(void *user, const struct error *err); /* err: there is no knowing; borrowed */
    void *user;
};

/* config is borrowed as long as the credentials live. Owned by the caller. */
struct kube_credentials *kube_credentials_new(const struct kube_config *config);

/* Whoever waits is forgotten. NULL is allowed. */
void kube_credentials_free(struct kube_credentials *credentials);

/* Tells waiter, which is borrowed, when the identity is there: at once, or when the plugin has
 * ended. */
void kube_credentials_await(
    struct kube_credentials *credentials, struct kube_credentials_waiter *waiter);

/* Takes a waiter out of the list, if it is in it. */
void kube_credentials_leave(
    struct kube_credentials *credentials, struct kube_credentials_waiter *waiter);

/* The identity that is there, borrowed until the loop runs on; *generation gets its number. */
struct http_identity kube_credentials_identity(
    const struct kube_credentials *credentials, unsigned long *generation);

/* The API server did not take the identity of that generation. Returns whether another may be had:
 * then it is fetched when it is asked for next. */
bool kube_credentials_refused(struct kube_credentials *credentials, unsigned long generation);

#endif
