#include "machine/requirements.h"

#include "base/text.h"
#include "machine/topology.h"
#include "machine/value.h"

#define DOMAIN "/spec/domain"
#define DEFAULT_ARCHITECTURE "amd64"

/* Of sockets, of their cores, of their threads: more is counted as this; the product fits. */
enum { MOST_COUNTED = 1 << 20 };

/* Adds an error about the instance type, if there is one, or about the value at pointer in the
 * VMI. what is "has 1 vCPU"; from is the requirement in the preference. */
static void refuse(struct machine_application *application, const char *pointer, const char *what,
    const char *from, const char *required)
{
    auto_free char *preference = machine_reference_say(application->preference, from);
    if (application->instancetype->object == NULL) {
        machine_application_refuse(
            application, pointer, "%s, but %s requires %s", what, preference, required);
        return;
    }
    auto_free char *said = machine_reference_say(application->instancetype,
        text_starts_with(from, "/requirements/cpu") ? "/cpu/guest" : "/memory/guest");
    findings_error(application->findings, machine_role_pointer(MACHINE_INSTANCETYPE),
        "%s %s, but %s requires %s", said, what, preference, required);
}

static long long bounded(long long count)
{
    if (count < 0)
        return 0;
    return count < MOST_COUNTED ? count : MOST_COUNTED;
}

/* The VM's own processors; those that it does not set are 0, but where it sets none at all. */
static struct machine_processors own_processors(const json_t *vmi)
{
    struct machine_processors own = {
        .sockets = bounded(machine_integer(vmi, DOMAIN "/cpu/sockets", 0)),
        .cores = bounded(machine_integer(vmi, DOMAIN "/cpu/cores", 0)),
        .threads = bounded(machine_integer(vmi, DOMAIN "/cpu/threads", 0)),
    };
    if (own.sockets != 0 || own.cores != 0 || own.threads != 0)
        return own;
    own = (struct machine_processors){1, 1, 1};
    if (machine_value(vmi, DOMAIN "/resources/limits/cpu") != NULL)
        own.sockets = bounded(machine_whole(vmi, DOMAIN "/resources/limits/cpu", true));
    else if (machine_value(vmi, DOMAIN "/resources/requests/cpu") != NULL)
        own.sockets = bounded(machine_whole(vmi, DOMAIN "/resources/requests/cpu", true));
    return own;
}

/* How many processors count, which depends on what the preference would have them be; *where gets
 * the fields that count. */
static long long count_processors(const struct machine_application *application, const char **where)
{
    struct machine_topology topology = machine_topology_of(application->preference->spec);
    struct machine_processors own = own_processors(application->vmi);
    switch (topology.kind) {
    case MACHINE_TOPOLOGY_CORES:
        *where = "cores";
        return own.cores;
    case MACHINE_TOPOLOGY_THREADS:
        *where = "threads";
        return own.threads;
    case MACHINE_TOPOLOGY_SOCKETS:
        *where = "sockets";
        return own.sockets;
    case MACHINE_TOPOLOGY_SOCKETS_CORES:
        *where = "sockets times cores";
        return own.sockets * own.cores;
    case MACHINE_TOPOLOGY_CORES_THREADS:
        *where = "cores times threads";
        return own.cores * own.threads;
    case MACHINE_TOPOLOGY_ANY:
    case MACHINE_TOPOLOGY_SOCKETS_CORES_THREADS:
        break;
    }
    *where = "sockets times cores times threads";
    return own.sockets * own.cores * own.threads;
}

static void check_processors(struct machine_application *application)
{
    static const char from[] = "/requirements/cpu/guest";
    long long required = machine_integer(application->preference->spec, from, 0);
    const char *where = NULL;
    bool by_type = application->instancetype->object != NULL;
    long long count = by_type ? machine_integer(application->instancetype->spec, "/cpu/guest", 0)
                              : count_processors(application, &where);
    if (count >= required)
        return;
    auto_free char *what =
        by_type ? xasprintf("has %lld vCPU%s", count, count == 1 ? "" : "s")
                : xasprintf("has %lld vCPU%s (as %s)", count, count == 1 ? "" : "s", where);
    auto_free char *at_least = xasprintf("%lld", required);
    refuse(application, DOMAIN "/cpu", what, from, at_least);
}

/* The guest's memory, which KubeVirt takes from one of these: the first that is there, where a
 * request or limit of 0 counts as absent. */
static const json_t *memory_of(const json_t *vmi)
{
    static const struct {
        const char *pointer;
        bool zero_is_absent;
    } rows[] = {
        {DOMAIN "/memory/guest", false},
        {DOMAIN "/resources/requests/memory", true},
        {DOMAIN "/resources/limits/memory", true},
        {DOMAIN "/memory/hugepages/pageSize", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const json_t *value = machine_value(vmi, rows[i].pointer);
        annotations_quantity quantity = 0;
        bool is_zero = value != NULL && machine_quantity(value, &quantity) && quantity == 0;
        if (value != NULL && !(is_zero && rows[i].zero_is_absent))
            return value;
    }
    return NULL;
}

static void check_memory(struct machine_application *application)
{
    static const char from[] = "/requirements/memory/guest";
    const json_t *value = memory_of(application->vmi);
    const json_t *wanted = machine_value(application->preference->spec, from);
    annotations_quantity memory = 0;
    annotations_quantity required = 0;
    if (wanted == NULL || !machine_quantity(wanted, &required) ||
        (value != NULL && !machine_quantity(value, &memory)) || memory >= required)
        return;
    auto_free char *shown = value != NULL ? json_dumps(value, JSON_ENCODE_ANY) : xstrdup("no");
    auto_free char *what = xasprintf("has %s memory", shown);
    auto_free char *at_least = json_dumps(wanted, JSON_ENCODE_ANY);
    refuse(application, DOMAIN "/memory", what, from, at_least);
}

static void check_architecture(struct machine_application *application)
{
    static const char from[] = "/requirements/architecture";
    const char *required = machine_string(application->preference->spec, from);
    const json_t *own = machine_value(application->vmi, "/spec/architecture");
    const char *architecture =
        machine_application_is_empty(own) ? DEFAULT_ARCHITECTURE : json_string_value(own);
    if (required == NULL || (architecture != NULL && streq(required, architecture)))
        return;
    auto_free char *said = machine_reference_say(application->preference, from);
    machine_application_refuse(application, "/spec/architecture", "is %s, but %s requires %s",
        text_or(architecture, "not a string"), said, required);
}

void machine_requirements_check(struct machine_application *application)
{
    if (application->preference->object == NULL)
        return;
    check_processors(application);
    check_memory(application);
    check_architecture(application);
}
