#include "controller/launch/pod_resources.h"

#include "annotations/quantity.h"
#include "base/json.h"

enum {
    MIB = 1024 * 1024,
    NANO = 1000 * 1000 * 1000,
    LAUNCHER_MIB = 192, /* hook-launcher with libvirt, and QEMU without its guest */
    CPU_MIB = 8, /* per CPU, as in KubeVirt */
    PAGE_TABLE_SHARE = 512, /* 8 bytes for each page of 4 KiB, as in KubeVirt */
    CPU_MILLIS = 100, /* per CPU: KubeVirt's cpuAllocationRatio of 10 */
    MOST_CPUS = 1024, /* limit of sockets, cores and threads, each */
};

/* A quantity of the domain; false if it is absent or, with a finding, if it is not a quantity. */
static bool read_quantity(
    const struct controller_pod_draft *draft, const char *pointer, annotations_quantity *out)
{
    const json_t *value = json_pointer_get(draft->domain, pointer);
    if (value == NULL || json_is_null(value))
        return false;
    auto_free char *number = json_is_integer(value)
                                 ? xasprintf("%" JSON_INTEGER_FORMAT, json_integer_value(value))
                                 : NULL;
    const char *text = number != NULL ? number : json_string_value(value);
    if (text != NULL && annotations_quantity_parse(text, out))
        return true;
    auto_free char *place = xasprintf("/spec/domain%s", pointer);
    findings_error(draft->findings, place, "must be a quantity, such as 512Mi or 2");
    return false;
}

static unsigned long long whole(annotations_quantity quantity)
{
    return (unsigned long long)((quantity + NANO - 1) / NANO);
}

static unsigned long long count_member(const json_t *domain, const char *pointer)
{
    const json_t *value = json_pointer_get(domain, pointer);
    json_int_t count = json_is_integer(value) ? json_integer_value(value) : 0;
    if (count < 0)
        return 0;
    return count > MOST_CPUS ? MOST_CPUS : (unsigned long long)count;
}

/* The guest's CPUs: from its topology, else its CPU limit, else its request, else one.
 * Source: KubeVirt, pkg/virt-launcher/virtwrap/converter/vcpu. */
static unsigned long long count_cpus(const struct controller_pod_draft *draft)
{
    static const char *const parts[] = {"/cpu/sockets", "/cpu/cores", "/cpu/threads"};
    unsigned long long product = 1;
    bool said = false;
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        unsigned long long count = count_member(draft->domain, parts[i]);
        said = said || count > 0;
        product *= count > 0 ? count : 1;
    }
    annotations_quantity quantity = 0;
    if (said || (!read_quantity(draft, "/resources/limits/cpu", &quantity) &&
                    !read_quantity(draft, "/resources/requests/cpu", &quantity)))
        return product;
    unsigned long long count = whole(quantity);
    return count > MOST_CPUS ? MOST_CPUS : count;
}

/* The memory needed besides the guest's, in bytes. */
static unsigned long long overhead(unsigned long long guest, unsigned long long cpus)
{
    return (LAUNCHER_MIB + CPU_MIB * cpus) * MIB + guest / PAGE_TABLE_SHARE;
}

static void set_bytes(json_t *quantities, unsigned long long bytes)
{
    json_object_set_new(quantities, "memory", json_sprintf("%llu", bytes));
}

/* A copy of given[kind], which becomes resources[kind]. */
static json_t *copy_quantities(json_t *resources, const json_t *given, const char *kind)
{
    json_t *copy = json_object();
    const json_t *quantities = json_object_get(given, kind);
    if (json_is_object(quantities))
        json_object_update(copy, (json_t *)quantities);
    json_object_set_new(resources, kind, copy);
    return copy;
}

json_t *controller_pod_resources(const struct controller_pod_draft *draft)
{
    const json_t *given = json_object_get(draft->domain, "resources");
    json_t *resources = json_object();
    json_t *limits = copy_quantities(resources, given, "limits");
    json_t *requests = copy_quantities(resources, given, "requests");

    annotations_quantity guest = 0, requested = 0, limited = 0;
    bool has_guest = read_quantity(draft, "/memory/guest", &guest);
    bool has_request = read_quantity(draft, "/resources/requests/memory", &requested);
    bool has_limit = read_quantity(draft, "/resources/limits/memory", &limited);
    if (!has_request)
        requested = has_guest ? guest : limited;
    if (!has_guest)
        guest = requested;

    unsigned long long cpus = count_cpus(draft);
    unsigned long long more = overhead(whole(guest), cpus);
    bool overcommit = json_is_true(json_object_get(given, "overcommitGuestOverhead"));
    if (has_limit)
        set_bytes(limits, whole(limited) + more);
    if (has_request || whole(requested) > 0)
        set_bytes(requests, whole(requested) + (overcommit ? 0 : more));
    if (json_object_get(requests, "cpu") == NULL && json_object_get(limits, "cpu") == NULL)
        json_object_set_new(requests, "cpu", json_sprintf("%llum", cpus * CPU_MILLIS));
    if (json_object_size(limits) == 0)
        json_object_del(resources, "limits");
    return resources;
}
