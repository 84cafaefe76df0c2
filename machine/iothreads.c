#include "machine/iothreads.h"

#include "base/text.h"
#include "machine/fields.h"
#include "machine/value.h"

/* The most threads of a policy. */
static unsigned find_limit(const struct machine_conversion *conversion, const char *policy)
{
    if (policy == NULL || !streq(policy, "auto"))
        return 1;
    /* KubeVirt's default for a request is the limit */
    long long cpus = machine_whole(conversion->domain, "/resources/requests/cpu", true);
    if (cpus == 0)
        cpus = machine_whole(conversion->domain, "/resources/limits/cpu", true);
    if (cpus < 1)
        cpus = 1;
    return cpus > MACHINE_MAX_ITEMS ? 2 * MACHINE_MAX_ITEMS : 2 * (unsigned)cpus;
}

/* The disks that the VMI has, and those that its volumes without a disk or file system get. */
static unsigned count_disks(const struct machine_conversion *conversion)
{
    const json_t *disks = machine_value(conversion->devices, "/disks");
    const json_t *filesystems = machine_value(conversion->devices, "/filesystems");
    const json_t *volumes = machine_value(conversion->vmi, "/spec/volumes");
    unsigned count = (unsigned)json_array_size(disks);
    for (size_t i = 0; i < json_array_size(volumes); i++) {
        const char *name = machine_string(json_array_get(volumes, i), "/name");
        count += machine_item_named(disks, name) == NULL &&
                 machine_item_named(filesystems, name) == NULL;
    }
    return count;
}

struct machine_iothreads machine_iothreads_count(const struct machine_conversion *conversion)
{
    struct machine_iothreads threads = {0};
    const char *policy = machine_string(conversion->domain, "/ioThreadsPolicy");
    if (policy != NULL && streq(policy, "supplementalPool")) {
        threads.pool = (unsigned)machine_integer(
            conversion->domain, "/ioThreads/supplementalPoolThreadCount", 0);
        return threads;
    }
    const json_t *disks = machine_value(conversion->devices, "/disks");
    for (size_t i = 0; i < json_array_size(disks); i++)
        threads.dedicated += machine_boolean(json_array_get(disks, i), "/dedicatedIOThread", false);
    if (policy == NULL && threads.dedicated == 0)
        return threads;
    unsigned limit = find_limit(conversion, policy);
    threads.shared = count_disks(conversion) - threads.dedicated;
    if (threads.shared + threads.dedicated > limit)
        threads.shared = limit > threads.dedicated ? limit - threads.dedicated : 1;
    return threads;
}

void machine_iothreads_convert(const struct machine_conversion *conversion)
{
    const char *policy = machine_string(conversion->domain, "/ioThreadsPolicy");
    struct machine_iothreads threads = machine_iothreads_count(conversion);
    if (policy != NULL && streq(policy, "supplementalPool") && threads.pool == 0) {
        findings_error(conversion->findings, "/spec/domain/ioThreads",
            "must have supplementalPoolThreadCount, since ioThreadsPolicy is supplementalPool");
    }
    unsigned count = threads.shared + threads.dedicated + threads.pool;
    if (count > 0)
        domain_text(conversion->out, "iothreads", "%u", count);
}
