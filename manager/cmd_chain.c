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
            "Reads a libvirt domain from standard input, waits for N sidecars, hands it to\n"
            "those that announce OnDefineDomain, each getting what the one before returned,\n"
            "and writes the last result to standard output. The order: priority, highest\n"
            "first; then index. When a hook fails, nothing is written.\n",
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
            "hands it to those that announce PreCloudInitIso, each getting what the one before\n"
            "returned, and writes the last result to standard output. Without data (nothing,\n"
            "or null) no hook is called. When a hook fails, nothing is written.\n",
        .sets = MANAGER_FLAGS_COLLECT | MANAGER_FLAGS_VMI,
        .run = run,
        .hook = HOOKS_PRE_CLOUD_INIT_ISO,
        .document = "the cloud-init data",
    },
    {.name = NULL},
};
