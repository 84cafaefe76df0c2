/* An HTTP transfer that is waited for: until it ends, or is interrupted. */
#ifndef CLI_ONLINE_HTTP_CALL_H
#define CLI_ONLINE_HTTP_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "http/client.h"

/* How a transfer ended. */
struct cli_http_outcome {
    enum http_fault fault;
    int code; /* HTTP status; 0: no answer */
    char *why; /* the fault in words; owned */
    char *body; /* of an answer that was collected; owned */
};

/* A transfer. All borrowed. */
struct cli_http_call {
    struct http_client *client;
    struct http_transfer_options options; /* without callbacks, which are these: */
    void (*on_data)(void *user, struct http_transfer *transfer, const char *data,
        size_t length); /* or NULL: the body is collected */
    bool (*tick)(void *user, const struct http_transfer *transfer); /* false: give up; or NULL */
    void *user;
};

/* Runs a transfer to its end, and calls tick several times a second. Returns 0 with *out, for
 * cli_http_outcome_clear; or -1 with an error: it was interrupted, libcurl refuses it,
 * or tick has given up. */
int cli_http_call_run(
    const struct cli_http_call *transfer, struct cli_http_outcome *out, struct error **err);
void cli_http_outcome_clear(struct cli_http_outcome *outcome);

/* Waits; returns 0, or -1 when it is interrupted. */
int cli_http_call_pause(int64_t milliseconds, struct error **err);

#endif
