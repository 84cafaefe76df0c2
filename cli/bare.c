#include "cli/bare.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "hooks/protocol.h"
#include "hostpath/hostpath.h"

#define SOCKET_PLACE "/var/run/kubevirt-hooks" /* where the shim puts its socket in a container */

/* Makes the link of a mount. The directories above it are the root's own. */
static int make_link(const char *root, const struct cli_mount *mounts,
    const struct cli_mount *mount, struct error **err)
{
    for (const struct cli_mount *other = mounts; other->place != NULL; other++) {
        if (other != mount && hostpath_is_below(mount->place, other->place))
            return error_set(err, ERROR_INPUT,
                "the mount at %s is below the one at %s: without a sandbox, mounts are links, and "
                "cannot be below each other",
                mount->place, other->place);
    }
    auto_free char *link = xasprintf("%s%s", root, mount->place);
    auto_free char *directory = xstrdup(link);
    *strrchr(directory, '/') = '\0';
    if (file_make_directories(directory, 0755, err) < 0)
        return -1;
    if (symlink(mount->source, link) < 0)
        return error_set_errno(err, "linking %s to %s", link, mount->source);
    return 0;
}

/* Checks a directory that becomes a part of PATH, where a colon ends it. what continues the error. */
static int check_directory(const char *directory, const char *what, struct error **err)
{
    if (strchr(directory, ':') == NULL)
        return 0;
    return error_set(err, ERROR_INPUT,
        "%s has a colon, which ends a directory in PATH: without a sandbox, %s", directory, what);
}

static int check_directories(
    const struct cli_sidecar *sidecar, const char *root, struct error **err)
{
    for (size_t i = 0; i < sidecar->hook_count; i++) {
        const struct cli_stand_in *hook = &sidecar->hooks[i];
        if (streq(hook->name, sidecar->index) &&
            check_directory(hook->directory, "--hook takes a directory without one", err) < 0)
            return -1;
    }
    return check_directory(root, "TMPDIR must be a directory without one", err);
}

/* The --hook directories, the directories of the container's PATH below root, then these. */
static char *make_path(const struct cli_sidecar *sidecar, const char *root)
{
    auto_free char *path = xstrdup("");
    for (size_t i = 0; i < sidecar->hook_count; i++) {
        if (!streq(sidecar->hooks[i].name, sidecar->index))
            continue;
        auto_free char *longer = xasprintf("%s%s:", path, sidecar->hooks[i].directory);
        xstrset(&path, longer);
    }
    const char *its_path = cli_sidecar_path(sidecar);
    for (const char *rest = its_path; *rest != '\0';) {
        size_t length = strcspn(rest, ":");
        if (rest[0] == '/') {
            auto_free char *longer = xasprintf("%s%s%.*s:", path, root, (int)length, rest);
            xstrset(&path, longer);
        }
        rest += length + (rest[length] == ':' ? 1 : 0);
    }
    return xasprintf("%s%s", path, its_path);
}

struct cli_words cli_bare_command(const struct cli_sidecar *sidecar, const struct cli_mount *mounts,
    const char *root, struct error **err)
{
    struct cli_words words = {0};
    if (check_directories(sidecar, root, err) < 0 || file_make_directories(root, 0755, err) < 0)
        return words;
    for (const struct cli_mount *mount = mounts; mount->place != NULL; mount++) {
        if (make_link(root, mounts, mount, err) < 0)
            return words;
    }
    auto_free char *path = make_path(sidecar, root);
    auto_free char *sockets = xasprintf("%s" SOCKET_PLACE, root);
    cli_words_add(&words, "env", "--ignore-environment", "--chdir", root);
    cli_words_take(&words, xasprintf("HOME=%s", root));
    cli_sidecar_add_variables(sidecar, &words);
    cli_words_take(&words, xasprintf("HOOKLINE_ROOT=%s", root));
    cli_words_take(&words, xasprintf("PATH=%s", path));
    cli_sidecar_add_shim(sidecar, sidecar->shim, &words);
    cli_words_add(&words, "--socket-dir", sockets);
    return words;
}

/* Whether a mount is the executable of a hook, which the shim finds by PATH. */
static bool is_hook(const char *place)
{
    const char *name = strrchr(place, '/') + 1;
    for (size_t i = 0; i < HOOKS_POINTS; i++) {
        if (hooks_points[i].executable != NULL && streq(name, hooks_points[i].executable))
            return true;
    }
    return false;
}

char *cli_bare_describe(const struct cli_sidecar *sidecar, const struct cli_mount *mount)
{
    bool is_copy = hostpath_is_below(mount->source, sidecar->volumes->directory);
    if (streq(mount->place, SOCKET_PLACE) || is_hook(mount->place))
        return NULL;
    return xasprintf("%s is not mounted at %s without a sandbox: a hook finds it at "
                     "$HOOKLINE_ROOT%s%s",
        mount->source, mount->place, mount->place,
        mount->read_only && !is_copy ? ", and can write to it, though it is readOnly" : "");
}
