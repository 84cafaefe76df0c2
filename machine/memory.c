#include "machine/memory.h"

#include <limits.h>

#include "base/json.h"
#include "base/text.h"
#include "machine/value.h"

/* KubeVirt's conditions and default for plugging memory into a guest that runs. */
enum {
    PLUG_RATIO = 4, /* most memory that a guest can get, in times of what it starts with */
    PLUG_ALIGNMENT = 2 << 20,
    PLUG_MIN_GUEST = 1 << 30, /* also the alignment for huge pages of this size */
};

/* Where a VMI says how much memory it starts with, in the order of precedence; 0 counts as absent
 * for all but the first. */
static const char *const guest_pointers[] = {"/memory/guest", "/resources/requests/memory",
    "/resources/limits/memory", "/memory/hugepages/pageSize"};

static const char *find_guest(const json_t *domain)
{
    if (machine_value(domain, guest_pointers[0]) != NULL)
        return guest_pointers[0];
    const char *found = NULL;
    for (size_t i = 1; i < ARRAY_SIZE(guest_pointers); i++) {
        if (machine_value(domain, guest_pointers[i]) == NULL)
            continue;
        if (machine_whole(domain, guest_pointers[i], true) > 0)
            return guest_pointers[i];
        if (found == NULL)
            found = guest_pointers[i];
    }
    return found;
}

long long machine_memory_guest(const struct machine_conversion *conversion)
{
    const char *pointer = find_guest(conversion->domain);
    return pointer != NULL ? machine_whole(conversion->domain, pointer, false) : 0;
}

static bool shares_memory(const struct machine_conversion *conversion)
{
    const json_t *filesystems = machine_value(conversion->devices, "/filesystems");
    for (size_t i = 0; i < json_array_size(filesystems); i++) {
        if (machine_value(json_array_get(filesystems, i), "/virtiofs") != NULL)
            return true;
    }
    const json_t *interfaces = machine_value(conversion->devices, "/interfaces");
    for (size_t i = 0; i < json_array_size(interfaces); i++) {
        if (machine_value(json_array_get(interfaces, i), "/passtBinding") != NULL)
            return true;
    }
    return false;
}

static bool has_huge_pages(const struct machine_conversion *conversion)
{
    return machine_value(conversion->domain, "/memory/hugepages") != NULL;
}

bool machine_memory_is_file(const struct machine_conversion *conversion)
{
    const json_t *annotations = machine_value(conversion->vmi, "/metadata/annotations");
    const char *memfd = json_get_string(annotations, "kubevirt.io/memfd");
    bool refused = memfd != NULL && streq(memfd, "false");
    return shares_memory(conversion) || (has_huge_pages(conversion) && !refused);
}

static void write_bytes(const struct machine_conversion *conversion, const char *element,
    long long bytes, const char *slots)
{
    auto_free char *text = xasprintf("%lld", bytes);
    domain_open(conversion->out, element, "unit", "b", "slots", slots);
    domain_content(conversion->out, text);
    domain_close(conversion->out);
}

/* The most memory that the guest could get, or 0 if none can be plugged in. */
static long long find_maximum(const struct machine_conversion *conversion, long long guest)
{
    const json_t *domain = conversion->domain;
    if (machine_value(domain, "/memory/maxGuest") != NULL) {
        long long given = machine_whole(domain, "/memory/maxGuest", false);
        if (given < guest) {
            findings_error(conversion->findings, "/spec/domain/memory/maxGuest",
                "must not be less than the guest's memory of %lld bytes", guest);
        }
        return given > guest ? given : 0;
    }
    const char *page = machine_string(domain, "/memory/hugepages/pageSize");
    long long alignment = page != NULL && streq(page, "1Gi") ? PLUG_MIN_GUEST : PLUG_ALIGNMENT;
    bool can_plug =
        guest >= PLUG_MIN_GUEST && guest <= LLONG_MAX / PLUG_RATIO && guest % alignment == 0;
    return can_plug ? PLUG_RATIO * guest : 0;
}

static void convert_backing(const struct machine_conversion *conversion)
{
    bool shared = shares_memory(conversion);
    if (!shared && !has_huge_pages(conversion))
        return;
    domain_open(conversion->out, "memoryBacking");
    if (has_huge_pages(conversion))
        domain_empty(conversion->out, "hugepages");
    if (machine_memory_is_file(conversion))
        domain_empty(conversion->out, "source", "type", "memfd");
    if (shared)
        domain_empty(conversion->out, "access", "mode", "shared");
    domain_close(conversion->out);
}

/* Huge pages must divide the memory. */
static void check_pages(const struct machine_conversion *conversion, long long guest)
{
    long long page = machine_whole(conversion->domain, "/memory/hugepages/pageSize", false);
    if (has_huge_pages(conversion) && (page <= 0 || guest % page != 0)) {
        findings_error(conversion->findings, "/spec/domain/memory/hugepages/pageSize",
            "must divide the guest's memory of %lld bytes", guest);
    }
}

void machine_memory_convert(const struct machine_conversion *conversion)
{
    const char *pointer = find_guest(conversion->domain);
    if (pointer == NULL) {
        findings_error(conversion->findings, "/spec/domain",
            "does not say how much memory the guest has: set memory.guest, such as \"512Mi\"");
        return;
    }
    long long guest = machine_memory_guest(conversion);
    if (guest <= 0) {
        auto_free char *place = xasprintf("/spec/domain%s", pointer);
        findings_error(conversion->findings, place, "must be more than 0 bytes");
    }
    long long maximum = find_maximum(conversion, guest);
    check_pages(conversion, guest);
    write_bytes(conversion, "memory", guest, NULL);
    if (maximum > 0)
        write_bytes(conversion, "maxMemory", maximum, "0");
    convert_backing(conversion);
}
