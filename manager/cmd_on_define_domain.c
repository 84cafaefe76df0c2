/* hook-manager on-define-domain: chains a domain from standard input to standard output. */
#include "domain/identity.h"
#include "manager/command.h"
#include "manager/session.h"

static int run(const struct manager_flags *flags)
{
    struct manager_session session;
    struct error *error = NULL;
    if (manager_session_begin(&session, "on-define-domain", flags, false, &error) == 0)
        manager_session_chain(
            &session, MANAGER_ON_DEFINE_DOMAIN, "the domain", DOMAIN_MAX_BYTES, &error);
    return manager_session_end(&session, error);
}

const struct manager_command manager_command_on_define_domain = {
    .name = "on-define-domain",
    .summary = "Chain a domain XML through the sidecars",
    .description =
        "Reads a libvirt domain from standard input, waits for N sidecars, hands it to\n"
        "those that announce OnDefineDomain, each getting what the one before returned,\n"
        "and writes the last result to standard output. The order: priority, highest\n"
        "first; then index. When a hook fails, nothing is written.\n",
    .sets = MANAGER_FLAGS_COLLECT | MANAGER_FLAGS_VMI | MANAGER_FLAGS_DOMAIN,
    .run = run,
};
