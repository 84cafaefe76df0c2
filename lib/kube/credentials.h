/* Our credentials for the API server, kept up to date: a token file is read again when it changes,
 * a credential plugin is run again when its credential has expired or was refused. */
#ifndef KUBE_CREDENTIALS_H
#define KUBE_CREDENTIALS_H

#include "http/target.h"
#include "base/error.h"
#include "kube/config.h"

struct kube_credentials;

/* A caller that waits for the credentials. */
struct kube_credentials_waiter {
    struct kube_credentials_waiter *prev, *next; /* of the credentials' list */
    bool waits;
    unsigned long run_number; /* of the run of the plugin that it waits for */
    void (*on_ready)(void *user, const struct error *err); /* err: there are none; borrowed */
    void *user;
};

/* config is borrowed as long as the credentials live. Owned by the caller. */
struct kube_credentials *kube_credentials_new(const struct kube_config *config);

/* Waiters are forgotten. NULL is allowed. */
void kube_credentials_free(struct kube_credentials *credentials);

/* Calls waiter, which is borrowed, when the credentials are ready: at once, or when the plugin has
 * exited. */
void kube_credentials_await(
    struct kube_credentials *credentials, struct kube_credentials_waiter *waiter);

/* Removes a waiter from the list, if it is there. */
void kube_credentials_leave(
    struct kube_credentials *credentials, struct kube_credentials_waiter *waiter);

/* The current identity, borrowed until control returns to the loop; *generation gets its number. */
struct http_identity kube_credentials_identity(
    const struct kube_credentials *credentials, unsigned long *generation);

/* Call this if the API server refused the identity of that generation. Returns whether there may be
 * another, which kube_credentials_await then fetches. */
bool kube_credentials_refused(struct kube_credentials *credentials, unsigned long generation);

#endif
