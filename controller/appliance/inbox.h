/* Carries requests from the threads of a server to the default loop. */
#ifndef CONTROLLER_APPLIANCE_INBOX_H
#define CONTROLLER_APPLIANCE_INBOX_H

#include "http/request.h"

struct controller_inbox;

/* take is called on the loop for each request, in their order. Owned by the caller. */
struct controller_inbox *controller_inbox_new(
    void (*take)(void *user, struct http_request *request), void *user);

/* Gives what is left to take. No thread may use it any more. NULL is allowed. */
void controller_inbox_free(struct controller_inbox *inbox);

/* Puts a request in; from any thread. */
void controller_inbox_put(struct controller_inbox *inbox, struct http_request *request);

#endif
