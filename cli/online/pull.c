/* hookctl appliance pull: an artifact of a registry as files. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "appliance/containerdisk.h"
#include "cli/appliance/pull.h"
#include "cli/online/interrupt.h"
#include "cli/online/runs.h"
#include "cli/online/source.h"

/* Shows the disks while they come. */
static void show_disks(struct cli_transfer *transfer, const struct appliance_artifact *artifact)
{
    auto_free char **names = xcalloc(artifact->disk_count, sizeof(*names));
    for (size_t i = 0; i < artifact->disk_count; i++)
        names[i] = artifact->disks[i].name;
    cli_transfer_begin(transfer, "pulling", names, artifact->disk_count);
}

static int pull_artifact(const struct cli_online_source *source,
    const struct cli_pull_options *options, struct cli_transfer *transfer, struct error **err)
{
    struct appliance_artifact artifact;
    const struct appliance_artifact_progress progress = cli_transfer_progress(transfer);
    int result =
        appliance_artifact_read(&artifact, &source->source, options->registry.platform, err);
    if (result == 0) {
        show_disks(transfer, &artifact);
        result =
            appliance_artifact_unpack(&artifact, &source->source, options->output, &progress, err);
    }
    cli_transfer_end(transfer);
    if (result == 0)
        printf("%s/%s\n", options->output, artifact.is_template ? "template.yaml" : "vm.yaml");
    for (size_t i = 0; i < artifact.disk_count && result == 0; i++)
        printf("%s/%s.raw\n", options->output, artifact.disks[i].name);
    appliance_artifact_clear(&artifact);
    return result;
}

static int pull_containerdisk(const struct cli_online_source *source,
    const struct cli_pull_options *options, struct cli_transfer *transfer, struct error **err)
{
    static char layer[] = "layer";
    char *const names[] = {layer};
    auto_free char *name = NULL;
    const struct appliance_artifact_progress progress = cli_transfer_progress(transfer);
    cli_transfer_begin(transfer, "pulling", names, ARRAY_SIZE(names));
    int result = appliance_containerdisk_unpack(
        &source->source, options->registry.platform, options->output, &progress, &name, err);
    cli_transfer_end(transfer);
    if (result == 0)
        printf("%s/%s\n", options->output, name);
    return result;
}

static int check_output(const char *output, struct error **err)
{
    if (access(output, F_OK) == 0)
        return error_set(err, ERROR_USAGE, "-o: %s is already there", output);
    return 0;
}

int cli_online_pull(const struct cli_arguments *arguments)
{
    const struct cli_pull_options *options = arguments->options;
    struct cli_transfer transfer = {0};
    struct cli_online_source source = {.tar.fd = -1};
    struct error *error = NULL;
    cli_online_interrupt_watch();
    int result = check_output(options->output, &error);
    if (result == 0)
        result = cli_online_source_open(
            &source, arguments->operand, &options->registry, &transfer, &error);
    if (result == 0)
        result = options->containerdisk ? pull_containerdisk(&source, options, &transfer, &error)
                                        : pull_artifact(&source, options, &transfer, &error);
    cli_transfer_end(&transfer);
    cli_online_source_close(&source);
    return result < 0 ? cli_fail(arguments, error) : 0;
}
