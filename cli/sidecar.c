#include "cli/sidecar.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "cli/beside.h"
#include "hooks/protocol.h"
#include "hostpath/hostpath.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

char *cli_sidecar_find_shim(struct error **err)
{
    auto_free char *path = cli_beside_path(err);
    if (path == NULL) {
        error_wrap(err, "finding sidecar-shim beside this program");
        return NULL;
    }
    auto_free char *found = subprocess_find("sidecar-shim", path);
    if (found == NULL)
        found = subprocess_find("sidecar-shim", NULL);
    char *absolute = found != NULL ? realpath(found, NULL) : NULL;
    if (absolute == NULL)
        error_set(err, ERROR_IO, "there is no sidecar-shim in %.*s, in %s, or in PATH",
            (int)strcspn(path, ":"), path, strchr(path, ':') + 1);
    return absolute;
}

void cli_mounts_free(struct cli_mount *mounts)
{
    if (mounts == NULL)
        return;
    for (struct cli_mount *mount = mounts; mount->place != NULL; mount++) {
        free(mount->source);
        free(mount->place);
    }
    free(mounts);
}

struct cli_mount *cli_sidecar_mounts(const struct cli_sidecar *sidecar, struct error **err)
{
    const json_t *list = json_object_get(sidecar->container, "volumeMounts");
    auto_cleanup(cli_mounts) struct cli_mount *mounts =
        xcalloc(json_array_size(list) + 1, sizeof(*mounts));
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach (list, index, item) {
        struct cli_mount *mount = &mounts[index];
        mount->place = hostpath_normalize(json_get_string(item, "mountPath"));
        mount->source = cli_volumes_source(sidecar->volumes, item, &mount->read_only, err);
        if (mount->source == NULL)
            return NULL;
        struct stat status;
        if (stat(mount->source, &status) < 0) {
            error_set_errno(err, "mounting %s", mount->source);
            return NULL;
        }
        mount->kind = status.st_mode & S_IFMT;
        mount->read_only = mount->read_only || json_is_true(json_object_get(item, "readOnly"));
    }
    return steal(&mounts);
}

void cli_sidecar_add_variables(const struct cli_sidecar *sidecar, struct cli_words *words)
{
    size_t index = 0;
    const json_t *variable = NULL;
    json_array_foreach (json_object_get(sidecar->container, "env"), index, variable) {
        const char *name = json_get_string(variable, "name");
        const char *value = json_get_string(variable, "value");
        if (!streq(name, "PATH"))
            cli_words_take(words, xasprintf("%s=%s", name, value != NULL ? value : ""));
    }
}

const char *cli_sidecar_path(const struct cli_sidecar *sidecar)
{
    const char *path = DEFAULT_PATH;
    size_t index = 0;
    const json_t *variable = NULL;
    json_array_foreach (json_object_get(sidecar->container, "env"), index, variable) {
        const char *value = json_get_string(variable, "value");
        if (streq(json_get_string(variable, "name"), "PATH"))
            path = value != NULL ? value : "";
    }
    return path;
}

void cli_sidecar_add_shim(
    const struct cli_sidecar *sidecar, const char *shim_path, struct cli_words *words)
{
    const json_t *args = json_object_get(sidecar->container, "args");
    const char *version = HOOKS_VERSION_NEWEST;
    size_t index = 0;
    const json_t *arg = NULL;
    cli_words_add(words, shim_path, "--log-format", "text");
    json_array_foreach (args, index, arg) {
        const char *text = json_string_value(arg);
        if (!sidecar->is_foreign)
            cli_words_add(words, text);
        else if (text_starts_with(text, "--version="))
            version = text + strlen("--version=");
        else if (streq(text, "--version") && index + 1 < json_array_size(args))
            version = json_string_value(json_array_get(args, index + 1));
    }
    if (sidecar->is_foreign)
        cli_words_add(words, "--version", version);
}
