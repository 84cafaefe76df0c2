/* Processors and memory. */
#include "launcher/conversion.h"

#include "base/text.h"
#include "launcher/fields.h"
#include "launcher/value.h"

void launcher_convert_memory(const struct launcher_conversion *conversion)
{
    static const char *const pointers[] = {
        "/memory/guest", "/resources/requests/memory", "/resources/limits/memory"};
    size_t i = 0;
    while (i < ARRAY_SIZE(pointers) && launcher_value(conversion->domain, pointers[i]) == NULL)
        i++;
    if (i == ARRAY_SIZE(pointers)) {
        findings_error(conversion->findings, "/spec/domain",
            "says nothing of memory: set memory.guest, such as \"512Mi\"");
        return;
    }
    long long bytes = launcher_whole(conversion->domain, pointers[i], false);
    if (bytes <= 0) {
        auto_free char *place = xasprintf("/spec/domain%s", pointers[i]);
        findings_error(conversion->findings, place, "must be more than 0 bytes");
    }
    domain_open(conversion->out, "memory", "unit", "b");
    auto_free char *text = xasprintf("%lld", bytes);
    domain_content(conversion->out, text);
    domain_close(conversion->out);
}

struct topology {
    long long sockets, cores, threads;
};

static struct topology read_topology(const json_t *domain)
{
    struct topology topology = {
        .sockets = launcher_integer(domain, "/cpu/sockets", 0),
        .cores = launcher_integer(domain, "/cpu/cores", 0),
        .threads = launcher_integer(domain, "/cpu/threads", 0),
    };
    if (topology.sockets + topology.cores + topology.threads == 0)
        topology.sockets = launcher_whole(domain, "/resources/limits/cpu", true);
    if (topology.sockets + topology.cores + topology.threads == 0)
        topology.sockets = launcher_whole(domain, "/resources/requests/cpu", true);
    if (topology.sockets == 0)
        topology.sockets = 1;
    if (topology.cores == 0)
        topology.cores = 1;
    if (topology.threads == 0)
        topology.threads = 1;
    return topology;
}

/* Writes <cpu> up to its topology, open. Emulation has no CPU of this machine to pass through: the
 * guest gets all that QEMU can emulate. */
static void open_cpu(const struct launcher_conversion *conversion)
{
    const char *model = launcher_string(conversion->domain, "/cpu/model");
    if (model == NULL || model[0] == '\0')
        model = "host-model";
    if (streq(model, "host-passthrough") && !conversion->machine->kvm) {
        findings_warning(conversion->findings, "/spec/domain/cpu/model",
            "is taken as the most that QEMU can emulate, since KVM does not work here");
        domain_open(conversion->out, "cpu", "mode", "maximum");
    } else if (streq(model, "host-passthrough") || streq(model, "host-model")) {
        domain_open(conversion->out, "cpu", "mode", model);
    } else {
        domain_open(conversion->out, "cpu", "mode", "custom");
        domain_text(conversion->out, "model", "%s", model);
    }
}

void launcher_convert_cpu(const struct launcher_conversion *conversion)
{
    struct topology topology = read_topology(conversion->domain);
    /* each is at most LAUNCHER_MAX_CPUS, or what a quantity can be while the others are 1 */
    long long count = topology.sockets * topology.cores * topology.threads;
    if (count > LAUNCHER_MAX_CPUS) {
        findings_error(conversion->findings, "/spec/domain/cpu",
            "makes %lld processors; %d is the most there can be", count, LAUNCHER_MAX_CPUS);
    }
    auto_free char *sockets = xasprintf("%lld", topology.sockets);
    auto_free char *cores = xasprintf("%lld", topology.cores);
    auto_free char *threads = xasprintf("%lld", topology.threads);
    open_cpu(conversion);
    domain_empty(
        conversion->out, "topology", "sockets", sockets, "cores", cores, "threads", threads);
    domain_close(conversion->out);
    auto_free char *vcpus = xasprintf("%lld", count);
    domain_open(conversion->out, "vcpu", "placement", "static");
    domain_content(conversion->out, vcpus);
    domain_close(conversion->out);
}
