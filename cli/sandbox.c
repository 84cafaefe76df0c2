#include "cli/sandbox.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/subprocess.h"
#include "base/text.h"
#include "cli/bare.h"
#include "cli/bubblewrap.h"

enum { TRIAL_TIMEOUT_MS = 10000 }; /* a sandbox takes milliseconds to start */

const char *const cli_sandbox_wishes[] = {CLI_SANDBOX_AUTO, CLI_SANDBOX_BUBBLEWRAP, "none", NULL};

/* Finds out why there is no sandbox of that kind: *refusal, owned by the caller; NULL: there is one.
 * Returns 0, or -1 when it is interrupted. */
static int try_bubblewrap(
    struct cli_session *session, bool user_namespace, char **refusal, struct error **err)
{
    struct cli_words words = cli_bubblewrap_trial(user_namespace);
    int result = cli_session_try(
        session, "bwrap", (const char *const *)words.items, TRIAL_TIMEOUT_MS, refusal, err);
    cli_words_clear(&words);
    return result;
}

/* As root also without a user namespace, unless that is not allowed. *refusal is why neither works,
 * owned by the caller; NULL: one does. Returns 0, or -1 when it is interrupted. */
static int try_all(struct cli_session *session, bool user_namespace_alone, enum cli_sandbox *out,
    char **refusal, struct error **err)
{
    auto_free char *installed = subprocess_find("bwrap", NULL);
    auto_free char *with = NULL;
    auto_free char *without = NULL;
    if (installed == NULL) {
        *refusal = xstrdup("bubblewrap is not installed (package bubblewrap)");
        return 0;
    }
    *out = CLI_SANDBOX_USER_NAMESPACE;
    if (try_bubblewrap(session, true, &with, err) < 0)
        return -1;
    if (with == NULL || user_namespace_alone || geteuid() != 0) {
        *refusal = steal(&with);
        return 0;
    }
    *out = CLI_SANDBOX_MOUNT_NAMESPACE;
    if (try_bubblewrap(session, false, &without, err) < 0)
        return -1;
    if (without != NULL)
        *refusal = xasprintf("%s; as root without a user namespace: %s", with, without);
    return 0;
}

int cli_sandbox_choose(
    struct cli_session *session, const char *wish, enum cli_sandbox *out, struct error **err)
{
    *out = CLI_SANDBOX_NONE;
    bool is_auto = streq(wish, CLI_SANDBOX_AUTO);
    if (!is_auto && !streq(wish, CLI_SANDBOX_BUBBLEWRAP))
        return 0;
    auto_free char *refusal = NULL;
    if (try_all(session, !is_auto, out, &refusal, err) < 0)
        return -1;
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
    return cli_bubblewrap_command(sidecar, mounts, sandbox == CLI_SANDBOX_USER_NAMESPACE, err);
}
