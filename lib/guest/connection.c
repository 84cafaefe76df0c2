#include "guest/connection.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <utlist.h>

#include "base/file.h"
#include "base/text.h"
#include "base/unused.h"

enum { MAX_DESCRIPTORS = 4096 };

static const char embedded_uri[] = "qemu:///embed";

/* An event on its way from libvirt's thread to the loop. */
struct queued {
    struct queued *next;
    const struct guest_listener *listener;
    int event;
    int detail;
};

struct guest_connection {
    struct ev_loop *loop;
    virConnectPtr handle;
    bool qemu; /* its driver is libvirt's QEMU driver */
    bool autodestroy; /* libvirt can destroy its domains when it ends */
    int callback; /* of libvirt's events; -1: none */

    pthread_t thread; /* runs libvirt's event loop */
    int wake; /* a timer of that loop, to end it */
    atomic_bool closing;

    ev_async arrived;
    pthread_mutex_t mutex; /* guards what follows */
    struct guest_listener *listeners;
    struct queued *queue;
};

/* Queues an event of a domain, NULL: of all. Called in libvirt's thread, as are the next two
 * functions. */
static void enqueue(struct guest_connection *connection, const char *domain, int event, int detail)
{
    const struct guest_listener *listener = NULL;
    pthread_mutex_lock(&connection->mutex);
    DL_FOREACH (connection->listeners, listener) {
        if (domain != NULL && !streq(listener->domain, domain))
            continue;
        struct queued *queued = xmalloc(sizeof(*queued));
        *queued = (struct queued){.listener = listener, .event = event, .detail = detail};
        LL_APPEND(connection->queue, queued);
    }
    pthread_mutex_unlock(&connection->mutex);
    ev_async_send(connection->loop, &connection->arrived);
}

static int on_lifecycle(
    UNUSED virConnectPtr handle, virDomainPtr domain, int event, int detail, void *opaque)
{
    enqueue(opaque, virDomainGetName(domain), event, detail);
    return 0;
}

static void on_close(UNUSED virConnectPtr handle, int reason, void *opaque)
{
    if (reason != VIR_CONNECT_CLOSE_REASON_CLIENT)
        enqueue(opaque, NULL, GUEST_CONNECTION_LOST, 0);
}

/* The oldest event of the queue, owned by the caller; NULL if there is none. */
static struct queued *dequeue(struct guest_connection *connection)
{
    pthread_mutex_lock(&connection->mutex);
    struct queued *queued = connection->queue;
    if (queued != NULL)
        LL_DELETE(connection->queue, queued);
    pthread_mutex_unlock(&connection->mutex);
    return queued;
}

/* One event at a time, since its listener may leave the connection. */
static void on_arrived(UNUSED struct ev_loop *loop, ev_async *watcher, UNUSED int events)
{
    struct queued *queued = NULL;
    while ((queued = dequeue(watcher->data)) != NULL) {
        queued->listener->on_event(queued->listener->user, queued->event, queued->detail);
        free(queued);
    }
}

void guest_connection_listen(struct guest_connection *connection, struct guest_listener *listener)
{
    pthread_mutex_lock(&connection->mutex);
    DL_APPEND(connection->listeners, listener);
    pthread_mutex_unlock(&connection->mutex);
}

void guest_connection_unlisten(struct guest_connection *connection, struct guest_listener *listener)
{
    struct queued *queued = NULL;
    struct queued *next = NULL;
    pthread_mutex_lock(&connection->mutex);
    DL_DELETE(connection->listeners, listener);
    LL_FOREACH_SAFE(connection->queue, queued, next)
    {
        if (queued->listener != listener)
            continue;
        LL_DELETE(connection->queue, queued);
        free(queued);
    }
    pthread_mutex_unlock(&connection->mutex);
}

static void *run_events(void *opaque)
{
    struct guest_connection *connection = opaque;
    while (!connection->closing) {
        if (virEventRunDefaultImpl() < 0)
            break;
    }
    return NULL;
}

/* The thread runs with all signals blocked: the loop handles them. */
static int events_start(struct guest_connection *connection, struct error **err)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&connection->thread, NULL, run_events, connection);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed ? error_set(err, ERROR_IO, "starting a thread: %s", strerror(failed)) : 0;
}

static void on_wake(int timer, UNUSED void *opaque)
{
    virEventUpdateTimeout(timer, -1);
}

static void events_stop(struct guest_connection *connection)
{
    connection->closing = true;
    virEventUpdateTimeout(connection->wake, 0);
    pthread_join(connection->thread, NULL);
    virEventRemoveTimeout(connection->wake);
}

/* The errors that we return contain libvirt's message; it need not print it, too. */
static void on_error(UNUSED void *opaque, UNUSED virErrorPtr error)
{
}

int guest_connection_fail(struct error **err, enum error_class class, const char *what)
{
    return error_set(err, class, "%s: %s", what, virGetLastErrorMessage());
}

static void lower_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > MAX_DESCRIPTORS) {
        limit.rlim_cur = MAX_DESCRIPTORS;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Gives libvirt and QEMU directories that exist and are writable: in a container $HOME is often
 * neither. */
static void set_environment(const char *directory)
{
    static const char *const names[] = {
        "HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        setenv(names[i], directory, 1);
}

/* Keeps libvirt's log lines off standard error, unless the user says where they go. */
static void set_log(const char *directory)
{
    auto_free char *outputs = xasprintf("3:file:%s/libvirt.log", directory);
    setenv("LIBVIRT_LOG_OUTPUTS", outputs, 0);
}

/* Sets the embedded driver up with its root in directory: QEMU as this user, and nothing that needs
 * a daemon, a mount namespace or a control group. Returns the URI, owned by the caller, or NULL. */
static char *embedded_root_make(const char *directory, struct error **err)
{
    auto_free char *etc = file_join(directory, "etc");
    auto_free char *path = file_join(etc, "qemu.conf");
    auto_free char *text = xasprintf("user = \"+%u\"\n"
                                     "group = \"+%u\"\n"
                                     "swtpm_user = \"+%u\"\n"
                                     "swtpm_group = \"+%u\"\n"
                                     "dynamic_ownership = 0\n"
                                     "remember_owner = 0\n"
                                     "stdio_handler = \"file\"\n"
                                     "security_driver = \"none\"\n"
                                     "namespaces = []\n"
                                     "cgroup_controllers = []\n",
        geteuid(), getegid(), geteuid(), getegid());
    if (file_make_directories(etc, 0700, err) < 0 ||
        file_write(path, text, strlen(text), 0600, err) < 0)
        return NULL;
    return xasprintf("%s?root=%s", embedded_uri, directory);
}

bool guest_connection_is_embedded(const char *uri)
{
    return uri == NULL || text_starts_with(uri, embedded_uri);
}

static int open_handle(struct guest_connection *connection, const char *uri, struct error **err)
{
    connection->handle = virConnectOpen(uri);
    if (connection->handle == NULL) {
        const char *words = virGetLastErrorMessage();
        bool no_user = strstr(words, "Failed to parse user") != NULL;
        return error_set(err, ERROR_IO, "opening libvirt at %s: %s%s", uri, words,
            no_user ? " (make that user, or do not run it as root)" : "");
    }
    connection->qemu = streq(virConnectGetType(connection->handle), "QEMU");
    connection->autodestroy = connection->qemu && !guest_connection_is_embedded(uri);
    virConnectRegisterCloseCallback(connection->handle, on_close, connection, NULL);
    connection->callback = virConnectDomainEventRegisterAny(connection->handle, NULL,
        VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle), connection, NULL);
    return connection->callback < 0
               ? guest_connection_fail(err, ERROR_IO, "subscribing to libvirt's events")
               : 0;
}

struct guest_connection *guest_connection_open(
    struct ev_loop *loop, const char *uri, const char *directory, struct error **err)
{
    auto_free char *embedded = uri == NULL ? embedded_root_make(directory, err) : NULL;
    if (uri == NULL && embedded == NULL)
        return NULL;
    lower_descriptor_limit();
    set_log(directory);
    if (guest_connection_is_embedded(uri))
        set_environment(directory);
    virSetErrorFunc(NULL, on_error);
    if (virEventRegisterDefaultImpl() < 0) {
        guest_connection_fail(err, ERROR_IO, "starting libvirt's event loop");
        return NULL;
    }
    struct guest_connection *connection = xmalloc(sizeof(*connection));
    *connection = (struct guest_connection){
        .loop = loop,
        .callback = -1,
        .mutex = PTHREAD_MUTEX_INITIALIZER,
        .wake = virEventAddTimeout(-1, on_wake, NULL, NULL),
    };
    if (events_start(connection, err) < 0) {
        virEventRemoveTimeout(connection->wake);
        free(connection);
        return NULL;
    }
    ev_async_init(&connection->arrived, on_arrived);
    connection->arrived.data = connection;
    ev_async_start(loop, &connection->arrived);
    if (open_handle(connection, uri != NULL ? uri : embedded, err) < 0) {
        guest_connection_free(connection);
        return NULL;
    }
    return connection;
}

bool guest_connection_is_qemu(const struct guest_connection *connection)
{
    return connection->qemu;
}

bool guest_connection_can_autodestroy(const struct guest_connection *connection)
{
    return connection->autodestroy;
}

virConnectPtr guest_connection_handle(const struct guest_connection *connection)
{
    return connection->handle;
}

void guest_connection_free(struct guest_connection *connection)
{
    if (connection == NULL)
        return;
    if (connection->callback >= 0)
        virConnectDomainEventDeregisterAny(connection->handle, connection->callback);
    if (connection->handle != NULL) {
        virConnectUnregisterCloseCallback(connection->handle, on_close);
        virConnectClose(connection->handle);
    }
    events_stop(connection);
    ev_async_stop(connection->loop, &connection->arrived);
    free(connection);
}
