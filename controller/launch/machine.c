#include "controller/launch/machine.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "kube/resource.h"

enum { STATUS_MAX_DEPTH = 32 }; /* a deeper one is not ours */

/* A hash of the value. */
static json_t *fingerprint(const json_t *value)
{
    auto_free char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    unsigned hash = 0;
    if (text != NULL)
        HASH_VALUE(text, strlen(text), hash);
    return json_integer(hash);
}

const char *const controller_machine_kept[] = {"/kind", "/metadata/name", "/metadata/namespace",
    "/metadata/uid", "/metadata/resourceVersion", "/metadata/generation",
    "/metadata/deletionTimestamp", "/metadata/finalizers", "/metadata/annotations", "/status",
    NULL};

json_t *controller_machine_prune(UNUSED void *user, json_t *machine)
{
    static const char *const kept[] = {
        "name", "namespace", "uid", "resourceVersion", "generation", "deletionTimestamp"};
    const json_t *metadata = json_object_get(machine, "metadata");
    if (kube_name(machine)[0] == '\0' || kube_uid(machine)[0] == '\0')
        return NULL;
    json_t *identity = json_object();
    for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
        json_t *value = json_object_get(metadata, kept[i]);
        if (value != NULL)
            json_object_set(identity, kept[i], value);
    }
    if (json_array_size(json_object_get(metadata, "finalizers")) > 0)
        json_object_set_new(identity, "finalizers", json_true());
    json_t *status = json_object_get(machine, "status");
    bool usable = json_is_object(status) && json_depth(status, STATUS_MAX_DEPTH) < STATUS_MAX_DEPTH;
    return json_pack("{s:o, s:o, s:O*}", "metadata", identity, "annotations",
        fingerprint(json_object_get(metadata, "annotations")), "status", usable ? status : NULL);
}

const char *controller_machine_phase(const json_t *machine)
{
    return text_or(json_get_string(json_object_get(machine, "status"), "phase"), "");
}

bool controller_machine_needs_pod(const json_t *machine)
{
    const char *phase = controller_machine_phase(machine);
    return phase[0] == '\0' || streq(phase, "Pending");
}

bool controller_machine_is_final(const json_t *machine)
{
    const char *phase = controller_machine_phase(machine);
    return streq(phase, "Succeeded") || streq(phase, "Failed");
}
