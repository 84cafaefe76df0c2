#include "cli/sandbox.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/subprocess.h"
#include "base/text.h"
#include "cli/bare.h"
#include "cli/bubblewrap.h"

enum { TRIAL_TIMEOUT_MS = 60000, TRIAL_TAIL = 512 };

const char *const cli_sandbox_wishes[] = {CLI_SANDBOX_AUTO, CLI_SANDBOX_BUBBLEWRAP, "none", NULL};

/* A run of true(1) in a sandbox. */
struct trial {
    bool done;
    char *refusal; /* why it failed; NULL: it did not */
};

static void on_trial_done(void *user, struct subprocess_result *result)
{
    struct trial *trial = user;
    trial->done = true;
    ev_break(ev_default_loop(EVFLAG_AUTO), EVBREAK_ALL);
    if (result->wait_status == 0)
        return;
    auto_free char *end = subprocess_describe(result->wait_status);
    auto_free char *tail =
        text_printable(result->error_tail, strlen(result->error_tail), TRIAL_TAIL);
    trial->refusal = result->timed_out ? xstrdup("bwrap hangs")
                     : tail[0] == '\0' ? xasprintf("bwrap %s", end)
                                       : steal(&tail);
}

/* Why there is no sandbox of that kind, owned by the caller; NULL: there is one. */
static char *try_bubblewrap(bool user_namespace)
{
    struct cli_words words = cli_bubblewrap_trial(user_namespace);
    struct trial trial = {0};
    const struct subprocess_options options = {
        .argv = (const char *const *)words.items,
        .error_tail_limit = TRIAL_TAIL,
        .timeout_ms = TRIAL_TIMEOUT_MS,
        .on_done = on_trial_done,
        .user = &trial,
    };
    auto_error struct error *error = NULL;
    if (subprocess_start(&options, &error) == NULL)
        trial.refusal = xstrdup(error->message);
    else
        while (!trial.done)
            ev_run(ev_default_loop(EVFLAG_AUTO), 0);
    cli_words_clear(&words);
    return trial.refusal;
}

/* As root also without a user namespace, unless that is not allowed. Returns why neither works, owned
 * by the caller; NULL: one does. */
static char *try_all(bool user_namespace_alone, enum cli_sandbox *out)
{
    auto_free char *installed = subprocess_find("bwrap", NULL);
    if (installed == NULL)
        return xstrdup("bubblewrap is not installed (package bubblewrap)");
    *out = CLI_SANDBOX_USER_NAMESPACE;
    auto_free char *with = try_bubblewrap(true);
    if (with == NULL || user_namespace_alone || geteuid() != 0)
        return steal(&with);
    *out = CLI_SANDBOX_MOUNT_NAMESPACE;
    auto_free char *without = try_bubblewrap(false);
    return without == NULL ? NULL
                           : xasprintf("%s; as root without a user namespace: %s", with, without);
}

int cli_sandbox_choose(const char *wish, enum cli_sandbox *out, struct error **err)
{
    *out = CLI_SANDBOX_NONE;
    bool is_auto = streq(wish, CLI_SANDBOX_AUTO);
    if (!is_auto && !streq(wish, CLI_SANDBOX_BUBBLEWRAP))
        return 0;
    auto_free char *refusal = try_all(!is_auto, out);
    if (refusal == NULL)
        return 0;
    return error_set(err, ERROR_IO,
        "no sandbox works here%s: --sandbox none runs the hooks without one, as you, with a "
        "sidecar's mounts below a temporary directory, HOOKLINE_ROOT; hookctl-run(1) says what a "
        "sandbox needs (%s)",
        is_auto ? "" : " in a user namespace", refusal);
}

struct cli_words cli_sandbox_command(enum cli_sandbox sandbox, const struct cli_sidecar *sidecar,
    struct cli_mount *mounts, const char *root, struct error **err)
{
    if (sandbox == CLI_SANDBOX_NONE)
        return cli_bare_command(sidecar, mounts, root, err);
    return cli_bubblewrap_command(sidecar, mounts, sandbox == CLI_SANDBOX_USER_NAMESPACE);
}
