#include "machine/cpu.h"

#include "base/text.h"
#include "machine/fields.h"
#include "machine/value.h"

struct machine_topology machine_topology_read(const json_t *domain)
{
    struct machine_topology topology = {
        .sockets = machine_integer(domain, "/cpu/sockets", 0),
        .cores = machine_integer(domain, "/cpu/cores", 0),
        .threads = machine_integer(domain, "/cpu/threads", 0),
    };
    if (topology.sockets + topology.cores + topology.threads == 0)
        topology.sockets = machine_whole(domain, "/resources/limits/cpu", true);
    if (topology.sockets + topology.cores + topology.threads == 0)
        topology.sockets = machine_whole(domain, "/resources/requests/cpu", true);
    if (topology.sockets == 0)
        topology.sockets = 1;
    if (topology.cores == 0)
        topology.cores = 1;
    if (topology.threads == 0)
        topology.threads = 1;
    return topology;
}

/* Opens <cpu> and writes all but its topology. Emulation cannot pass the host's CPU through: the
 * guest gets everything that QEMU can emulate. */
static void open_cpu(const struct machine_conversion *conversion)
{
    const char *model = machine_string(conversion->domain, "/cpu/model");
    if (model == NULL || model[0] == '\0')
        model = "host-model";
    if (streq(model, "host-passthrough") && !conversion->host->kvm) {
        findings_warning(conversion->findings, "/spec/domain/cpu/model",
            "becomes the most that QEMU can emulate, since KVM does not work here");
        domain_open(conversion->out, "cpu", "mode", "maximum");
    } else if (streq(model, "host-passthrough") || streq(model, "host-model")) {
        domain_open(conversion->out, "cpu", "mode", model);
    } else {
        domain_open(conversion->out, "cpu", "mode", "custom");
        domain_text(conversion->out, "model", "%s", model);
    }
}

void machine_cpu_convert(const struct machine_conversion *conversion)
{
    struct machine_topology topology = machine_topology_read(conversion->domain);
    /* no overflow: each is at most MACHINE_MAX_CPUS, or a quantity while the others are 1 */
    long long count = topology.sockets * topology.cores * topology.threads;
    if (count > MACHINE_MAX_CPUS) {
        findings_error(conversion->findings, "/spec/domain/cpu",
            "makes %lld processors; the maximum is %d", count, MACHINE_MAX_CPUS);
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
