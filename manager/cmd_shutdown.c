#include "manager/cmd_shutdown.h"

#include "manager/session.h"
#include "manager/timings.h"

static int run(const struct manager_command *command, const struct manager_flags *flags)
{
    struct manager_session session;
    struct error *error = NULL;
    if (manager_session_begin(&session, command->name, flags, true, &error) == 0 &&
        manager_session_collect(&session, &error) == 0 &&
        manager_blocking_shutdown(session.blocking, &error) == 0)
        manager_timings_finished(session.timings);
    return manager_session_end(&session, error);
}

const struct manager_command manager_command_shutdown = {
    .name = "shutdown",
    .summary = "Tell the sidecars that the VM has ended",
    .description =
        "Sends Shutdown to every sidecar that listens now and announces it, even if some of\n"
        "them fail. A sidecar that is already gone is not an error.\n",
    .sets = MANAGER_FLAGS_PRESENT,
    .run = run,
};
