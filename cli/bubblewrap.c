#include "cli/bubblewrap.h"

#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "cli/procfs.h"
#include "hostpath/hostpath.h"

#define SHIM_PATH "/sidecar-shim" /* the entrypoint of the shim's image */
#define HOOKS_PATH "/.hooks" /* where the --hook directories are, numbered */
#define IMAGE_PATH "/.usr" /* where the host's /usr is when /usr is made of links to it */

/* What the sandbox itself has at its place. */
static const struct own_place {
    const char *place;
    bool whole; /* nothing can be mounted below it, either */
    const char *what;
} own_places[] = {
    {"/usr", false, "the sandbox has the programs of this machine there"},
    {"/dev", false, "the sandbox has its devices there"},
    {"/proc", true, "the sandbox has its processes there, like every container"},
    {SHIM_PATH, true, "the sandbox has sidecar-shim there"},
    {HOOKS_PATH, true, "the sandbox has the directories of --hook there"},
    {IMAGE_PATH, true, "the sandbox has the programs of this machine there"},
};

/* What programs need of this machine's settings. */
static const char *const settings[] = {"/etc/alternatives", "/etc/ca-certificates", "/etc/group",
    "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/mime.types",
    "/etc/nsswitch.conf", "/etc/os-release", "/etc/passwd", "/etc/perl", "/etc/pki", "/etc/ssl"};

/* The path where a mount takes effect: /bin/x is /usr/bin/x on a host with a merged /usr. Owned by
 * the caller. normal is a normalized path. */
static char *resolve(const char *normal)
{
    size_t first = strcspn(normal + 1, "/") + 1;
    auto_free char *top = xstrndup(normal, first);
    char target[64];
    ssize_t length = readlink(top, target, sizeof(target) - 1);
    if (length <= 0)
        return xstrdup(normal);
    target[length] = '\0';
    const char *in_usr = target[0] == '/' ? target + 1 : target;
    if (!text_starts_with(in_usr, "usr/"))
        return xstrdup(normal);
    return xasprintf("/%s%s", in_usr, normal + first);
}

/* Begins a sandbox in a user namespace, as the sidecar's user (NULL: root): inside, it does not show
 * that the host's user is another. For root it has no user namespaces below, where a hook could
 * mount the host's cgroups, whose files are root's. (bwrap before 0.8.0 cannot do that, and then
 * root has the mount namespace.) */
static void add_user_namespace(struct cli_words *words, const json_t *container)
{
    const json_t *security = json_object_get(container, "securityContext");
    const json_t *user = json_object_get(security, "runAsUser");
    const json_t *group = json_object_get(security, "runAsGroup");
    auto_free char *uid = xasprintf("%lld", json_integer_value(user));
    auto_free char *gid = xasprintf("%lld", json_integer_value(group));
    cli_words_add(words, "bwrap", "--unshare-user", "--unshare-all", "--uid", uid, "--gid", gid);
    if (geteuid() == 0)
        cli_words_add(words, "--disable-userns");
}

/* Begins a sandbox without a user namespace, which only root can have. bwrap replaces the root
 * directory, which must be a mount point then, and that of a chroot is none. So all that is here is
 * mounted once more and becomes the root directory: over /proc, a mount point everywhere, which is
 * made private first, so that the mount does not spread to the namespace that this one is a copy
 * of. The network namespace is not bwrap's, which would need CAP_NET_ADMIN for its loopback
 * device. */
static void add_mount_namespace(struct cli_words *words)
{
    static const char script[] = "PATH=$PATH:/usr/sbin:/sbin; mount --make-private /proc &&"
                                 " mount --rbind / /proc && mount --make-rprivate /proc &&"
                                 " exec chroot /proc \"$@\"";
    cli_words_add(words, "unshare", "--mount", "--net", "--propagation", "unchanged", "--", "sh",
        "-c", script, "sh", "bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-uts",
        "--unshare-cgroup-try", "--cap-drop", "ALL");
}

static void add_start(struct cli_words *words, const json_t *container, bool user_namespace)
{
    if (user_namespace)
        add_user_namespace(words, container);
    else
        add_mount_namespace(words);
    cli_words_add(
        words, "--die-with-parent", "--new-session", "--as-pid-1", "--clearenv", "--chdir", "/");
}

/* Directories come before what is below them. */
static int compare_mounts(const void *a, const void *b)
{
    return strcmp(((const struct cli_mount *)a)->place, ((const struct cli_mount *)b)->place);
}

static void resolve_mounts(struct cli_mount *mounts)
{
    size_t count = 0;
    for (; mounts[count].place != NULL; count++) {
        auto_free char *place = resolve(mounts[count].place);
        xstrset(&mounts[count].place, place);
    }
    qsort(mounts, count, sizeof(*mounts), compare_mounts);
}

/* What a mount is mounted on. */
struct ground {
    const char *source; /* here; borrowed */
    const char *place; /* in the sandbox; borrowed; NULL: nothing */
    bool read_only;
};

/* The nearest mount above a mount, or else the setting at its place or above. */
static struct ground find_ground(const struct cli_mount *mounts, const struct cli_mount *mount)
{
    struct ground ground = {0};
    for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
        if (hostpath_is_below(mount->place, settings[i]) && access(settings[i], F_OK) == 0)
            ground = (struct ground){settings[i], settings[i], true};
    }
    for (const struct cli_mount *other = mounts; other < mount; other++) { /* sorted */
        if (hostpath_is_below(mount->place, other->place))
            ground = (struct ground){other->source, other->place, other->read_only};
    }
    return ground;
}

/* Checks that a mount point exists in what the mount is mounted on, or can be created. */
static int check_ground(
    const struct cli_mount *mounts, const struct cli_mount *mount, struct error **err)
{
    struct ground ground = find_ground(mounts, mount);
    struct stat status;
    if (ground.place == NULL)
        return 0;
    const char *kind = mount->kind == S_IFDIR ? "directory" : "file";
    auto_free char *path = xasprintf("%s%s", ground.source, mount->place + strlen(ground.place));
    if (stat(path, &status) == 0) {
        if (S_ISDIR(status.st_mode) == (mount->kind == S_IFDIR))
            return 0;
        return error_set(err, ERROR_INPUT,
            "the mount at %s is a %s, but %s, on which it would be mounted, is not", mount->place,
            kind, path);
    }
    if (errno == ENOTDIR)
        return error_set(err, ERROR_INPUT, "the mount at %s cannot be below %s: that is a file",
            mount->place, ground.place);
    if (errno != ENOENT || !ground.read_only)
        return 0;
    return error_set(err, ERROR_INPUT,
        "the mount at %s needs a %s to be mounted on: %s does not exist, and what is mounted at %s "
        "is "
        "read-only",
        mount->place, kind, path, ground.place);
}

/* A directory that may hide a library. */
struct cover {
    const char *place;
    bool hides;
};

static int look_at_library(struct dl_phdr_info *info, UNUSED size_t size, void *user)
{
    struct cover *cover = user;
    if (info->dlpi_name[0] != '/')
        return 0;
    auto_free char *library = resolve(info->dlpi_name);
    cover->hides = cover->hides || hostpath_is_below(library, cover->place);
    return 0;
}

/* Whether a mount hides libraries of sidecar-shim, which are among those of this program. A top
 * directory such as /usr/lib does not, since /lib links to the image then. */
static bool hides_libraries(const struct cli_mount *mount)
{
    struct cover cover = {.place = mount->place};
    if (text_starts_with(mount->place, "/usr/") && strchr(mount->place + strlen("/usr/"), '/'))
        dl_iterate_phdr(look_at_library, &cover);
    return cover.hides;
}

/* Checks that the sandbox can have the mounts, which are sorted. */
static int check_mounts(const struct cli_mount *mounts, struct error **err)
{
    for (const struct cli_mount *mount = mounts; mount->place != NULL; mount++) {
        for (size_t i = 0; i < ARRAY_SIZE(own_places); i++) {
            const struct own_place *own = &own_places[i];
            if (streq(mount->place, own->place) ||
                (own->whole && hostpath_is_below(mount->place, own->place)))
                return error_set(err, ERROR_INPUT,
                    "nothing can be mounted at %s here: %s; use another path in the container",
                    mount->place, own->what);
        }
        if (hides_libraries(mount))
            return error_set(err, ERROR_INPUT,
                "nothing can be mounted at %s here: the sandbox has libraries that sidecar-shim "
                "needs there; use another path in the container",
                mount->place);
        if (check_ground(mounts, mount, err) < 0)
            return -1;
    }
    return 0;
}

/* Whether a mount needs a mount point in /usr that does not exist. */
static bool lacks_place(const struct cli_mount *mount)
{
    struct stat status;
    if (!text_starts_with(mount->place, "/usr/"))
        return false;
    return stat(mount->place, &status) < 0 || S_ISDIR(status.st_mode) != (mount->kind == S_IFDIR);
}

/* Whether a directory is at or below a mount, so not part of the image. */
static bool is_mounted(const struct cli_mount *mounts, const char *directory)
{
    for (const struct cli_mount *mount = mounts; mount->place != NULL; mount++) {
        if (hostpath_is_below(directory, mount->place))
            return true;
    }
    return false;
}

/* Adds the directories of the image above a place in /usr, as paths below /usr; /usr itself is
 * "". */
static void add_ways(struct cli_words *ways, const struct cli_mount *mounts, const char *place)
{
    static const char usr[] = "/usr";
    if (!text_starts_with(place, "/usr/"))
        return;
    const char *start = place + strlen(usr);
    for (const char *slash = start; slash != NULL; slash = strchr(slash + 1, '/')) {
        auto_free char *way = xstrndup(start, (size_t)(slash - start));
        auto_free char *directory = xasprintf("%s%s", usr, way);
        if (!cli_words_have(ways, way) && !is_mounted(mounts, directory))
            cli_words_add(ways, way);
    }
}

/* The image, /usr. It is read-only, so a mount point must already exist in it. For a mount that
 * needs a new one, the directories above it are created empty, and a shell fills them with links to
 * the host's files: *ways are these directories, none when /usr is mounted as a whole. */
static void add_usr(struct cli_words *words, const struct cli_mount *mounts, struct cli_words *ways)
{
    bool lacks = false;
    for (const struct cli_mount *mount = mounts; mount->place != NULL; mount++)
        lacks = lacks || lacks_place(mount);
    if (!lacks) {
        cli_words_add(words, "--ro-bind", "/usr", "/usr");
        return;
    }
    cli_words_add(words, "--ro-bind", "/usr", IMAGE_PATH);
    for (const struct cli_mount *mount = mounts; mount->place != NULL; mount++)
        add_ways(ways, mounts, mount->place);
    for (size_t i = 0; i < ways->count; i++) {
        auto_free char *directory = xasprintf("/usr%s", ways->items[i]);
        cli_words_add(words, "--perms", "0755", "--dir", directory);
    }
}

/* Fills all ways with links, keeping what is mounted there, and then, because ln(1) needs its
 * libraries, makes top directories such as /lib link to /usr instead of the image, before running
 * the rest of the command line. Standard error is closed meanwhile. */
static void add_links(struct cli_words *words, const struct cli_words *ways)
{
    static const char script[] = "for way; do [ \"$way\" = -- ] && break;"
                                 " [ -d " IMAGE_PATH "\"$way\" ] && " IMAGE_PATH
                                 "/bin/ln -s " IMAGE_PATH "\"$way\"/* /usr\"$way\"/; done 2>&-;"
                                 " while [ \"$1\" != -- ]; do"
                                 " [ -L \"$1\" ] && " IMAGE_PATH "/bin/ln -sfn usr\"$1\" \"$1\";"
                                 " shift; done 2>&-; shift; exec \"$@\"";
    static const char shell[] = IMAGE_PATH "/bin/sh";
    if (ways->count == 0)
        return;
    cli_words_add(words, shell, "-c", script, "sh");
    for (size_t i = 0; i < ways->count; i++)
        cli_words_add(words, ways->items[i]);
    cli_words_add(words, "--");
}

/* What programs expect of a system besides /usr, from the host. */
static void add_system(struct cli_words *words, bool usr_is_links)
{
    static const char *const tops[] = {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};
    static const char *const directories[] = {"/etc", "/run", "/tmp", "/var", "/var/tmp"};
    for (size_t i = 0; i < ARRAY_SIZE(tops); i++) {
        auto_free char *resolved = resolve(tops[i]);
        auto_free char *target =
            xasprintf("%s%s", usr_is_links ? IMAGE_PATH : "/usr", resolved + strlen("/usr"));
        if (text_starts_with(resolved, "/usr/"))
            cli_words_add(words, "--symlink", target + 1, tops[i]);
        else
            cli_words_add(words, "--ro-bind-try", tops[i], tops[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
        cli_words_add(words, "--perms", "0755", "--dir", directories[i]);
    for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
        cli_words_add(words, "--ro-bind-try", settings[i], settings[i]);
    cli_words_add(words, "--symlink", "../run", "/var/run", "--dev", "/dev");
    cli_procfs_add(words);
}

static void add_mounts(struct cli_words *words, const struct cli_mount *mounts)
{
    for (const struct cli_mount *mount = mounts; mount->place != NULL; mount++) {
        bool is_device = mount->kind == S_IFCHR || mount->kind == S_IFBLK;
        if (is_device)
            cli_words_add(words, "--dev-bind", mount->source, mount->place);
        else
            cli_words_add(
                words, mount->read_only ? "--ro-bind" : "--bind", mount->source, mount->place);
        if (is_device && mount->read_only)
            cli_words_add(words, "--remount-ro", mount->place);
    }
}

/* The --hook directories of the container, and its environment. */
static void add_environment(struct cli_words *words, const struct cli_sidecar *sidecar)
{
    auto_free char *path = xstrdup("");
    for (size_t i = 0; i < sidecar->hook_count; i++) {
        if (!streq(sidecar->hooks[i].name, sidecar->index))
            continue;
        auto_free char *place = xasprintf(HOOKS_PATH "/%zu", i);
        cli_words_add(words, "--ro-bind", sidecar->hooks[i].directory, place);
        auto_free char *longer = xasprintf("%s%s:", path, place);
        xstrset(&path, longer);
    }
    struct cli_words variables = {0};
    cli_words_add(&variables, "HOME=/");
    cli_sidecar_add_variables(sidecar, &variables);
    cli_words_take(&variables, xasprintf("PATH=%s%s", path, cli_sidecar_path(sidecar)));
    for (size_t i = 0; i < variables.count; i++) {
        size_t length = strcspn(variables.items[i], "=");
        auto_free char *name = xstrndup(variables.items[i], length);
        cli_words_add(words, "--setenv", name, variables.items[i] + length + 1);
    }
    cli_words_clear(&variables);
}

struct cli_words cli_bubblewrap_command(const struct cli_sidecar *sidecar, struct cli_mount *mounts,
    bool user_namespace, struct error **err)
{
    struct cli_words words = {0};
    struct cli_words ways = {0};
    resolve_mounts(mounts);
    if (check_mounts(mounts, err) < 0)
        return words;
    add_start(&words, sidecar->container, user_namespace);
    add_usr(&words, mounts, &ways);
    add_system(&words, ways.count > 0);
    add_mounts(&words, mounts);
    add_environment(&words, sidecar);
    cli_words_add(&words, "--ro-bind", sidecar->shim, SHIM_PATH, "--");
    add_links(&words, &ways);
    cli_sidecar_add_shim(sidecar, SHIM_PATH, &words);
    cli_words_clear(&ways);
    return words;
}

struct cli_words cli_bubblewrap_trial(bool user_namespace)
{
    struct cli_words words = {0};
    add_start(&words, NULL, user_namespace);
    cli_words_add(&words, "--ro-bind", "/usr", "/usr");
    add_system(&words, false);
    cli_words_add(&words, "--", "/bin/true");
    return words;
}
