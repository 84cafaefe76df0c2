#include "launcher/guest.h"

#include <libvirt/libvirt-qemu.h>
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

enum {
    MAX_DESCRIPTORS = 4096,
    ANSWER_MAX_BYTES = 1024, /* of QEMU's, in a message */
};

static const char embedded_uri[] = "qemu:///embed";

/* An event on its way from libvirt's thread to the loop. */
struct queued {
    struct queued *next;
    struct launcher_guest_event event;
};

struct launcher_guest {
    struct ev_loop *loop;
    launcher_guest_observer *observer;
    void *user;
    virConnectPtr connection;
    bool qemu; /* it is libvirt's driver of QEMU */
    bool autodestroy; /* the connection can take the domain with it */
    virDomainPtr domain; /* NULL before it was started */
    int callback; /* of libvirt's events; -1: none */
    bool stopped; /* the loop has been told of the end */

    pthread_t thread; /* runs libvirt's event loop */
    int wake; /* a timer of that loop, to end it */
    atomic_bool closing;

    ev_async arrived;
    pthread_mutex_t mutex; /* of what follows */
    char *name; /* of the domain; NULL before it is started */
    struct queued *queue;
};

const char *launcher_guest_state_name(enum launcher_guest_state state)
{
    static const char *const names[] = {
        [LAUNCHER_GUEST_STARTED] = "Started",
        [LAUNCHER_GUEST_RESUMED] = "Resumed",
        [LAUNCHER_GUEST_SUSPENDED] = "Suspended",
        [LAUNCHER_GUEST_CRASHED] = "Crashed",
        [LAUNCHER_GUEST_SHUTDOWN] = "Shutdown",
        [LAUNCHER_GUEST_STOPPED] = "Stopped",
    };
    return names[state];
}

/* libvirt's life cycle events and their details.
 * Source: libvirt, virDomainEventType and the virDomainEvent…DetailType. */
static const struct {
    int event;
    int detail; /* -1: any */
    struct launcher_guest_event meaning;
} meanings[] = {
    {VIR_DOMAIN_EVENT_STARTED, -1, {LAUNCHER_GUEST_STARTED, "the guest boots", false}},
    {VIR_DOMAIN_EVENT_RESUMED, -1, {LAUNCHER_GUEST_RESUMED, "the guest runs", false}},
    {VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_IOERROR,
        {LAUNCHER_GUEST_SUSPENDED, "the guest is paused: a disk had an I/O error", false}},
    {VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_WATCHDOG,
        {LAUNCHER_GUEST_SUSPENDED, "the guest is paused: its watchdog fired", false}},
    {VIR_DOMAIN_EVENT_SUSPENDED, -1, {LAUNCHER_GUEST_SUSPENDED, "the guest is paused", false}},
    {VIR_DOMAIN_EVENT_PMSUSPENDED, -1, {LAUNCHER_GUEST_SUSPENDED, "the guest sleeps", false}},
    {VIR_DOMAIN_EVENT_CRASHED, -1, {LAUNCHER_GUEST_CRASHED, "the guest panicked", false}},
    {VIR_DOMAIN_EVENT_SHUTDOWN, VIR_DOMAIN_EVENT_SHUTDOWN_HOST,
        {LAUNCHER_GUEST_SHUTDOWN, "QEMU was told to end", false}},
    {VIR_DOMAIN_EVENT_SHUTDOWN, -1, {LAUNCHER_GUEST_SHUTDOWN, "the guest shuts down", false}},
    {VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN,
        {LAUNCHER_GUEST_STOPPED, "the guest has shut down", false}},
    {VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_DESTROYED,
        {LAUNCHER_GUEST_STOPPED, "the guest was destroyed", false}},
    {VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_CRASHED,
        {LAUNCHER_GUEST_STOPPED, "the guest crashed", true}},
    {VIR_DOMAIN_EVENT_STOPPED, -1,
        {LAUNCHER_GUEST_STOPPED, "QEMU ended without the guest having shut down", true}},
};

static const struct launcher_guest_event connection_lost = {
    LAUNCHER_GUEST_STOPPED, "the connection to libvirt was lost", true};

/* Called in libvirt's thread, as are the next two. */
static void enqueue(struct launcher_guest *guest, const struct launcher_guest_event *event)
{
    struct queued *queued = xmalloc(sizeof(*queued));
    *queued = (struct queued){.event = *event};
    pthread_mutex_lock(&guest->mutex);
    LL_APPEND(guest->queue, queued);
    pthread_mutex_unlock(&guest->mutex);
    ev_async_send(guest->loop, &guest->arrived);
}

static int on_lifecycle(
    virConnectPtr connection, virDomainPtr domain, int event, int detail, void *opaque)
{
    (void)connection;
    struct launcher_guest *guest = opaque;
    pthread_mutex_lock(&guest->mutex);
    bool ours = guest->name != NULL && streq(virDomainGetName(domain), guest->name);
    pthread_mutex_unlock(&guest->mutex);
    for (size_t i = 0; ours && i < ARRAY_SIZE(meanings); i++) {
        if (meanings[i].event == event &&
            (meanings[i].detail == detail || meanings[i].detail < 0)) {
            enqueue(guest, &meanings[i].meaning);
            break;
        }
    }
    return 0;
}

static void on_close(virConnectPtr connection, int reason, void *opaque)
{
    (void)connection;
    if (reason != VIR_CONNECT_CLOSE_REASON_CLIENT)
        enqueue(opaque, &connection_lost);
}

static void on_arrived(struct ev_loop *loop, ev_async *watcher, int events)
{
    (void)loop;
    (void)events;
    struct launcher_guest *guest = watcher->data;
    pthread_mutex_lock(&guest->mutex);
    struct queued *queue = steal(&guest->queue);
    pthread_mutex_unlock(&guest->mutex);
    struct queued *queued = NULL;
    struct queued *next = NULL;
    LL_FOREACH_SAFE(queue, queued, next)
    {
        if (!guest->stopped) {
            guest->stopped = queued->event.state == LAUNCHER_GUEST_STOPPED;
            guest->observer(guest->user, &queued->event);
        }
        free(queued);
    }
}

static void *run_events(void *opaque)
{
    struct launcher_guest *guest = opaque;
    while (!guest->closing) {
        if (virEventRunDefaultImpl() < 0)
            break;
    }
    return NULL;
}

/* The thread runs with all signals blocked: they are the loop's. */
static int events_start(struct launcher_guest *guest, struct error **err)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&guest->thread, NULL, run_events, guest);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed ? error_set(err, ERROR_IO, "starting a thread: %s", strerror(failed)) : 0;
}

static void on_wake(int timer, void *opaque)
{
    (void)opaque;
    virEventUpdateTimeout(timer, -1);
}

static void events_stop(struct launcher_guest *guest)
{
    guest->closing = true;
    virEventUpdateTimeout(guest->wake, 0);
    pthread_join(guest->thread, NULL);
    virEventRemoveTimeout(guest->wake);
}

/* libvirt's words are in the errors that are returned; it need not print them, too. */
static void on_error(void *opaque, virErrorPtr error)
{
    (void)opaque;
    (void)error;
}

/* Sets an error in the words of libvirt's last one. Returns -1. */
static int fail(struct error **err, enum error_class class, const char *what)
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

/* Gives libvirt and QEMU directories that are certainly there and writable: in a container $HOME
 * is often neither. */
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

/* Sets the embedded driver up with its root in directory: QEMU as this user, and nothing that wants
 * a daemon, a mount namespace or a control group. Returns the URI, owned by the caller, or NULL. */
static char *embedded_root_make(const char *directory, struct error **err)
{
    auto_free char *etc = file_join(directory, "etc");
    auto_free char *path = file_join(etc, "qemu.conf");
    auto_free char *text = xasprintf("user = \"+%u\"\n"
                                     "group = \"+%u\"\n"
                                     "dynamic_ownership = 0\n"
                                     "remember_owner = 0\n"
                                     "stdio_handler = \"file\"\n"
                                     "security_driver = \"none\"\n"
                                     "namespaces = []\n"
                                     "cgroup_controllers = []\n",
        geteuid(), getegid());
    if (file_make_directories(etc, 0700, err) < 0 ||
        file_write(path, text, strlen(text), 0600, err) < 0)
        return NULL;
    return xasprintf("%s?root=%s", embedded_uri, directory);
}

bool launcher_guest_is_embedded(const char *uri)
{
    return uri == NULL || text_starts_with(uri, embedded_uri);
}

static int open_connection(struct launcher_guest *guest, const char *uri, struct error **err)
{
    guest->connection = virConnectOpen(uri);
    if (guest->connection == NULL) {
        const char *words = virGetLastErrorMessage();
        bool no_user = strstr(words, "Failed to parse user") != NULL;
        return error_set(err, ERROR_IO, "opening libvirt at %s: %s%s", uri, words,
            no_user ? " (make that user, or do not run it as root)" : "");
    }
    guest->qemu = streq(virConnectGetType(guest->connection), "QEMU");
    guest->autodestroy = guest->qemu && !launcher_guest_is_embedded(uri);
    virConnectRegisterCloseCallback(guest->connection, on_close, guest, NULL);
    guest->callback = virConnectDomainEventRegisterAny(guest->connection, NULL,
        VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle), guest, NULL);
    return guest->callback < 0 ? fail(err, ERROR_IO, "asking libvirt for events") : 0;
}

struct launcher_guest *launcher_guest_open(struct ev_loop *loop, const char *uri,
    const char *directory, launcher_guest_observer *observer, void *user, struct error **err)
{
    auto_free char *embedded = uri == NULL ? embedded_root_make(directory, err) : NULL;
    if (uri == NULL && embedded == NULL)
        return NULL;
    lower_descriptor_limit();
    set_log(directory);
    if (launcher_guest_is_embedded(uri))
        set_environment(directory);
    virSetErrorFunc(NULL, on_error);
    if (virEventRegisterDefaultImpl() < 0) {
        fail(err, ERROR_IO, "starting libvirt's event loop");
        return NULL;
    }
    struct launcher_guest *guest = xmalloc(sizeof(*guest));
    *guest = (struct launcher_guest){
        .loop = loop,
        .observer = observer,
        .user = user,
        .callback = -1,
        .mutex = PTHREAD_MUTEX_INITIALIZER,
        .wake = virEventAddTimeout(-1, on_wake, NULL, NULL),
    };
    if (events_start(guest, err) < 0) {
        virEventRemoveTimeout(guest->wake);
        free(guest);
        return NULL;
    }
    ev_async_init(&guest->arrived, on_arrived);
    guest->arrived.data = guest;
    ev_async_start(loop, &guest->arrived);
    if (open_connection(guest, uri != NULL ? uri : embedded, err) < 0) {
        launcher_guest_free(guest);
        return NULL;
    }
    return guest;
}

/* Whether libvirt's last error is about the document, and not about starting it. */
static bool is_rejection(void)
{
    switch (virGetLastErrorCode()) {
    case VIR_ERR_CONFIG_UNSUPPORTED:
    case VIR_ERR_INVALID_ARG:
    case VIR_ERR_NO_OS:
    case VIR_ERR_OS_TYPE:
    case VIR_ERR_XML_DETAIL:
    case VIR_ERR_XML_ERROR:
    case VIR_ERR_XML_INVALID_SCHEMA:
        return true;
    default:
        return false;
    }
}

int launcher_guest_start(struct launcher_guest *guest, const char *name, const char *xml,
    bool paused, struct error **err)
{
    unsigned int flags = (guest->autodestroy ? VIR_DOMAIN_START_AUTODESTROY : 0) |
                         (paused ? VIR_DOMAIN_START_PAUSED : 0);
    pthread_mutex_lock(&guest->mutex);
    guest->name = xstrdup(name);
    pthread_mutex_unlock(&guest->mutex);
    guest->domain = virDomainCreateXML(guest->connection, xml, flags);
    if (guest->domain != NULL)
        return 0;
    const char *words = virGetLastErrorMessage();
    bool too_long = strstr(words, "UNIX socket path") != NULL;
    bool rejected = is_rejection();
    return error_set(err, rejected ? ERROR_INPUT : ERROR_IO, "libvirt %s the domain: %s%s",
        rejected ? "rejects" : "could not start", words,
        too_long ? " (a shorter --tmp-dir would help)" : "");
}

int launcher_guest_resume(struct launcher_guest *guest, struct error **err)
{
    return virDomainResume(guest->domain) < 0 ? fail(err, ERROR_IO, "letting the guest run") : 0;
}

/* What QEMU answers where the port's interface is not one on user networking: a hook has removed
 * it, or bound it to something else. */
static const char *const not_forwardable[] = {"unrecognized netdev id", "invalid device specified"};

int launcher_guest_forward(
    struct launcher_guest *guest, const char *interface, bool udp, int number, struct error **err)
{
    if (!guest->qemu)
        return 0;
    auto_free char *command = xasprintf(
        "hostfwd_add hostua-%s %s::%d-:%d", interface, udp ? "udp" : "tcp", number, number);
    auto_free char *answer = NULL;
    if (virDomainQemuMonitorCommand(
            guest->domain, command, &answer, VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP) < 0)
        return fail(err, ERROR_IO, "asking QEMU");
    auto_free char *words = text_printable(answer, strcspn(answer, "\r\n"), ANSWER_MAX_BYTES);
    for (size_t i = 0; i < ARRAY_SIZE(not_forwardable); i++) {
        if (text_starts_with(words, not_forwardable[i]))
            return error_set(err, ERROR_INPUT, "it is not on QEMU's user networking");
    }
    return words[0] != '\0' ? error_set(err, ERROR_IO, "QEMU: %s", words) : 0;
}

int launcher_guest_shutdown(struct launcher_guest *guest, struct error **err)
{
    if (virDomainShutdownFlags(guest->domain, VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN) == 0)
        return 0;
    /* A driver that knows only one way does not know the flag. */
    if (virGetLastErrorCode() == VIR_ERR_INVALID_ARG && virDomainShutdown(guest->domain) == 0)
        return 0;
    return fail(err, ERROR_REMOTE, "pressing the guest's power button");
}

int launcher_guest_destroy(struct launcher_guest *guest, struct error **err)
{
    if (virDomainDestroy(guest->domain) == 0 || virDomainIsActive(guest->domain) != 1)
        return 0;
    return fail(err, ERROR_REMOTE, "destroying the domain");
}

void launcher_guest_free(struct launcher_guest *guest)
{
    if (guest == NULL)
        return;
    if (guest->domain != NULL) {
        if (virDomainIsActive(guest->domain) == 1)
            virDomainDestroy(guest->domain);
        virDomainFree(guest->domain);
    }
    if (guest->callback >= 0)
        virConnectDomainEventDeregisterAny(guest->connection, guest->callback);
    if (guest->connection != NULL) {
        virConnectUnregisterCloseCallback(guest->connection, on_close);
        virConnectClose(guest->connection);
    }
    events_stop(guest);
    ev_async_stop(guest->loop, &guest->arrived);
    struct queued *queued = NULL;
    struct queued *next = NULL;
    LL_FOREACH_SAFE(guest->queue, queued, next)
    free(queued);
    free(guest->name);
    free(guest);
}
