/* The upload of a file to CDI's upload proxy.
 * Source: CDI, pkg/uploadproxy and pkg/uploadserver. */
#ifndef CLI_ONLINE_SEND_H
#define CLI_ONLINE_SEND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "cli/online/meter.h"
#include "http/client.h"

/* All borrowed. */
struct cli_send {
    struct http_client *client; /* of the proxy */
    int fd;
    uint64_t length; /* of the file */
    const char *what; /* its name in messages */
    struct cli_meter *meter;
    char *(*token)(void *user, struct error **err); /* a new token, owned by the caller, or NULL */
    bool (*is_taken)(void *user); /* whether an earlier upload has filled the disk */
    void *user;
    int64_t timeout_ms; /* how long the proxy may take to become available */
};

enum { CLI_SEND_STALL_MS = 120000 };

/* Waits until the proxy takes the file, and sends it, unless its server is at work on one that it got
 * before. The server begins to make the disk when it has all of it. Returns 0, or -1 with an
 * error. */
int cli_send_run(const struct cli_send *send, struct error **err);

#endif
