#include "machine/instancetype.h"

#include "base/json.h"
#include "machine/quantity.h"
#include "machine/topology.h"
#include "machine/value.h"

/* When a value of the VM conflicts with one of the instance type. */
enum conflict {
    CONFLICT_IF_THERE, /* unless it is null */
    CONFLICT_IF_SET, /* unless it is also false, 0 or empty, which KubeVirt takes for absent */
    NO_CONFLICT, /* the VM's value is replaced */
};

struct row {
    const char *from; /* in the spec of the instance type */
    const char *to; /* in the VMI */
    enum conflict conflict;
};

#define DOMAIN "/spec/domain"

/* Fields that are copied as they are. */
static const struct row copied[] = {
    {"/nodeSelector", "/spec/nodeSelector", CONFLICT_IF_THERE},
    {"/schedulerName", "/spec/schedulerName", CONFLICT_IF_SET},
    {"/cpu/model", DOMAIN "/cpu/model", CONFLICT_IF_SET},
    {"/cpu/dedicatedCPUPlacement", DOMAIN "/cpu/dedicatedCpuPlacement", CONFLICT_IF_SET},
    {"/cpu/isolateEmulatorThread", DOMAIN "/cpu/isolateEmulatorThread", CONFLICT_IF_SET},
    {"/cpu/numa", DOMAIN "/cpu/numa", CONFLICT_IF_THERE},
    {"/cpu/realtime", DOMAIN "/cpu/realtime", CONFLICT_IF_THERE},
    {"/cpu/maxSockets", DOMAIN "/cpu/maxSockets", NO_CONFLICT},
    {"/memory/guest", DOMAIN "/memory/guest", CONFLICT_IF_THERE},
    {"/memory/hugepages", DOMAIN "/memory/hugepages", CONFLICT_IF_THERE},
    {"/memory/maxGuest", DOMAIN "/memory/maxGuest", CONFLICT_IF_THERE},
    {"/ioThreads/supplementalPoolThreadCount", DOMAIN "/ioThreads/supplementalPoolThreadCount",
        CONFLICT_IF_THERE},
    {"/ioThreadsPolicy", DOMAIN "/ioThreadsPolicy", CONFLICT_IF_THERE},
    {"/launchSecurity", DOMAIN "/launchSecurity", CONFLICT_IF_THERE},
    {"/gpus", DOMAIN "/devices/gpus", CONFLICT_IF_SET},
    {"/hostDevices", DOMAIN "/devices/hostDevices", CONFLICT_IF_SET},
};

/* Fields of the VM that also say how many processors it has, or how much memory. */
static const struct row excluded[] = {
    {"/cpu/guest", DOMAIN "/cpu/sockets", CONFLICT_IF_SET},
    {"/cpu/guest", DOMAIN "/cpu/cores", CONFLICT_IF_SET},
    {"/cpu/guest", DOMAIN "/cpu/threads", CONFLICT_IF_SET},
    {"/cpu/guest", DOMAIN "/resources/requests/cpu", CONFLICT_IF_THERE},
    {"/cpu/guest", DOMAIN "/resources/limits/cpu", CONFLICT_IF_THERE},
    {"/memory/guest", DOMAIN "/resources/requests/memory", CONFLICT_IF_THERE},
    {"/memory/guest", DOMAIN "/resources/limits/memory", CONFLICT_IF_THERE},
};

/* KubeVirt takes an empty array for an absent one, too. */
static bool is_empty(const json_t *value)
{
    return machine_application_is_empty(value) ||
           (json_is_array(value) && json_array_size(value) == 0);
}

static bool is_set(const json_t *value)
{
    bool is_zero = json_is_integer(value) && json_integer_value(value) == 0;
    return !is_empty(value) && !is_zero && !json_is_false(value);
}

static bool conflicts(enum conflict conflict, const json_t *value)
{
    if (conflict == CONFLICT_IF_THERE)
        return value != NULL;
    return conflict == CONFLICT_IF_SET && is_set(value);
}

static void refuse(struct machine_application *application, const char *pointer, const char *from)
{
    auto_free char *said = machine_reference_say(application->instancetype, from);
    machine_application_refuse(application, pointer, "conflicts with %s: remove one of them", said);
}

static void check_conflicts(
    struct machine_application *application, const struct row *rows, size_t count)
{
    const json_t *spec = application->instancetype->spec;
    for (size_t i = 0; i < count; i++) {
        const json_t *value = machine_value(application->vmi, rows[i].to);
        bool is_given = !is_empty(machine_value(spec, rows[i].from));
        if (is_given && conflicts(rows[i].conflict, value))
            refuse(application, rows[i].to, rows[i].from);
    }
}

static void check_annotations(struct machine_application *application)
{
    const json_t *given = machine_value(application->vmi, "/metadata/annotations");
    json_t *annotations = (json_t *)machine_value(application->instancetype->spec, "/annotations");
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach (annotations, key, value) {
        const json_t *own = json_object_get(given, key);
        auto_free char *pointer = json_pointer_join("/metadata/annotations", key);
        auto_free char *from = json_pointer_join("/annotations", key);
        if (own != NULL && !json_equal(own, value))
            refuse(application, pointer, from);
    }
}

static void copy_rows(struct machine_application *application)
{
    const struct machine_reference *reference = application->instancetype;
    for (size_t i = 0; i < ARRAY_SIZE(copied); i++) {
        const json_t *value = machine_value(reference->spec, copied[i].from);
        const json_t *own = machine_value(application->vmi, copied[i].to);
        if (is_empty(value))
            continue;
        if (copied[i].conflict == NO_CONFLICT && is_set(own) && !json_equal(own, value)) {
            auto_free char *pointer = xasprintf(MACHINE_TEMPLATE "%s", copied[i].to);
            auto_free char *said = machine_reference_say(reference, copied[i].from);
            findings_warning(application->findings, pointer,
                "is replaced, as in KubeVirt, by what %s says", said);
        }
        machine_application_set(
            application, copied[i].to, json_deep_copy(value), reference, copied[i].from);
    }
}

static void copy_annotations(struct machine_application *application)
{
    json_t *annotations = (json_t *)machine_value(application->instancetype->spec, "/annotations");
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach (annotations, key, value) {
        auto_free char *pointer = json_pointer_join("/metadata/annotations", key);
        auto_free char *from = json_pointer_join("/annotations", key);
        if (machine_value(application->vmi, pointer) == NULL)
            machine_application_set(
                application, pointer, json_copy(value), application->instancetype, from);
    }
}

/* Divides the processors as the preference would have it. */
static void set_processors(struct machine_application *application)
{
    const struct machine_reference *reference = application->instancetype;
    struct machine_topology topology = machine_topology_of(application->preference->spec);
    struct machine_processors processors;
    long long count = machine_integer(reference->spec, "/cpu/guest", 1);
    if (!machine_topology_divide(&topology, count, &processors)) {
        auto_free char *said = machine_reference_say(reference, "/cpu/guest");
        auto_free char *preference = machine_reference_say(application->preference, "/cpu");
        findings_error(application->findings, machine_role_pointer(MACHINE_INSTANCETYPE),
            "%s has %lld vCPU%s, which %s cannot spread: it takes multiples of %lld", said, count,
            count == 1 ? "" : "s", preference, machine_topology_unit(&topology));
        return;
    }
    machine_application_set(
        application, DOMAIN "/cpu/cores", json_integer(processors.cores), reference, "/cpu/guest");
    machine_application_set(application, DOMAIN "/cpu/sockets", json_integer(processors.sockets),
        reference, "/cpu/guest");
    machine_application_set(application, DOMAIN "/cpu/threads", json_integer(processors.threads),
        reference, "/cpu/guest");
}

/* The pod requests less memory than the guest sees, by the percentage that is overcommitted. The
 * numbers are of single precision, as KubeVirt's. */
static void set_memory_request(struct machine_application *application)
{
    const struct machine_reference *reference = application->instancetype;
    long long percent = machine_integer(reference->spec, "/memory/overcommitPercent", 0);
    if (percent <= 0)
        return;
    long long guest = machine_whole(reference->spec, "/memory/guest", true);
    long long requested = (long long)((float)guest * (1 - (float)percent / 100));
    auto_free char *text =
        machine_quantity_write(requested, machine_value(reference->spec, "/memory/guest"));
    machine_application_set(application, DOMAIN "/resources/requests/memory", json_string(text),
        reference, "/memory/overcommitPercent");
}

void machine_instancetype_apply(struct machine_application *application)
{
    size_t errors = application->findings->errors;
    if (application->instancetype->object == NULL)
        return;
    machine_application_object(application, DOMAIN "/cpu");
    machine_application_object(application, DOMAIN "/memory");
    check_conflicts(application, copied, ARRAY_SIZE(copied));
    check_conflicts(application, excluded, ARRAY_SIZE(excluded));
    check_annotations(application);
    if (application->findings->errors > errors)
        return;
    copy_rows(application);
    set_processors(application);
    set_memory_request(application);
    copy_annotations(application);
}
