/* The resources of the verbs that make an object and wait for it. */
#ifndef CLI_ONLINE_RESOURCES_H
#define CLI_ONLINE_RESOURCES_H

#include "kube/resource.h"

extern const struct kube_resource cli_clones, cli_snapshots, cli_snapshot_contents, cli_restores,
    cli_exports, cli_upload_tokens, cli_cdi_configs;

#endif
