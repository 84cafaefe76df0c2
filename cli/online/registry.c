#include "cli/online/registry.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

enum { MAX_PASSWORD = 64 << 10 };

/* Reads a password; one line end after it does not belong to it. */
static int read_password(const char *path, char **out, struct error **err)
{
    size_t length = 0;
    if (file_read(path, MAX_PASSWORD, out, &length, err) < 0)
        return -1;
    if (length > 0 && (*out)[length - 1] == '\n')
        (*out)[--length] = '\0';
    if (length > 0 && (*out)[length - 1] == '\r')
        (*out)[--length] = '\0';
    return 0;
}

static int find_credentials(
    struct cli_registry *registry, const struct cli_registry_options *options, struct error **err)
{
    struct oci_credentials *out = &registry->credentials;
    if ((options->username == NULL) != (options->password_file == NULL))
        return error_set(err, ERROR_USAGE, "--username and --password-file belong together");
    if (options->username == NULL)
        return oci_credentials_find(
            registry->reference.registry, registry->reference.repository, out, err);
    out->username = xstrdup(options->username);
    return read_password(options->password_file, &out->password, err);
}

int cli_registry_open(struct cli_registry *registry, const char *reference,
    const struct cli_registry_options *options, uint64_t chunk, struct cli_transfer *transfer,
    struct error **err)
{
    *registry = (struct cli_registry){0};
    if (oci_reference_parse(reference, &registry->reference, err) < 0 ||
        find_credentials(registry, options, err) < 0)
        return -1;
    const struct oci_client_options client = {
        .registry = registry->reference.registry,
        .repository = registry->reference.repository,
        .ca_file = options->ca_file,
        .plain_http = options->plain_http,
        .stall_ms = options->timeout_ms,
        .user_agent = "hookctl/" HOOKLINE_VERSION,
        .credentials = &registry->credentials,
        .chunk = chunk,
        .on_progress = cli_transfer_on_progress,
        .user = transfer,
    };
    registry->client = oci_client_new(&client);
    transfer->client = registry->client;
    return oci_client_ping(registry->client, err);
}

void cli_registry_close(struct cli_registry *registry)
{
    oci_client_free(registry->client);
    oci_credentials_clear(&registry->credentials);
    oci_reference_clear(&registry->reference);
    registry->client = NULL;
}
