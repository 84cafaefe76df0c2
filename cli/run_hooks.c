/* The part of hookctl run that chains the hooks, once all sandboxes are up. */
#include "cli/run_hooks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/json_go.h"
#include "base/text.h"
#include "cli/bare.h"
#include "cli/sandbox.h"

/* For all sidecars to be ready; a sandbox takes milliseconds to start. */
enum { COLLECT_TIMEOUT_MS = 60000 };

#define ROOTS "roots" /* the sidecars' directories without a sandbox */
#define SOCKETS "hook-sidecar-sockets" /* the volume of the rendered pod */

void cli_run_say(struct cli_run *run, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    auto_free char *text = xvasprintf(format, args);
    va_end(args);
    auto_free char *line = text_printable(text, strlen(text), SIZE_MAX);
    if (run->progress != NULL)
        cli_progress_hide(run->progress);
    fprintf(stderr, "%s run: %s\n", run->program, line);
}

/* Whether an image is sidecar-shim, ours or KubeVirt's, judged by its name. */
static bool is_shim_image(const char *image)
{
    const char *slash = strrchr(image, '/');
    const char *name = slash != NULL ? slash + 1 : image;
    size_t length = strcspn(name, ":@");
    return length == strlen("sidecar-shim") && strncmp(name, "sidecar-shim", length) == 0;
}

static bool is_foreign(const struct annotations_sidecar *sidecar)
{
    return sidecar->command != NULL || (sidecar->image != NULL && !is_shim_image(sidecar->image));
}

/* The first file of a directory with the name of a hook that is executable, or that is not; or NULL.
 * Owned by the caller. A directory may have a colon in its name, which ends one in $PATH. */
static char *find_hook(const char *directory, bool executable)
{
    for (size_t i = 0; i < HOOKS_POINTS; i++) {
        if (hooks_points[i].executable == NULL)
            continue;
        char *path = file_join(directory, hooks_points[i].executable);
        struct stat status;
        if (stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
            (access(path, X_OK) == 0) == executable)
            return path;
        free(path);
    }
    return NULL;
}

int cli_run_check_hooks(struct cli_run *run, struct error **err)
{
    for (size_t i = 0; i < run->hooks.count; i++) {
        const struct cli_stand_in *hook = &run->hooks.items[i];
        auto_free char *closed = find_hook(hook->directory, false);
        auto_free char *open = find_hook(hook->directory, true);
        if (closed != NULL && open != NULL)
            cli_run_say(run, "warning: %s is there, but not executable: chmod +x", closed);
        else if (closed != NULL)
            return error_set(err, ERROR_INPUT, "%s is there, but not executable: chmod +x", closed);
        else if (open == NULL)
            return error_set(err, ERROR_INPUT,
                "%s, given with --hook %s, has no executable " HOOKS_EXECUTABLES("or"),
                hook->directory, hook->name);
    }
    return 0;
}

/* Whether the sidecar at an index may have a hook of this point: its config map is that hook, it has
 * no config map, or --hook gives it more. */
static bool may_have(const struct cli_run *run, size_t index, enum hooks_point point)
{
    const struct annotations_config_map *config_map = run->machine.list->sidecars[index].config_map;
    if (config_map == NULL || config_map->hook_path == NULL)
        return true;
    auto_free char *path =
        xasprintf(HOOKS_EXECUTABLE_DIRECTORY "%s", hooks_points[point].executable);
    if (streq(config_map->hook_path, path))
        return true;
    auto_free char *name = xasprintf("%zu", index);
    for (size_t i = 0; i < run->hooks.count; i++) {
        if (streq(run->hooks.items[i].name, name))
            return true;
    }
    return false;
}

bool cli_run_may_have(const struct cli_run *run, enum hooks_point point)
{
    for (size_t i = 0; i < run->machine.list->count; i++) {
        if (may_have(run, i, point))
            return true;
    }
    return false;
}

/* Says where a sidecar differs from the one in a cluster, or does nothing. */
static void say_differences(struct cli_run *run, size_t index)
{
    const struct annotations_sidecar *sidecar = &run->machine.list->sidecars[index];
    auto_free char *name = xasprintf("%zu", index);
    bool has_hook = sidecar->config_map != NULL;
    for (size_t i = 0; i < run->hooks.count; i++)
        has_hook = has_hook || streq(run->hooks.items[i].name, name);
    if (is_foreign(sidecar))
        cli_run_say(run,
            "note: hook-sidecar-%zu has its own %s, which does not run here: its "
            "hook runs under sidecar-shim, with the programs of this machine",
            index, sidecar->command != NULL ? "command" : "image");
    if (!has_hook)
        cli_run_say(run,
            "warning: hook-sidecar-%zu has no hook here: give the directory of its "
            "executable " HOOKS_EXECUTABLES("or") " with --hook %zu=DIR",
            index, index);
}

static void on_line(void *user, const char *sidecar, const char *line)
{
    const struct cli_run *run = user;
    auto_free char *text = text_printable(line, strlen(line), SIZE_MAX);
    cli_progress_hide(run->progress);
    fprintf(stderr, "%s | %s\n", sidecar, text);
}

static void on_tick(void *user)
{
    const struct cli_run *run = user;
    cli_progress_tick(run->progress);
}

static void on_hop_done(struct cli_run *run, const struct manager_event *event)
{
    const struct cli_hop *hop = cli_hops_add(&run->hops, event);
    auto_free char *change = cli_hop_change(hop);
    auto_free char *state = xasprintf("%s  %s", hooks_point_name(event->hook), change);
    cli_progress_set(run->progress, event->sidecar->name, false, state);
    if (event->ignored)
        cli_run_say(
            run, "warning: %s (ignored: its failurePolicy is Ignore)", event->error->message);
}

static void on_event(void *user, const struct manager_event *event)
{
    struct cli_run *run = user;
    switch (event->kind) {
    case MANAGER_EVENT_FOUND:
        cli_progress_set(run->progress, event->sidecar->name, true, "connecting");
        break;
    case MANAGER_EVENT_READY:
        cli_progress_set(run->progress, event->sidecar->name, false, "ready");
        break;
    case MANAGER_EVENT_HOP_START:
        cli_progress_set(run->progress, event->sidecar->name, true, hooks_point_name(event->hook));
        break;
    case MANAGER_EVENT_HOP_DONE:
        on_hop_done(run, event);
        break;
    case MANAGER_EVENT_WARNING:
        cli_run_say(run, "warning: %s", event->error->message);
        break;
    }
}

/* Says what is where, without a sandbox. */
static void say_mounts(struct cli_run *run, const struct cli_sidecar *sidecar,
    const struct cli_mount *mounts, const char *name)
{
    for (const struct cli_mount *mount = mounts; mount->place != NULL; mount++) {
        auto_free char *difference = cli_bare_describe(sidecar, mount);
        if (difference != NULL)
            cli_run_say(run, "warning: %s: %s", name, difference);
    }
}

/* Finds out in what the hooks can run, and says so unless it is the usual sandbox. */
static int choose_sandbox(struct cli_run *run, struct error **err)
{
    static const char *const notes[] = {
        [CLI_SANDBOX_MOUNT_NAMESPACE] =
            "note: user namespaces do not work here: the hooks run as root, without "
            "capabilities, in namespaces of their own",
        [CLI_SANDBOX_NONE] = "note: the hooks run without a sandbox, as you",
    };
    if (cli_sandbox_choose(run->session, run->sandbox_wish, &run->sandbox, err) < 0)
        return -1;
    if (run->sandbox != CLI_SANDBOX_USER_NAMESPACE)
        cli_run_say(run, "%s", notes[run->sandbox]);
    return 0;
}

/* Starts the sidecar at an index in its sandbox. */
static int start_sidecar(
    struct cli_run *run, const struct cli_volumes *volumes, size_t index, struct error **err)
{
    const json_t *container = cli_machine_container(&run->machine, index);
    const char *name = json_get_string(container, "name");
    auto_free char *index_text = xasprintf("%zu", index);
    const struct cli_sidecar sidecar = {
        .container = container,
        .volumes = volumes,
        .shim = run->shim,
        .hooks = run->hooks.items,
        .hook_count = run->hooks.count,
        .index = index_text,
        .is_foreign = is_foreign(&run->machine.list->sidecars[index]),
    };
    auto_free char *root = xasprintf("%s/" ROOTS "/%s", run->directory, name);
    auto_cleanup(cli_mounts) struct cli_mount *mounts = cli_sidecar_mounts(&sidecar, err);
    if (mounts == NULL)
        return error_wrap(err, "%s", name);
    struct cli_words command = cli_sandbox_command(run->sandbox, &sidecar, mounts, root, err);
    if (command.count == 0)
        return error_wrap(err, "%s", name);
    if (run->sandbox == CLI_SANDBOX_NONE)
        say_mounts(run, &sidecar, mounts, name);
    int result = cli_session_start(run->session, name, (const char *const *)command.items, err);
    cli_words_clear(&command);
    if (result < 0)
        return error_wrap(err, "%s", name);
    cli_progress_set(run->progress, name, true, "starting");
    return 0;
}

static int start_sidecars(struct cli_run *run, const char *volume_directory, struct error **err)
{
    const struct cli_volumes volumes = {
        .pod = run->machine.pod,
        .namespace = run->machine.object->namespace,
        .manifest = &run->machine.manifest,
        .claims = run->claims.items,
        .claim_count = run->claims.count,
        .directory = volume_directory,
    };
    if (file_make_directories(volume_directory, 0755, err) < 0)
        return -1;
    if (run->machine.list->count > 0 && choose_sandbox(run, err) < 0)
        return -1;
    for (size_t i = 0; i < run->machine.list->count; i++) {
        say_differences(run, i);
        if (start_sidecar(run, &volumes, i, err) < 0)
            return -1;
    }
    return 0;
}

/* Calls the hooks of the sidecars that are up, in KubeVirt's order. */
static int run_chains(struct cli_run *run, char **domain, size_t *domain_length, char **cloud_init,
    size_t *cloud_init_length, struct error **err)
{
    auto_free char *vmi = json_go_text(run->machine.vmi);
    const char *data = text_or(run->cloud_init, ""); /* then it calls none, and says so */
    if (cli_session_chain(run->session, HOOKS_PRE_CLOUD_INIT_ISO,
            (struct bytes){data, run->cloud_init_length}, vmi, cloud_init, cloud_init_length,
            err) < 0)
        return -1;
    if (run->domain == NULL)
        return 0;
    if (cli_session_chain(run->session, HOOKS_ON_DEFINE_DOMAIN,
            (struct bytes){run->domain, run->domain_length}, vmi, domain, domain_length, err) < 0)
        return -1;
    if (!run->twice)
        return 0;
    auto_free char *again = NULL;
    size_t again_length = 0;
    if (cli_session_chain(run->session, HOOKS_ON_DEFINE_DOMAIN,
            (struct bytes){*domain, *domain_length}, vmi, &again, &again_length, err) < 0)
        return error_wrap(err, "called again on the result");
    return 0;
}

/* The run, between making and removing the temporary directory. Leaves the signals blocked. */
static int run_in_directory(struct cli_run *run, char **domain, size_t *domain_length,
    char **cloud_init, size_t *cloud_init_length, struct error **err)
{
    auto_free char *volumes = file_join(run->directory, "volumes");
    auto_free char *sockets = file_join(volumes, SOCKETS);
    const struct manager_options options = {
        .directory = sockets,
        .sidecars = run->machine.list->count,
        .timeout_ms = COLLECT_TIMEOUT_MS,
        .list = run->machine.list,
        .schema = run->schema,
        .trace_directory = run->trace_directory,
        .observer = on_event,
        .user = run,
    };
    int result = start_sidecars(run, volumes, err);
    if (result == 0)
        result = cli_session_collect(run->session, &options, err);
    if (result == 0)
        result = run_chains(run, domain, domain_length, cloud_init, cloud_init_length, err);
    cli_session_hold_signals(true);
    cli_session_end(steal(&run->session)); /* while the options exist */
    return result;
}

int cli_run_hooks(struct cli_run *run, char **domain, size_t *domain_length, char **cloud_init,
    size_t *cloud_init_length, struct error **err)
{
    const struct cli_session_options options = {
        .on_line = run->verbose ? on_line : NULL,
        .on_tick = on_tick,
        .user = run,
    };
    run->shim = cli_sidecar_find_shim(err);
    if (run->shim == NULL)
        return -1;
    run->session = cli_session_new(&options, err);
    if (run->session == NULL)
        return -1;
    run->directory = file_make_temporary("hookctl", err);
    if (run->directory == NULL) {
        cli_session_end(steal(&run->session));
        return -1;
    }
    auto_free const char **names = cli_machine_sidecar_names(&run->machine);
    run->progress = cli_progress_new(stderr, names, run->machine.list->count);
    int result = run_in_directory(run, domain, domain_length, cloud_init, cloud_init_length, err);
    cli_progress_free(steal(&run->progress));
    struct error *left = NULL;
    if (file_remove_tree(run->directory, &left) < 0)
        cli_run_say(run, "warning: %s", left->message);
    error_free(left);
    cli_session_hold_signals(false);
    return result;
}
