/* How far the disks of an artifact are, live on a terminal, while they are packed, unpacked and
 * transferred; and the user's interrupts, which end that. */
#ifndef CLI_ONLINE_TRANSFER_H
#define CLI_ONLINE_TRANSFER_H

#include "appliance/artifact.h"
#include "cli/progress.h"
#include "oci/client.h"

struct cli_transfer {
    struct cli_progress *progress; /* owned; NULL: not shown yet */
    char **names; /* owned, as is each of them */
    size_t count;
    const char *verb; /* "packing", "uploading"; static */
    char *current; /* the one that is transferred; owned; NULL: none */
    uint64_t size; /* its bytes */
    double shown; /* clock_seconds: when it was last drawn */
    struct oci_client *client; /* borrowed; NULL: none */
};

/* Zeroed is empty. Begins to show the names, after those before are gone. */
void cli_transfer_begin(
    struct cli_transfer *transfer, const char *verb, char *const *names, size_t count);

/* For packing and unpacking. The transfer is borrowed. */
struct appliance_artifact_progress cli_transfer_progress(struct cli_transfer *transfer);

/* A struct oci_client_options' on_progress, whose user is the transfer: shows the current one, and
 * cancels the client after an interrupt. */
void cli_transfer_on_progress(void *transfer, uint64_t bytes);

/* Sets the current one. */
void cli_transfer_select(struct cli_transfer *transfer, const char *name, uint64_t size);

/* Shows the end of one. */
void cli_transfer_done(struct cli_transfer *transfer, const char *name, const char *state);

void cli_transfer_end(struct cli_transfer *transfer);

#endif
