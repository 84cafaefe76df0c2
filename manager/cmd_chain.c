#include "manager/cmd_chain.h"

#include "manager/session.h"

static int run(const struct manager_command *command, const struct manager_flags *flags)
{
    struct manager_session session;
    struct error *error = NULL;
    if (manager_session_begin(&session, command->name, flags, false, &error) == 0)
        manager_session_chain(&session, command->hook, command->document, &error);
    return manager_session_end(&session, error);
}

const struct manager_command manager_command_chains[] = {
    {
        .name = "on-define-domain",
        .summary = "Chain a domain XML through the sidecars",
        .description =
            "Reads a libvirt domain from standard input, waits for N sidecars, and passes the\n"
            "domain through those that announce OnDefineDomain: each gets what the previous\n"
            "one returned. They are called by priority, highest first, then by index. Writes\n"
            "the last result to standard output, or nothing when a hook fails.\n",
        .sets = MANAGER_FLAGS_COLLECT | MANAGER_FLAGS_VMI | MANAGER_FLAGS_DOMAIN,
        .run = run,
        .hook = HOOKS_ON_DEFINE_DOMAIN,
        .document = "the domain",
    },
    {
        .name = "pre-cloud-init-iso",
        .summary = "Chain cloud-init data through the sidecars",
        .description =
            "Reads KubeVirt's CloudInitData as JSON from standard input, waits for N sidecars,\n"
            "and passes the data through those that announce PreCloudInitIso: each gets what\n"
            "the previous one returned. Without data (empty input, or null) no hook is called.\n"
            "Writes the last result to standard output, or nothing when a hook fails.\n",
        .sets = MANAGER_FLAGS_COLLECT | MANAGER_FLAGS_VMI,
        .run = run,
        .hook = HOOKS_PRE_CLOUD_INIT_ISO,
        .document = "the cloud-init data",
    },
    {.name = NULL},
};
