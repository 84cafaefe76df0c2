#include "controller/appliance/stock.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "kube/informer.h"

#define CDI "cdi.kubevirt.io"
#define INSTANCETYPES "instancetype.kubevirt.io"

/* What is kept of an object, besides its apiVersion and kind. */
static const char *const claim_kept[] = {"/metadata/name", "/metadata/namespace", "/metadata/uid",
    "/metadata/resourceVersion", "/metadata/labels", "/metadata/ownerReferences",
    "/metadata/deletionTimestamp", "/spec", "/status/phase", "/status/capacity", NULL};
static const char *const whole_kept[] = {"/metadata/name", "/metadata/namespace", "/metadata/uid",
    "/metadata/resourceVersion", "/metadata/labels", "/metadata/annotations",
    "/metadata/ownerReferences", "/metadata/deletionTimestamp", "/spec", "/status", NULL};

struct stocked {
    struct kube_resource resource;
    bool readable;
    const char *const *kept; /* NULL: it is not cached */
};

/* Secrets are not read: the controller has no right to. */
static const struct stocked kinds[APPLIANCE_KINDS] = {
    [APPLIANCE_DATA_SOURCE] = {{CDI, "v1beta1", "datasources", "DataSource", true}, true,
        whole_kept},
    [APPLIANCE_DATA_VOLUME] = {{CDI, "v1beta1", "datavolumes", "DataVolume", true}, true,
        whole_kept},
    [APPLIANCE_CLAIM] = {{"", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true}, true,
        claim_kept},
    [APPLIANCE_SNAPSHOT] = {{"snapshot.storage.k8s.io", "v1", "volumesnapshots", "VolumeSnapshot",
                                true},
        true, NULL},
    [APPLIANCE_CONFIG_MAP] = {{"", "v1", "configmaps", "ConfigMap", true}, true, NULL},
    [APPLIANCE_KUBEVIRT] = {{"kubevirt.io", "v1", "kubevirts", "KubeVirt", true}, true, whole_kept},
    [APPLIANCE_INSTANCETYPE] = {{INSTANCETYPES, "v1beta1", "virtualmachineinstancetypes",
                                    "VirtualMachineInstancetype", true},
        true, whole_kept},
    [APPLIANCE_CLUSTER_INSTANCETYPE] = {{INSTANCETYPES, "v1beta1",
                                            "virtualmachineclusterinstancetypes",
                                            "VirtualMachineClusterInstancetype", false},
        true, whole_kept},
    [APPLIANCE_PREFERENCE] = {{INSTANCETYPES, "v1beta1", "virtualmachinepreferences",
                                  "VirtualMachinePreference", true},
        true, whole_kept},
    [APPLIANCE_CLUSTER_PREFERENCE] = {{INSTANCETYPES, "v1beta1", "virtualmachineclusterpreferences",
                                          "VirtualMachineClusterPreference", false},
        true, whole_kept},
};

struct controller_stock {
    struct kube_client *client;
    struct kube_informer *informers[APPLIANCE_KINDS]; /* owned; NULL: nobody has asked */
    struct controller_habits *habits; /* owned */
};

struct controller_stock *controller_stock_new(struct kube_client *client)
{
    struct controller_stock *stock = xcalloc(1, sizeof(*stock));
    stock->client = client;
    return stock;
}

void controller_stock_free(struct controller_stock *stock)
{
    if (stock == NULL)
        return;
    for (size_t i = 0; i < APPLIANCE_KINDS; i++)
        kube_informer_free(stock->informers[i]);
    controller_habits_clear(&stock->habits);
    free(stock);
}

struct controller_habits **controller_stock_habits(struct controller_stock *stock)
{
    return &stock->habits;
}

const struct kube_resource *controller_stock_resource(enum appliance_kind kind)
{
    return kinds[kind].readable ? &kinds[kind].resource : NULL;
}

/* The synced cache of a kind, or NULL; it is started when it is first asked for. */
static const struct kube_informer *cache_of(
    struct controller_stock *stock, enum appliance_kind kind)
{
    if (kinds[kind].kept == NULL)
        return NULL;
    if (stock->informers[kind] == NULL) {
        const struct kube_informer_options options = {
            .resource = &kinds[kind].resource,
            .keep = kinds[kind].kept,
        };
        stock->informers[kind] = kube_informer_new(stock->client, &options);
    }
    return kube_informer_synced(stock->informers[kind]) ? stock->informers[kind] : NULL;
}

/* A list that is being copied out of a cache. */
struct listing {
    const char *namespace; /* NULL: all */
    struct appliance_objects *objects;
};

static void add_listed(void *user, UNUSED const char *key, const json_t *object)
{
    const struct listing *listing = user;
    if (listing->namespace == NULL || streq(kube_namespace(object), listing->namespace))
        appliance_objects_add_read(listing->objects, json_deep_copy(object));
}

bool controller_stock_add(struct controller_stock *stock, const struct appliance_wanted *wanted,
    struct appliance_objects *objects)
{
    const struct kube_informer *cache = cache_of(stock, wanted->kind);
    if (cache == NULL)
        return false;
    if (wanted->name == NULL) {
        struct listing listing = {wanted->namespace, objects};
        kube_informer_each(cache, add_listed, &listing);
        appliance_objects_add_listed(objects, wanted->kind, wanted->namespace);
        return true;
    }
    auto_free char *key = kinds[wanted->kind].resource.namespaced
                              ? xasprintf("%s/%s", wanted->namespace, wanted->name)
                              : xstrdup(wanted->name);
    const json_t *object = kube_informer_get(cache, key);
    if (object != NULL)
        appliance_objects_add_read(objects, json_incref((json_t *)object));
    return object != NULL;
}

unsigned long controller_stock_restarts(const struct controller_stock *stock)
{
    unsigned long restarts = 0;
    for (size_t i = 0; i < APPLIANCE_KINDS; i++) {
        if (stock->informers[i] != NULL)
            restarts += kube_informer_restarts(stock->informers[i]);
    }
    return restarts;
}

size_t controller_stock_count(const struct controller_stock *stock)
{
    size_t count = 0;
    for (size_t i = 0; i < APPLIANCE_KINDS; i++) {
        if (stock->informers[i] != NULL)
            count += kube_informer_count(stock->informers[i]);
    }
    return count;
}
