#include "cli/sandbox.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "cli/usr.h"

#define SHIM_PATH "/sidecar-shim" /* the entrypoint of the shim's image */
#define HOOKS_PATH "/.hooks"
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* A growing command line, NULL-terminated. */
struct words {
    char **items;
    size_t count;
};

static void add_word(struct words *words, char *take_word)
{
    words->items = xreallocarray(words->items, words->count + 2, sizeof(*words->items));
    words->items[words->count++] = take_word;
    words->items[words->count] = NULL;
}

/* Adds copies of the words up to a final NULL. */
static void add(struct words *words, ...) __attribute__((sentinel));
static void add(struct words *words, ...)
{
    va_list args;
    va_start(args, words);
    for (const char *word = va_arg(args, const char *); word != NULL;
         word = va_arg(args, const char *))
        add_word(words, xstrdup(word));
    va_end(args);
}

void cli_sandbox_words_free(char **words)
{
    if (words == NULL)
        return;
    for (size_t i = 0; words[i] != NULL; i++)
        free(words[i]);
    free(words);
}

DEFINE_CLEANUP(words, char **, cli_sandbox_words_free);

char *cli_sandbox_find_shim(struct error **err)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (length < 0) {
        error_set_errno(err, "finding sidecar-shim beside this program");
        return NULL;
    }
    self[length] = '\0';
    *strrchr(self, '/') = '\0';
    auto_free char *path = xasprintf("%s:%s/../libexec/hookline", self, self);
    auto_free char *found = subprocess_find("sidecar-shim", path);
    if (found == NULL)
        found = subprocess_find("sidecar-shim", NULL);
    char *absolute = found != NULL ? realpath(found, NULL) : NULL;
    if (absolute == NULL)
        error_set(err, ERROR_IO,
            "there is no sidecar-shim in %s, in %s/../libexec/hookline, or in "
            "PATH",
            self, self);
    return absolute;
}

/* The sidecar's user; that it is another on the host does not show inside. */
static void add_user(struct words *words, const json_t *container)
{
    const json_t *security = json_object_get(container, "securityContext");
    const json_t *user = json_object_get(security, "runAsUser");
    const json_t *group = json_object_get(security, "runAsGroup");
    auto_free char *uid = xasprintf("%lld", json_integer_value(user));
    auto_free char *gid = xasprintf("%lld", json_integer_value(group));
    add(words, "--unshare-user", "--unshare-all", "--uid", uid, "--gid", gid, "--die-with-parent",
        "--new-session", "--as-pid-1", "--clearenv", "--chdir", "/", NULL);
}

/* Everything of the host but /usr that programs expect of a system. */
static void add_system(struct words *words)
{
    static const char *const tops[] = {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};
    static const char *const settings[] = {"/etc/alternatives", "/etc/ca-certificates",
        "/etc/group", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime",
        "/etc/mime.types", "/etc/nsswitch.conf", "/etc/os-release", "/etc/passwd", "/etc/perl",
        "/etc/pki", "/etc/ssl"};
    static const char *const directories[] = {"/etc", "/run", "/tmp", "/var", "/var/tmp"};
    for (size_t i = 0; i < ARRAY_SIZE(tops); i++) {
        auto_free char *resolved = cli_usr_resolve(tops[i]);
        if (!streq(resolved, tops[i]))
            add(words, "--symlink", resolved + 1, tops[i], NULL);
        else
            add(words, "--ro-bind-try", tops[i], tops[i], NULL);
    }
    for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
        add(words, "--perms", "0755", "--dir", directories[i], NULL);
    for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
        add(words, "--ro-bind-try", settings[i], settings[i], NULL);
    add(words, "--symlink", "../run", "/var/run", "--proc", "/proc", "--dev", "/dev", NULL);
}

/* One mount of the container, ready. */
struct mount {
    char *source; /* here; owned */
    char *place; /* in the sandbox; owned */
    mode_t kind; /* of the source, as of S_IFMT */
    bool read_only;
};

static void mounts_free(struct mount *mounts)
{
    for (struct mount *mount = mounts; mount->place != NULL; mount++) {
        free(mount->source);
        free(mount->place);
    }
    free(mounts);
}

DEFINE_CLEANUP(mounts, struct mount *, mounts_free);

/* What lies above another comes before it. */
static int compare_mounts(const void *a, const void *b)
{
    return strcmp(((const struct mount *)a)->place, ((const struct mount *)b)->place);
}

/* Sets up the volumes of the container. Returns an array that ends with an empty item, owned by
 * the caller, or NULL. */
static struct mount *find_mounts(const struct cli_sandbox *sandbox, struct error **err)
{
    const json_t *list = json_object_get(sandbox->container, "volumeMounts");
    auto_cleanup(mounts) struct mount *mounts = xcalloc(json_array_size(list) + 1, sizeof(*mounts));
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach (list, index, item) {
        struct mount *mount = &mounts[index];
        mount->place = cli_usr_resolve(json_get_string(item, "mountPath"));
        mount->source = cli_volumes_source(sandbox->volumes, item, &mount->read_only, err);
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
    qsort(mounts, json_array_size(list), sizeof(*mounts), compare_mounts);
    return steal(&mounts);
}

/* /usr as it is on the host, or made of links where a mount needs that. */
static int add_usr(struct words *words, const struct cli_sandbox *sandbox,
    const struct mount *mounts, struct error **err)
{
    bool lacks = false;
    for (const struct mount *mount = mounts; mount->place != NULL; mount++)
        lacks = lacks || cli_usr_lacks(mount->place, mount->kind == S_IFDIR);
    if (!lacks) {
        add(words, "--ro-bind", "/usr", "/usr", NULL);
        return 0;
    }
    auto_free char *directory = file_join(sandbox->directory, "usr");
    for (const struct mount *mount = mounts; mount->place != NULL; mount++) {
        if (cli_usr_add_place(directory, mount->place, mount->kind == S_IFDIR, err) < 0)
            return -1;
    }
    add(words, "--ro-bind", "/usr", CLI_USR_IMAGE, "--ro-bind", directory, "/usr", NULL);
    return 0;
}

static void add_mounts(struct words *words, const struct mount *mounts)
{
    for (const struct mount *mount = mounts; mount->place != NULL; mount++) {
        bool is_device = mount->kind == S_IFCHR || mount->kind == S_IFBLK;
        if (is_device)
            add(words, "--dev-bind", mount->source, mount->place, NULL);
        else
            add(words, mount->read_only ? "--ro-bind" : "--bind", mount->source, mount->place,
                NULL);
        if (is_device && mount->read_only)
            add(words, "--remount-ro", mount->place, NULL);
    }
}

/* The --hook directories of the container, and its environment. */
static void add_environment(struct words *words, const struct cli_sandbox *sandbox)
{
    auto_free char *path = xstrdup("");
    for (size_t i = 0; i < sandbox->hook_count; i++) {
        if (!streq(sandbox->hooks[i].name, sandbox->index))
            continue;
        auto_free char *place = xasprintf(HOOKS_PATH "/%zu", i);
        add(words, "--ro-bind", sandbox->hooks[i].directory, place, NULL);
        auto_free char *longer = xasprintf("%s%s:", path, place);
        xstrset(&path, longer);
    }
    const char *its_path = DEFAULT_PATH;
    add(words, "--setenv", "HOME", "/", NULL);
    size_t index = 0;
    const json_t *variable = NULL;
    json_array_foreach (json_object_get(sandbox->container, "env"), index, variable) {
        const char *name = json_get_string(variable, "name");
        const char *value = json_get_string(variable, "value");
        if (value == NULL)
            value = "";
        if (streq(name, "PATH"))
            its_path = value;
        else
            add(words, "--setenv", name, value, NULL);
    }
    auto_free char *whole_path = xasprintf("%s%s", path, its_path);
    add(words, "--setenv", "PATH", whole_path, NULL);
}

/* The shim's arguments. A container with another image or command has arguments for that; what it
 * says of the version is kept, as every sidecar is told it so. */
static void add_shim(struct words *words, const struct cli_sandbox *sandbox)
{
    const json_t *args = json_object_get(sandbox->container, "args");
    const char *version = "v1alpha3";
    size_t index = 0;
    const json_t *arg = NULL;
    add(words, SHIM_PATH, "--log-format", "text", NULL);
    json_array_foreach (args, index, arg) {
        const char *text = json_string_value(arg);
        if (!sandbox->is_foreign)
            add(words, text, NULL);
        else if (text_starts_with(text, "--version="))
            version = text + strlen("--version=");
        else if (streq(text, "--version") && index + 1 < json_array_size(args))
            version = json_string_value(json_array_get(args, index + 1));
    }
    if (sandbox->is_foreign)
        add(words, "--version", version, NULL);
}

char **cli_sandbox_command(const struct cli_sandbox *sandbox, struct error **err)
{
    struct words words = {0};
    auto_cleanup(mounts) struct mount *mounts = find_mounts(sandbox, err);
    if (mounts == NULL)
        return NULL;
    add(&words, "bwrap", NULL);
    add_user(&words, sandbox->container);
    if (add_usr(&words, sandbox, mounts, err) < 0) {
        cli_sandbox_words_free(words.items);
        return NULL;
    }
    add_system(&words);
    add_mounts(&words, mounts);
    add_environment(&words, sandbox);
    add(&words, "--ro-bind", sandbox->shim, SHIM_PATH, "--", NULL);
    add_shim(&words, sandbox);
    return words.items;
}
