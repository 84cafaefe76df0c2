/* The registry of a reference, reached with the options of a subcommand. */
#ifndef CLI_ONLINE_REGISTRY_H
#define CLI_ONLINE_REGISTRY_H

#include "cli/online/transfer.h"
#include "cli/registry_options.h"
#include "oci/credentials.h"
#include "oci/reference.h"
#include "oci/remote.h"

/* Not to be moved. Zeroed is closed. */
struct cli_registry {
    struct oci_reference reference; /* owned, as is all */
    struct oci_credentials credentials;
    struct oci_client *client;
};

/* Parses the reference, finds the credentials, and asks whether there is a registry. chunk is as in
 * struct oci_client_options. The options and the transfer, which shows how far the client is and
 * cancels it after an interrupt, are borrowed. Returns 0, or -1 with an error; cli_registry_close is
 * due either way. */
int cli_registry_open(struct cli_registry *registry, const char *reference,
    const struct cli_registry_options *options, uint64_t chunk, struct cli_transfer *transfer,
    struct error **err);
void cli_registry_close(struct cli_registry *registry);

#endif
