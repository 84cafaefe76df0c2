#include "controller/launch/pod_probe.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"

/* How a probe asks, and what of that is copied. */
struct handler {
    const char *name;
    const char *const *members;
    size_t count;
};

static const char *const http_members[] = {"path", "port", "scheme", "httpHeaders"};
static const char *const tcp_members[] = {"port"};
static const struct handler handlers[] = {
    {"httpGet", http_members, ARRAY_SIZE(http_members)},
    {"tcpSocket", tcp_members, ARRAY_SIZE(tcp_members)},
};
/* Source: KubeVirt, api/core/v1, Probe. */
static const char *const timing[] = {"initialDelaySeconds", "timeoutSeconds", "periodSeconds",
    "successThreshold", "failureThreshold"};

static bool is_set(const json_t *value)
{
    return value != NULL && !json_is_null(value);
}

static void copy_members(json_t *into, const json_t *from, const char *const *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(from, members[i]);
        if (is_set(value))
            json_object_set_new(into, members[i], json_deep_copy(value));
    }
}

static void refuse_agents(const json_t *probe, const char *pointer, struct findings *findings)
{
    static const char *const refused[] = {"exec", "guestAgentPing"};
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        if (json_object_get(probe, refused[i]) == NULL)
            continue;
        auto_free char *place = json_pointer_join(pointer, refused[i]);
        findings_error(findings, place,
            "needs an agent in the guest, which cannot be reached; use httpGet or tcpSocket, on a "
            "port of an interface");
    }
}

static void add_handler(json_t *copy, const json_t *probe, const struct handler *handler,
    const char *pointer, struct findings *findings)
{
    const json_t *given = json_object_get(probe, handler->name);
    const json_t *host = json_object_get(given, "host");
    if (!is_set(given))
        return;
    if (is_set(host) && !(json_is_string(host) && json_string_length(host) == 0)) {
        auto_free char *place = json_pointer_join(pointer, handler->name);
        auto_free char *whole = json_pointer_join(place, "host");
        findings_error(findings, whole,
            "is not allowed: the node would send the request there; leave it out to probe the VMI");
    }
    json_t *members = json_object();
    copy_members(members, given, handler->members, handler->count);
    json_object_set_new(copy, handler->name, members);
}

static void add_probe(struct controller_pod_draft *draft, const char *name)
{
    const json_t *probe = json_object_get(draft->machine_spec, name);
    auto_free char *pointer = json_pointer_join("/spec", name);
    if (!is_set(probe))
        return;
    if (!json_is_object(probe)) {
        findings_error(draft->findings, pointer, "must be an object, not %s", json_kind(probe));
        return;
    }
    refuse_agents(probe, pointer, draft->findings);
    json_t *copy = json_object();
    copy_members(copy, probe, timing, ARRAY_SIZE(timing));
    for (size_t i = 0; i < ARRAY_SIZE(handlers); i++)
        add_handler(copy, probe, &handlers[i], pointer, draft->findings);
    json_object_set_new(draft->compute, name, copy);
}

void controller_pod_add_probes(struct controller_pod_draft *draft)
{
    add_probe(draft, "livenessProbe");
    add_probe(draft, "readinessProbe");
}
