/* hookctl appliance import: an OVA, or KubeVirt's artifact, as files. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "appliance/artifact.h"
#include "base/text.h"
#include "cli/online/interrupt.h"
#include "cli/online/ova.h"
#include "cli/online/runs.h"
#include "cli/online/source.h"

/* Reads an artifact of KubeVirt. */
static int import_artifact(
    const char *name, const struct cli_import_options *options, struct error **err)
{
    struct cli_transfer transfer = {0};
    struct cli_online_source source = {.tar.fd = -1};
    struct appliance_artifact artifact = {0};
    const struct appliance_artifact_progress progress = cli_transfer_progress(&transfer);
    int result = cli_online_source_open(&source, name, &options->registry, &transfer, err);
    if (result == 0)
        result =
            appliance_artifact_read(&artifact, &source.source, options->registry.platform, err);
    if (result == 0)
        result =
            appliance_artifact_unpack(&artifact, &source.source, options->output, &progress, err);
    cli_transfer_end(&transfer);
    if (result == 0)
        printf("%s/%s\n", options->output, artifact.is_template ? "template.yaml" : "vm.yaml");
    for (size_t i = 0; i < artifact.disk_count && result == 0; i++)
        printf("%s/%s.raw\n", options->output, artifact.disks[i].name);
    appliance_artifact_clear(&artifact);
    cli_online_source_close(&source);
    return result;
}

static int import(const char *name, const struct cli_import_options *options,
    struct cli_report *report, struct error **err)
{
    if (access(options->output, F_OK) == 0)
        return error_set(err, ERROR_USAGE, "-o: %s is already there", options->output);
    if (cli_ova_is(name))
        return cli_ova_import(name, options, report, err);
    if (access(name, F_OK) < 0)
        return import_artifact(name, options, err);
    auto_free char *archive = xasprintf(CLI_ONLINE_ARCHIVE "%s", name);
    return import_artifact(archive, options, err);
}

int cli_online_import(const struct cli_arguments *arguments)
{
    struct cli_report report = {0};
    struct error *error = NULL;
    cli_online_interrupt_watch();
    int result = import(arguments->operand, arguments->options, &report, &error);
    cli_report_print(&report, stderr, cli_report_colour(STDERR_FILENO));
    int status = result < 0 ? cli_fail(arguments, error) : cli_report_exit_status(&report);
    cli_report_clear(&report);
    return status;
}
