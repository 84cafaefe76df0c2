#include "cli/online/source.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "oci/layout.h"

int cli_online_source_open(struct cli_online_source *source, const char *name,
    const struct cli_registry_options *options, struct cli_transfer *transfer, struct error **err)
{
    *source = (struct cli_online_source){.tar.fd = -1};
    if (text_starts_with(name, CLI_ONLINE_ARCHIVE)) {
        source->tar.name = name + strlen(CLI_ONLINE_ARCHIVE);
        source->tar.fd = open(source->tar.name, O_RDONLY | O_CLOEXEC);
        if (source->tar.fd < 0)
            return error_set_errno(err, "opening %s", source->tar.name);
        source->source = oci_layout_tar_source(&source->tar);
        return 0;
    }
    if (text_starts_with(name, CLI_ONLINE_LAYOUT)) {
        source->source = oci_layout_source(name + strlen(CLI_ONLINE_LAYOUT));
        return 0;
    }
    if (cli_registry_open(&source->registry, name, options, 0, transfer, err) < 0)
        return -1;
    source->remote = (struct oci_remote){
        source->registry.client, oci_reference_manifest(&source->registry.reference)};
    source->source = oci_remote_source(&source->remote);
    return 0;
}

void cli_online_source_close(struct cli_online_source *source)
{
    cli_registry_close(&source->registry);
    if (source->tar.fd >= 0)
        close(source->tar.fd);
    source->tar.fd = -1;
}
