#include "guest/guest.h"

#include <libvirt/libvirt-qemu.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { ANSWER_MAX_BYTES = 1024 }; /* of QEMU's answer, in a message */

struct guest {
    struct guest_connection *connection;
    char *name; /* of the domain */
    guest_observer *observer;
    void *user;
    virDomainPtr domain; /* NULL until it is started */
    struct guest_listener listener;
    bool listens;
    bool stopped; /* the observer has been told of the end */
};

const char *guest_state_name(enum guest_state state)
{
    static const char *const names[] = {
        [GUEST_STARTED] = "Started",
        [GUEST_RESUMED] = "Resumed",
        [GUEST_SUSPENDED] = "Suspended",
        [GUEST_CRASHED] = "Crashed",
        [GUEST_SHUTDOWN] = "Shutdown",
        [GUEST_STOPPED] = "Stopped",
    };
    return names[state];
}

/* libvirt's life cycle events and their details.
 * Source: libvirt, virDomainEventType and the virDomainEvent…DetailType. */
static const struct {
    int event;
    int detail; /* -1: any */
    struct guest_event meaning;
} meanings[] = {
    {GUEST_CONNECTION_LOST, -1, {GUEST_STOPPED, "the connection to libvirt was lost", true}},
    {VIR_DOMAIN_EVENT_STARTED, -1, {GUEST_STARTED, "the guest is booting", false}},
    {VIR_DOMAIN_EVENT_RESUMED, -1, {GUEST_RESUMED, "the guest is running", false}},
    {VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_IOERROR,
        {GUEST_SUSPENDED, "the guest is paused: a disk had an I/O error", false}},
    {VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_WATCHDOG,
        {GUEST_SUSPENDED, "the guest is paused: its watchdog fired", false}},
    {VIR_DOMAIN_EVENT_SUSPENDED, -1, {GUEST_SUSPENDED, "the guest is paused", false}},
    {VIR_DOMAIN_EVENT_PMSUSPENDED, -1, {GUEST_SUSPENDED, "the guest is suspended", false}},
    {VIR_DOMAIN_EVENT_CRASHED, -1, {GUEST_CRASHED, "the guest panicked", false}},
    {VIR_DOMAIN_EVENT_SHUTDOWN, VIR_DOMAIN_EVENT_SHUTDOWN_HOST,
        {GUEST_SHUTDOWN, "QEMU was told to exit", false}},
    {VIR_DOMAIN_EVENT_SHUTDOWN, -1, {GUEST_SHUTDOWN, "the guest is shutting down", false}},
    {VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN,
        {GUEST_STOPPED, "the guest has shut down", false}},
    {VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_DESTROYED,
        {GUEST_STOPPED, "the guest was destroyed", false}},
    {VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_CRASHED,
        {GUEST_STOPPED, "the guest crashed", true}},
    {VIR_DOMAIN_EVENT_STOPPED, -1,
        {GUEST_STOPPED, "QEMU exited before the guest had shut down", true}},
};

static void on_event(void *user, int event, int detail)
{
    struct guest *guest = user;
    for (size_t i = 0; !guest->stopped && i < ARRAY_SIZE(meanings); i++) {
        if (meanings[i].event == event &&
            (meanings[i].detail == detail || meanings[i].detail < 0)) {
            guest->stopped = meanings[i].meaning.state == GUEST_STOPPED;
            guest->observer(guest->user, &meanings[i].meaning);
            return;
        }
    }
}

struct guest *guest_new(
    struct guest_connection *connection, const char *name, guest_observer *observer, void *user)
{
    struct guest *guest = xmalloc(sizeof(*guest));
    *guest = (struct guest){
        .connection = connection,
        .name = xstrdup(name),
        .observer = observer,
        .user = user,
    };
    guest->listener = (struct guest_listener){
        .domain = guest->name,
        .on_event = on_event,
        .user = guest,
    };
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

/* Whether a domain of the guest's name is there already. */
static bool is_taken(const struct guest *guest)
{
    virDomainPtr domain =
        virDomainLookupByName(guest_connection_handle(guest->connection), guest->name);
    if (domain == NULL)
        return false;
    virDomainFree(domain);
    return true;
}

char *guest_complete(struct guest *guest, const char *xml, struct error **err)
{
    if (is_taken(guest)) {
        error_set(err, ERROR_INPUT, "libvirt has a domain %s already", guest->name);
        return NULL;
    }
    virDomainPtr domain = virDomainDefineXML(guest_connection_handle(guest->connection), xml);
    if (domain == NULL) {
        error_set(err, is_rejection() ? ERROR_INPUT : ERROR_IO, "libvirt rejects the domain: %s",
            virGetLastErrorMessage());
        return NULL;
    }
    char *text = virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE);
    if (text == NULL)
        guest_connection_fail(err, ERROR_IO, "reading the domain");
    if (virDomainUndefineFlags(domain, VIR_DOMAIN_UNDEFINE_KEEP_NVRAM) < 0 &&
        virDomainUndefine(domain) < 0) {
        free(steal(&text));
        guest_connection_fail(err, ERROR_IO, "undefining the domain");
    }
    virDomainFree(domain);
    return text;
}

int guest_start(struct guest *guest, const char *xml, bool paused, struct error **err)
{
    bool autodestroy = guest_connection_can_autodestroy(guest->connection);
    unsigned int flags =
        (autodestroy ? VIR_DOMAIN_START_AUTODESTROY : 0) | (paused ? VIR_DOMAIN_START_PAUSED : 0);
    guest_connection_listen(guest->connection, &guest->listener);
    guest->listens = true;
    guest->domain = virDomainCreateXML(guest_connection_handle(guest->connection), xml, flags);
    if (guest->domain != NULL)
        return 0;
    const char *words = virGetLastErrorMessage();
    bool too_long = strstr(words, "UNIX socket path") != NULL;
    bool rejected = is_rejection();
    return error_set(err, rejected ? ERROR_INPUT : ERROR_IO, "libvirt %s the domain: %s%s",
        rejected ? "rejects" : "could not start", words,
        too_long ? " (use a temporary directory with a shorter path)" : "");
}

int guest_resume(struct guest *guest, struct error **err)
{
    return virDomainResume(guest->domain) < 0
               ? guest_connection_fail(err, ERROR_IO, "resuming the guest")
               : 0;
}

/* QEMU's answers if the port's interface is not on user networking: a hook has removed it, or bound
 * it to something else. */
static const char *const not_forwardable[] = {"unrecognized netdev id", "invalid device specified"};

int guest_forward(
    struct guest *guest, const char *interface, bool udp, int here, int number, struct error **err)
{
    if (!guest_connection_is_qemu(guest->connection))
        return 0;
    auto_free char *command =
        xasprintf("hostfwd_add hostua-%s %s::%d-:%d", interface, udp ? "udp" : "tcp", here, number);
    auto_free char *answer = NULL;
    if (virDomainQemuMonitorCommand(
            guest->domain, command, &answer, VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP) < 0)
        return guest_connection_fail(err, ERROR_IO, "sending QEMU a command");
    auto_free char *words = text_printable(answer, strcspn(answer, "\r\n"), ANSWER_MAX_BYTES);
    for (size_t i = 0; i < ARRAY_SIZE(not_forwardable); i++) {
        if (text_starts_with(words, not_forwardable[i]))
            return error_set(err, ERROR_INPUT, "it is not on QEMU's user networking");
    }
    return words[0] != '\0' ? error_set(err, ERROR_IO, "QEMU: %s", words) : 0;
}

int guest_shutdown(struct guest *guest, struct error **err)
{
    if (virDomainShutdownFlags(guest->domain, VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN) == 0)
        return 0;
    /* A driver with only one way to shut down does not know the flag. */
    if (virGetLastErrorCode() == VIR_ERR_INVALID_ARG && virDomainShutdown(guest->domain) == 0)
        return 0;
    return guest_connection_fail(err, ERROR_REMOTE, "pressing the guest's power button");
}

int guest_destroy(struct guest *guest, struct error **err)
{
    if (guest->domain == NULL || virDomainDestroy(guest->domain) == 0 ||
        virDomainIsActive(guest->domain) != 1)
        return 0;
    return guest_connection_fail(err, ERROR_REMOTE, "destroying the domain");
}

void guest_free(struct guest *guest)
{
    if (guest == NULL)
        return;
    if (guest->domain != NULL) {
        if (virDomainIsActive(guest->domain) == 1)
            virDomainDestroy(guest->domain);
        virDomainFree(guest->domain);
    }
    if (guest->listens)
        guest_connection_unlisten(guest->connection, &guest->listener);
    free(guest->name);
    free(guest);
}
