#include "cli/cluster_options.h"

bool cli_cluster_is_needed(const struct cli_arguments *arguments)
{
    const struct cli_options *options = arguments->options;
    return options->filenames.count == 0;
}
