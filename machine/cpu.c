#include "machine/cpu.h"

#include "base/json.h"
#include "base/text.h"
#include "machine/features.h"
#include "machine/fields.h"
#include "machine/memory.h"
#include "machine/value.h"

enum {
    PLUG_RATIO = 4, /* most sockets, in times of those that the guest starts with */
    KIBIBYTE = 1024,
};

/* The most sockets if the VMI does not say. Without sockets in the VMI none can be plugged in. */
static long long default_max_sockets(long long sockets, long long cores, long long threads)
{
    long long max_sockets = sockets * PLUG_RATIO;
    if (max_sockets * cores * threads <= MACHINE_MAX_CPUS)
        return max_sockets;
    long long fitting = MACHINE_MAX_CPUS / (cores * threads);
    return fitting > sockets ? fitting : sockets;
}

struct machine_topology machine_topology_read(const json_t *domain)
{
    long long sockets = machine_integer(domain, "/cpu/sockets", 0);
    long long cores = machine_integer(domain, "/cpu/cores", 0);
    long long threads = machine_integer(domain, "/cpu/threads", 0);
    if (sockets + cores + threads == 0) {
        sockets = machine_whole(domain, "/resources/limits/cpu", true);
        if (sockets == 0)
            sockets = machine_whole(domain, "/resources/requests/cpu", true);
        if (sockets == 0)
            sockets = 1;
        if (sockets > MACHINE_MAX_CPUS) /* an error, and no overflow */
            sockets = MACHINE_MAX_CPUS + 1;
        cores = 1;
        threads = 1;
    }
    struct machine_topology topology = {
        .sockets = sockets > 0 ? sockets : 1,
        .cores = cores > 0 ? cores : 1,
        .threads = threads > 0 ? threads : 1,
        .max_sockets = machine_integer(domain, "/cpu/maxSockets", 0),
    };
    if (topology.max_sockets == 0)
        topology.max_sockets = default_max_sockets(sockets, cores, threads);
    return topology;
}

/* Opens <cpu> and writes its model. Emulation cannot pass the host's CPU through: the guest gets
 * everything that QEMU can emulate. */
static void open_cpu(const struct machine_conversion *conversion, const char *model)
{
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

/* Writes the features, and those that follow from others: Hyper-V's evmcs requires vmx; libvirt's
 * models still have mpx, which processors have lost. */
static void convert_features(const struct machine_conversion *conversion, bool is_named_model)
{
    const json_t *features = machine_value(conversion->domain, "/cpu/features");
    bool requires_vmx = machine_features_have_evmcs(conversion);
    bool has_vmx = false;
    bool has_mpx = false;
    for (size_t i = 0; i < json_array_size(features); i++) {
        const json_t *feature = json_array_get(features, i);
        const char *name = machine_string(feature, "/name");
        const char *policy = machine_string(feature, "/policy");
        bool is_vmx = streq(name, "vmx");
        if (is_vmx && requires_vmx && !has_vmx)
            policy = "require";
        has_vmx |= is_vmx;
        has_mpx |= streq(name, "mpx");
        domain_empty(conversion->out, "feature", "name", name, "policy", policy);
    }
    if (requires_vmx && !has_vmx)
        domain_empty(conversion->out, "feature", "name", "vmx", "policy", "require");
    if (is_named_model && !has_mpx)
        domain_empty(conversion->out, "feature", "name", "mpx", "policy", "disable");
}

/* Memory in a file needs a NUMA node, with all processors and all memory. */
static void convert_node(const struct machine_conversion *conversion, long long count)
{
    if (!machine_memory_is_file(conversion))
        return;
    auto_free char *cpus = xasprintf("0-%lld", count - 1);
    auto_free char *memory = xasprintf("%lld", machine_memory_guest(conversion) / KIBIBYTE);
    domain_open(conversion->out, "numa");
    domain_empty(conversion->out, "cell", "id", "0", "cpus", cpus, "memory", memory, "unit", "KiB");
    domain_close(conversion->out);
}

/* Writes each processor: those of the first socket cannot be taken out. */
static void convert_vcpus(const struct machine_conversion *conversion,
    const struct machine_topology *topology, long long count)
{
    long long by_socket = topology->cores * topology->threads;
    domain_open(conversion->out, "vcpus");
    for (long long i = 0; i < count; i++) {
        auto_free char *id = xasprintf("%lld", i);
        bool enabled = i < topology->sockets * by_socket;
        domain_empty(conversion->out, "vcpu", "id", id, "enabled", enabled ? "yes" : "no",
            "hotpluggable", i >= by_socket ? "yes" : "no");
    }
    domain_close(conversion->out);
}

/* Checks the counts; returns whether they are within the limits. */
static bool check_counts(
    const struct machine_conversion *conversion, const struct machine_topology *topology)
{
    size_t errors = conversion->findings->errors;
    /* no overflow: each is at most MACHINE_MAX_CPUS + 1 */
    long long by_socket = topology->cores * topology->threads;
    if (topology->sockets * by_socket > MACHINE_MAX_CPUS) {
        findings_error(conversion->findings, "/spec/domain/cpu",
            "makes %lld processors; the maximum is %d", topology->sockets * by_socket,
            MACHINE_MAX_CPUS);
    } else if (topology->max_sockets * by_socket > PLUG_RATIO * MACHINE_MAX_CPUS) {
        findings_error(conversion->findings, "/spec/domain/cpu/maxSockets",
            "makes %lld processors; the maximum is %d", topology->max_sockets * by_socket,
            PLUG_RATIO * MACHINE_MAX_CPUS);
    }
    if (topology->max_sockets > 0 && topology->max_sockets < topology->sockets) {
        findings_error(conversion->findings, "/spec/domain/cpu/maxSockets",
            "must not be less than the %lld sockets that the guest starts with", topology->sockets);
    }
    return conversion->findings->errors == errors;
}

void machine_cpu_convert(const struct machine_conversion *conversion)
{
    const struct machine_topology topology = machine_topology_read(conversion->domain);
    if (!check_counts(conversion, &topology))
        return;
    bool can_plug = topology.max_sockets > 0;
    long long all_sockets = can_plug ? topology.max_sockets : topology.sockets;
    long long count = all_sockets * topology.cores * topology.threads;
    const char *model = machine_string(conversion->domain, "/cpu/model");
    bool has_model = model != NULL;
    bool is_named_model =
        has_model && !streq(model, "host-model") && !streq(model, "host-passthrough");
    auto_free char *sockets = xasprintf("%lld", all_sockets);
    auto_free char *cores = xasprintf("%lld", topology.cores);
    auto_free char *threads = xasprintf("%lld", topology.threads);
    open_cpu(conversion, has_model ? model : "host-model");
    convert_features(conversion, is_named_model);
    domain_empty(
        conversion->out, "topology", "sockets", sockets, "cores", cores, "threads", threads);
    convert_node(conversion, count);
    domain_close(conversion->out);
    auto_free char *vcpus = xasprintf("%lld", count);
    domain_open(conversion->out, "vcpu", "placement", "static");
    domain_content(conversion->out, vcpus);
    domain_close(conversion->out);
    if (can_plug)
        convert_vcpus(conversion, &topology, count);
}
