/* hook-manager pre-cloud-init-iso: chains cloud-init data from standard input to standard
 * output. */
#include "manager/cloud_init.h"
#include "manager/command.h"
#include "manager/session.h"

static int run(const struct manager_flags *flags)
{
    struct manager_session session;
    struct error *error = NULL;
    if (manager_session_begin(&session, "pre-cloud-init-iso", flags, false, &error) == 0)
        manager_session_chain(&session, MANAGER_PRE_CLOUD_INIT_ISO, "the cloud-init data",
            MANAGER_CLOUD_INIT_MAX_BYTES, &error);
    return manager_session_end(&session, error);
}

const struct manager_command manager_command_pre_cloud_init_iso = {
    .name = "pre-cloud-init-iso",
    .summary = "Chain cloud-init data through the sidecars",
    .description =
        "Reads KubeVirt's CloudInitData as JSON from standard input, waits for N sidecars,\n"
        "hands it to those that announce PreCloudInitIso, each getting what the one before\n"
        "returned, and writes the last result to standard output. Without data (nothing,\n"
        "or null) no hook is called. When a hook fails, nothing is written.\n",
    .sets = MANAGER_FLAGS_COLLECT | MANAGER_FLAGS_VMI,
    .run = run,
};
