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
#include "hooks/protocol.h"
#include "hostpath/hostpath.h"

#define SHIM_PATH "/sidecar-shim" /* the entrypoint of the shim's image */
#define HOOKS_PATH "/.hooks" /* where the --hook directories are, numbered */
#define IMAGE_PATH "/.usr" /* where the host's /usr is when /usr is made of links to it */
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

static void add_words(struct words *words, const char *const *more)
{
    for (; *more != NULL; more++)
        add_word(words, xstrdup(*more));
}

/* Adds copies of the words that follow. */
#define add(words, ...) add_words(words, (const char *const[]){__VA_ARGS__, NULL})

void cli_sandbox_words_free(char **words)
{
    if (words == NULL)
        return;
    for (size_t i = 0; words[i] != NULL; i++)
        free(words[i]);
    free(words);
}

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

/* The path where a mount takes effect: /bin/x is /usr/bin/x on a host with a merged /usr. Owned by
 * the caller. path is absolute and without "..". */
static char *resolve(const char *path)
{
    auto_free char *normal = hostpath_normalize(path);
    size_t first = strcspn(normal + 1, "/") + 1;
    auto_free char *top = xstrndup(normal, first);
    char target[64];
    ssize_t length = readlink(top, target, sizeof(target) - 1);
    if (length <= 0)
        return steal(&normal);
    target[length] = '\0';
    const char *in_usr = target[0] == '/' ? target + 1 : target;
    if (!text_starts_with(in_usr, "usr/"))
        return steal(&normal);
    return xasprintf("/%s%s", in_usr, normal + first);
}

/* The sidecar's user; inside, it does not show that the host's user is another. */
static void add_user(struct words *words, const json_t *container)
{
    const json_t *security = json_object_get(container, "securityContext");
    const json_t *user = json_object_get(security, "runAsUser");
    const json_t *group = json_object_get(security, "runAsGroup");
    auto_free char *uid = xasprintf("%lld", json_integer_value(user));
    auto_free char *gid = xasprintf("%lld", json_integer_value(group));
    add(words, "--unshare-user", "--unshare-all", "--uid", uid, "--gid", gid, "--die-with-parent",
        "--new-session", "--as-pid-1", "--clearenv", "--chdir", "/");
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

/* Directories come before what is below them. */
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
        mount->place = resolve(json_get_string(item, "mountPath"));
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

/* Whether a mount needs a mount point in /usr that does not exist. */
static bool lacks_place(const struct mount *mount)
{
    struct stat status;
    if (!text_starts_with(mount->place, "/usr/"))
        return false;
    return stat(mount->place, &status) < 0 || S_ISDIR(status.st_mode) != (mount->kind == S_IFDIR);
}

static bool has_word(const struct words *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++) {
        if (streq(words->items[i], word))
            return true;
    }
    return false;
}

/* Whether a directory is at or below a mount, so not part of the image. */
static bool is_mounted(const struct mount *mounts, const char *directory)
{
    for (const struct mount *mount = mounts; mount->place != NULL; mount++) {
        if (hostpath_is_below(directory, mount->place))
            return true;
    }
    return false;
}

/* Adds the directories of the image above a place in /usr, as paths below /usr; /usr itself is
 * "". */
static void add_ways(struct words *ways, const struct mount *mounts, const char *place)
{
    static const char usr[] = "/usr";
    if (!text_starts_with(place, "/usr/"))
        return;
    const char *start = place + strlen(usr);
    for (const char *slash = start; slash != NULL; slash = strchr(slash + 1, '/')) {
        auto_free char *way = xstrndup(start, (size_t)(slash - start));
        auto_free char *directory = xasprintf("%s%s", usr, way);
        if (!has_word(ways, way) && !is_mounted(mounts, directory))
            add(ways, way);
    }
}

/* The image, /usr. It is read-only, so a mount point must already exist in it. For a mount that
 * needs a new one, the directories above it are created empty, and a shell fills them with links to
 * the host's files: *ways are these directories, none when /usr is mounted as a whole. */
static void add_usr(struct words *words, const struct mount *mounts, struct words *ways)
{
    bool lacks = false;
    for (const struct mount *mount = mounts; mount->place != NULL; mount++)
        lacks = lacks || lacks_place(mount);
    if (!lacks) {
        add(words, "--ro-bind", "/usr", "/usr");
        return;
    }
    add(words, "--ro-bind", "/usr", IMAGE_PATH);
    for (const struct mount *mount = mounts; mount->place != NULL; mount++)
        add_ways(ways, mounts, mount->place);
    for (size_t i = 0; i < ways->count; i++) {
        auto_free char *directory = xasprintf("/usr%s", ways->items[i]);
        add(words, "--perms", "0755", "--dir", directory);
    }
}

/* Fills the ways with links, keeping what is mounted there, before running the rest of the command
 * line; then makes top directories such as /lib link to /usr instead of the image. */
static void add_links(struct words *words, const struct words *ways)
{
    static const char script[] = "while [ \"$1\" != -- ]; do"
                                 " [ -d " IMAGE_PATH "\"$1\" ] && " IMAGE_PATH
                                 "/bin/ln -s " IMAGE_PATH "\"$1\"/* /usr\"$1\"/;"
                                 " [ -L \"$1\" ] && " IMAGE_PATH "/bin/ln -sfn usr\"$1\" \"$1\";"
                                 " shift; done 2>/dev/null; shift; exec \"$@\"";
    static const char shell[] = IMAGE_PATH "/bin/sh";
    if (ways->count == 0)
        return;
    add(words, shell, "-c", script, "sh");
    for (size_t i = 0; i < ways->count; i++)
        add(words, ways->items[i]);
    add(words, "--");
}

/* What programs expect of a system besides /usr, from the host. */
static void add_system(struct words *words, bool usr_is_links)
{
    static const char *const tops[] = {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};
    static const char *const settings[] = {"/etc/alternatives", "/etc/ca-certificates",
        "/etc/group", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime",
        "/etc/mime.types", "/etc/nsswitch.conf", "/etc/os-release", "/etc/passwd", "/etc/perl",
        "/etc/pki", "/etc/ssl"};
    static const char *const directories[] = {"/etc", "/run", "/tmp", "/var", "/var/tmp"};
    for (size_t i = 0; i < ARRAY_SIZE(tops); i++) {
        auto_free char *resolved = resolve(tops[i]);
        auto_free char *target =
            xasprintf("%s%s", usr_is_links ? IMAGE_PATH : "/usr", resolved + strlen("/usr"));
        if (text_starts_with(resolved, "/usr/"))
            add(words, "--symlink", target + 1, tops[i]);
        else
            add(words, "--ro-bind-try", tops[i], tops[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
        add(words, "--perms", "0755", "--dir", directories[i]);
    for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
        add(words, "--ro-bind-try", settings[i], settings[i]);
    add(words, "--symlink", "../run", "/var/run", "--proc", "/proc", "--dev", "/dev");
}

static void add_mounts(struct words *words, const struct mount *mounts)
{
    for (const struct mount *mount = mounts; mount->place != NULL; mount++) {
        bool is_device = mount->kind == S_IFCHR || mount->kind == S_IFBLK;
        if (is_device)
            add(words, "--dev-bind", mount->source, mount->place);
        else
            add(words, mount->read_only ? "--ro-bind" : "--bind", mount->source, mount->place);
        if (is_device && mount->read_only)
            add(words, "--remount-ro", mount->place);
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
        add(words, "--ro-bind", sandbox->hooks[i].directory, place);
        auto_free char *longer = xasprintf("%s%s:", path, place);
        xstrset(&path, longer);
    }
    const char *its_path = DEFAULT_PATH;
    add(words, "--setenv", "HOME", "/");
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
            add(words, "--setenv", name, value);
    }
    auto_free char *whole_path = xasprintf("%s%s", path, its_path);
    add(words, "--setenv", "PATH", whole_path);
}

/* The shim's arguments. A container with another image or command has its own; only --version is
 * kept, which every sidecar gets. */
static void add_shim(struct words *words, const struct cli_sandbox *sandbox)
{
    const json_t *args = json_object_get(sandbox->container, "args");
    const char *version = HOOKS_VERSION_NEWEST;
    size_t index = 0;
    const json_t *arg = NULL;
    add(words, SHIM_PATH, "--log-format", "text");
    json_array_foreach (args, index, arg) {
        const char *text = json_string_value(arg);
        if (!sandbox->is_foreign)
            add(words, text);
        else if (text_starts_with(text, "--version="))
            version = text + strlen("--version=");
        else if (streq(text, "--version") && index + 1 < json_array_size(args))
            version = json_string_value(json_array_get(args, index + 1));
    }
    if (sandbox->is_foreign)
        add(words, "--version", version);
}

char **cli_sandbox_command(const struct cli_sandbox *sandbox, struct error **err)
{
    struct words words = {0};
    auto_cleanup(mounts) struct mount *mounts = find_mounts(sandbox, err);
    if (mounts == NULL)
        return NULL;
    struct words ways = {0};
    add(&words, "bwrap");
    add_user(&words, sandbox->container);
    add_usr(&words, mounts, &ways);
    add_system(&words, ways.count > 0);
    add_mounts(&words, mounts);
    add_environment(&words, sandbox);
    add(&words, "--ro-bind", sandbox->shim, SHIM_PATH, "--");
    add_links(&words, &ways);
    add_shim(&words, sandbox);
    cli_sandbox_words_free(ways.items);
    return words.items;
}
