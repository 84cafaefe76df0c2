#include "manager/discovery.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uthash.h>

#include "base/file.h"
#include "base/text.h"
#include "base/unused.h"

/* Includes changed permissions: a socket or directory that could not be used may be usable now. */
static const uint32_t watched =
    IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM | IN_ATTRIB | IN_ONLYDIR | IN_EXCL_UNLINK;

/* Seconds between scans when the user has no inotify instance left, as may happen on a node with
 * many virtual machines. */
static const double look_again = 0.05;

/* A directory to scan. */
struct place {
    const char *path; /* owned if watched */
    const char *container; /* likewise; NULL: the socket directory itself */
    int watch; /* inotify's watch descriptor, the key of the watched places */
    UT_hash_handle hh;
};

struct manager_discovery {
    struct ev_loop *loop;
    const char *directory;
    int inotify; /* -1 until watching */
    ev_io readable;
    ev_timer again;
    struct place *places; /* the watched ones */
    manager_discovery_observer *observer;
    void *user;
};

static void tell(struct manager_discovery *discovery, const struct manager_discovery_event *event)
{
    discovery->observer(discovery->user, event);
}

static char *name_without_suffix(const char *name)
{
    const char *suffix = ".sock";
    size_t length = strlen(name);
    if (text_ends_with(name, suffix) && length > strlen(suffix))
        length -= strlen(suffix);
    return xstrndup(name, length);
}

static struct place *place_find(struct manager_discovery *discovery, int watch)
{
    struct place *place = NULL;
    HASH_FIND_INT(discovery->places, &watch, place);
    return place;
}

static void place_free(struct manager_discovery *discovery, struct place *place)
{
    HASH_DEL(discovery->places, place);
    free((char *)place->path);
    free((char *)place->container);
    free(place);
}

static void socket_tell(struct manager_discovery *discovery, const struct place *place,
    const char *name, enum manager_discovery_kind kind, ino_t inode)
{
    auto_free char *path = file_join(place->path, name);
    auto_free char *own_name = name_without_suffix(name);
    tell(discovery, &(struct manager_discovery_event){.kind = kind,
                        .container = place->container != NULL ? place->container : own_name,
                        .path = path,
                        .inode = inode});
}

static void container_tell(
    struct manager_discovery *discovery, const char *container, const char *path)
{
    if (container != NULL)
        tell(discovery,
            &(struct manager_discovery_event){
                .kind = MANAGER_DISCOVERY_CONTAINER, .container = container, .path = path});
}

static void trouble_tell(struct manager_discovery *discovery, const char *container,
    const char *path, const struct error *error)
{
    tell(discovery, &(struct manager_discovery_event){.kind = MANAGER_DISCOVERY_TROUBLE,
                        .container = container,
                        .path = path,
                        .error = error});
}

static int directory_enter(struct manager_discovery *discovery, const char *path,
    const char *container, struct error **err);

/* Looks at an entry of a place that may be new or have changed permissions. */
static void entry_look(
    struct manager_discovery *discovery, const struct place *place, const char *name)
{
    auto_free char *path = file_join(place->path, name);
    struct stat status;
    if (lstat(path, &status) < 0)
        return;
    if (S_ISSOCK(status.st_mode)) {
        socket_tell(discovery, place, name, MANAGER_DISCOVERY_SOCKET, status.st_ino);
    } else if (S_ISDIR(status.st_mode) && place->container == NULL) {
        auto_error struct error *error = NULL;
        if (directory_enter(discovery, path, name, &error) < 0)
            trouble_tell(discovery, name, path, error);
    }
}

/* Opens a directory; a symbolic link as the last component is followed only if follow is set. */
static DIR *directory_open(const char *path, bool follow, struct error **err)
{
    auto_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW));
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    if (directory == NULL)
        error_set_errno(err, "reading the directory %s", path);
    else
        steal_fd(&fd);
    return directory;
}

/* The next entry that may be a socket or a directory, or NULL at the end. */
static const char *directory_next(DIR *directory)
{
    const struct dirent *entry = NULL;
    while ((entry = readdir(directory)) != NULL) {
        bool candidate =
            entry->d_type == DT_SOCK || entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN;
        if (candidate && !streq(entry->d_name, ".") && !streq(entry->d_name, ".."))
            return entry->d_name;
    }
    return NULL;
}

/* Looks at every entry of a place. */
static int place_scan(
    struct manager_discovery *discovery, const struct place *place, struct error **err)
{
    DIR *directory = directory_open(place->path, place->container == NULL, err);
    if (directory == NULL)
        return -1;
    const char *name = NULL;
    while ((name = directory_next(directory)) != NULL)
        entry_look(discovery, place, name);
    closedir(directory);
    return 0;
}

/* Watches a directory, then scans it: an entry that appears in between is seen twice, and none is
 * missed. Does nothing for a directory that is already watched. */
static int place_watch(struct manager_discovery *discovery, const char *path, const char *container,
    struct error **err)
{
    uint32_t mask = watched | (container != NULL ? IN_DONT_FOLLOW : 0);
    int watch = inotify_add_watch(discovery->inotify, path, mask);
    if (watch < 0)
        return error_set_errno(err, "watching the directory %s", path);
    if (place_find(discovery, watch) != NULL)
        return 0;
    struct place *place = xmalloc(sizeof(*place));
    *place = (struct place){
        .path = xstrdup(path),
        .container = container != NULL ? xstrdup(container) : NULL,
        .watch = watch,
    };
    HASH_ADD_INT(discovery->places, watch, place);
    container_tell(discovery, container, path);
    if (place_scan(discovery, place, err) == 0)
        return 0;
    place_free(discovery, place);
    inotify_rm_watch(discovery->inotify, watch);
    return -1;
}

/* Scans a directory, and watches it if the discovery is watching. */
static int directory_enter(struct manager_discovery *discovery, const char *path,
    const char *container, struct error **err)
{
    if (discovery->inotify >= 0)
        return place_watch(discovery, path, container, err);
    container_tell(discovery, container, path);
    return place_scan(discovery, &(struct place){.path = path, .container = container}, err);
}

/* A container's directory was renamed: stops watching it under this name. */
static void place_leave(struct manager_discovery *discovery, const char *container)
{
    struct place *place = NULL;
    struct place *next = NULL;
    HASH_ITER (hh, discovery->places, place, next) {
        if (place->container != NULL && streq(place->container, container)) {
            inotify_rm_watch(discovery->inotify, place->watch);
            place_free(discovery, place);
        }
    }
}

/* Events were lost: scans everything again. */
static void rescan(struct manager_discovery *discovery)
{
    struct place *place = NULL;
    struct place *next = NULL;
    HASH_ITER (hh, discovery->places, place, next) {
        auto_error struct error *error = NULL;
        if (place_scan(discovery, place, &error) < 0 && place->container != NULL)
            trouble_tell(discovery, place->container, place->path, error);
    }
}

static void handle(struct manager_discovery *discovery, const struct inotify_event *event)
{
    if (event->mask & IN_Q_OVERFLOW) {
        rescan(discovery);
        return;
    }
    struct place *place = place_find(discovery, event->wd);
    if (place == NULL)
        return;
    if (event->mask & IN_IGNORED) {
        place_free(discovery, place);
    } else if (event->len == 0) {
        return; /* about the directory itself */
    } else if ((event->mask & IN_ISDIR) && (event->mask & IN_MOVED_FROM)) {
        place_leave(discovery, event->name);
    } else if (event->mask & (IN_DELETE | IN_MOVED_FROM)) {
        if (!(event->mask & IN_ISDIR))
            socket_tell(discovery, place, event->name, MANAGER_DISCOVERY_GONE, 0);
    } else {
        entry_look(discovery, place, event->name);
    }
}

static void on_readable(UNUSED struct ev_loop *loop, ev_io *watcher, UNUSED int events)
{
    struct manager_discovery *discovery = watcher->data;
    alignas(struct inotify_event) char buffer[16 * 1024];
    for (;;) {
        ssize_t length = read(discovery->inotify, buffer, sizeof(buffer));
        if (length <= 0)
            return;
        for (const char *at = buffer; at < buffer + length;) {
            const struct inotify_event *event = (const struct inotify_event *)at;
            handle(discovery, event);
            at += sizeof(*event) + event->len;
        }
    }
}

static void on_again(UNUSED struct ev_loop *loop, ev_timer *watcher, UNUSED int events)
{
    manager_discovery_look(watcher->data, NULL);
}

struct manager_discovery *manager_discovery_new(
    struct ev_loop *loop, const char *directory, manager_discovery_observer *observer, void *user)
{
    struct manager_discovery *discovery = xmalloc(sizeof(*discovery));
    *discovery = (struct manager_discovery){
        .loop = loop,
        .directory = directory,
        .inotify = -1,
        .observer = observer,
        .user = user,
    };
    ev_timer_init(&discovery->again, on_again, look_again, look_again);
    discovery->again.data = discovery;
    return discovery;
}

int manager_discovery_look(struct manager_discovery *discovery, struct error **err)
{
    return directory_enter(discovery, discovery->directory, NULL, err);
}

int manager_discovery_watch(struct manager_discovery *discovery, struct error **err)
{
    if (discovery->inotify >= 0 || ev_is_active(&discovery->again))
        return 0;
    discovery->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (discovery->inotify < 0) {
        ev_timer_start(discovery->loop, &discovery->again);
        return manager_discovery_look(discovery, err);
    }
    ev_io_init(&discovery->readable, on_readable, discovery->inotify, EV_READ);
    discovery->readable.data = discovery;
    ev_io_start(discovery->loop, &discovery->readable);
    return manager_discovery_look(discovery, err);
}

void manager_discovery_stop(struct manager_discovery *discovery)
{
    ev_timer_stop(discovery->loop, &discovery->again);
    if (discovery->inotify >= 0)
        ev_io_stop(discovery->loop, &discovery->readable);
    struct place *place = NULL;
    struct place *next = NULL;
    HASH_ITER (hh, discovery->places, place, next) {
        inotify_rm_watch(discovery->inotify, place->watch);
        place_free(discovery, place);
    }
}

void manager_discovery_free(struct manager_discovery *discovery)
{
    if (discovery == NULL)
        return;
    manager_discovery_stop(discovery);
    if (discovery->inotify >= 0)
        close(discovery->inotify);
    free(discovery);
}

char **manager_discovery_list(const char *directory, size_t *count)
{
    *count = 0;
    DIR *stream = directory_open(directory, false, NULL);
    if (stream == NULL)
        return NULL;
    char **paths = NULL;
    const char *name = NULL;
    while ((name = directory_next(stream)) != NULL && *count < MANAGER_MAX_SOCKETS) {
        auto_free char *path = file_join(directory, name);
        struct stat status;
        if (lstat(path, &status) < 0 || !S_ISSOCK(status.st_mode))
            continue;
        paths = xreallocarray(paths, *count + 1, sizeof(*paths));
        paths[(*count)++] = steal(&path);
    }
    closedir(stream);
    return paths;
}
