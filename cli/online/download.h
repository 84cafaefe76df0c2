/* Downloads of files over HTTP, with progress, that go on where they broke off. */
#ifndef CLI_ONLINE_DOWNLOAD_H
#define CLI_ONLINE_DOWNLOAD_H

#include <stdbool.h>

#include "base/error.h"
#include "cli/online/meter.h"
#include "http/client.h"

/* A download of a file. All borrowed. */
struct cli_download {
    struct http_client *client;
    const char *path; /* below the client's URL */
    const char *header; /* "name: token" */
    const char *file; /* where it is written; it must not exist */
    const char *what; /* its name in messages */
    bool can_resume; /* the server sends the rest of what broke off */
    bool can_wait; /* the server may not be reachable yet */
    struct cli_meter *meter;
    /* Whether what the server has is what it had when the download began; called before it goes on.
     * Returns 0, or -1 with an error. */
    int (*check)(void *user, struct error **err);
    void *user;
};

enum {
    CLI_DOWNLOAD_TRIES = 5, /* in a row without a byte */
    CLI_DOWNLOAD_STALL_MS = 60000,
};

/* Downloads it: zeros become holes, and what breaks off is resumed, or begun again. Returns 0; or -1
 * with an error, and then leaves no file. */
int cli_download_run(const struct cli_download *download, struct error **err);

#endif
