#include "controller/launch/machine_kind.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "kube/informer.h"

/* Source: Kubernetes, a CustomResourceDefinition is named PLURAL.GROUP. */
#define NAME "virtualmachineinstances.kubevirt.io"

struct controller_machine_kind {
    struct kube_informer *informer;
    enum controller_machine_kind_state state;
    void (*on_change)(void *user);
    void *user;
};

static bool is_established(const json_t *definition)
{
    size_t i = 0;
    json_t *condition = NULL;
    json_array_foreach (json_pointer_get(definition, "/status/conditions"), i, condition) {
        const char *type = json_get_string(condition, "type");
        const char *status = json_get_string(condition, "status");
        if (type != NULL && status != NULL && streq(type, "Established"))
            return streq(status, "True");
    }
    return false;
}

static bool has_label(const json_t *definition, const char *key, const char *value)
{
    return streq(text_or(kube_label(definition, key), ""), value);
}

/* virt-operator labels everything that it installs, even what existed before.
 * Source: KubeVirt, the labels of its CustomResourceDefinitions. */
static enum controller_machine_kind_state state_of(const json_t *definition)
{
    if (has_label(definition, "app.kubernetes.io/managed-by", "virt-operator"))
        return CONTROLLER_MACHINE_KIND_KUBEVIRTS;
    if (!has_label(definition, "app.kubernetes.io/name", "hookline"))
        return CONTROLLER_MACHINE_KIND_STRANGE;
    return is_established(definition) ? CONTROLLER_MACHINE_KIND_OURS
                                      : CONTROLLER_MACHINE_KIND_MISSING;
}

/* Keeps only the state of the definition, whose schema is large. */
static json_t *prune(UNUSED void *user, json_t *definition)
{
    return json_pack("{s:{s:s, s:s, s:s}, s:i}", "metadata", "name", kube_name(definition), "uid",
        kube_uid(definition), "resourceVersion", kube_resource_version(definition), "state",
        (int)state_of(definition));
}

static void set_state(
    struct controller_machine_kind *kind, enum controller_machine_kind_state state)
{
    if (kind->state == state)
        return;
    kind->state = state;
    kind->on_change(kind->user);
}

static void on_change(
    void *user, UNUSED const char *key, UNUSED const json_t *before, const json_t *after)
{
    const json_t *state = json_object_get(after, "state");
    set_state(user, after != NULL ? (enum controller_machine_kind_state)json_integer_value(state)
                                  : CONTROLLER_MACHINE_KIND_MISSING);
}

static void on_synced(void *user)
{
    struct controller_machine_kind *kind = user;
    if (kube_informer_count(kind->informer) == 0)
        set_state(kind, CONTROLLER_MACHINE_KIND_MISSING);
}

struct controller_machine_kind *controller_machine_kind_new(
    struct kube_client *client, void (*on_state)(void *user), void *user)
{
    struct controller_machine_kind *kind = xcalloc(1, sizeof(*kind));
    kind->on_change = on_state;
    kind->user = user;
    static const char *const keep[] = {"/metadata/name", "/metadata/uid",
        "/metadata/resourceVersion", "/metadata/labels", "/status/conditions", NULL};
    const struct kube_informer_options options = {
        .resource = &kube_custom_resource_definitions,
        .field_selector = "metadata.name=" NAME,
        .keep = keep,
        .prune = prune,
        .on_change = on_change,
        .on_synced = on_synced,
        .user = kind,
    };
    kind->informer = kube_informer_new(client, &options);
    return kind;
}

void controller_machine_kind_free(struct controller_machine_kind *kind)
{
    if (kind == NULL)
        return;
    kube_informer_free(kind->informer);
    free(kind);
}

enum controller_machine_kind_state controller_machine_kind_state(
    const struct controller_machine_kind *kind)
{
    return kind->state;
}

const char *controller_machine_kind_obstacle(const struct controller_machine_kind *kind)
{
    switch (kind->state) {
    case CONTROLLER_MACHINE_KIND_MISSING:
        return "the CustomResourceDefinition " NAME
               " does not exist, or is not established yet; create it with kubectl create -k "
               "deploy/initial/standalone";
    case CONTROLLER_MACHINE_KIND_KUBEVIRTS:
        return "the CustomResourceDefinition " NAME " is KubeVirt's, which launches the machines "
               "itself; install deploy/overlays/kubevirt instead of standalone, or run with "
               "--launch=false";
    case CONTROLLER_MACHINE_KIND_STRANGE:
        return "the CustomResourceDefinition " NAME " is not Hookline's: it lacks the label "
               "app.kubernetes.io/name=hookline; label it if Hookline should launch its machines, "
               "or run with --launch=false";
    case CONTROLLER_MACHINE_KIND_UNKNOWN:
    case CONTROLLER_MACHINE_KIND_OURS:
        break;
    }
    return NULL;
}

unsigned long controller_machine_kind_restarts(const struct controller_machine_kind *kind)
{
    return kube_informer_restarts(kind->informer);
}
