#include "appliance/kind.h"

#include <stddef.h>

#include "annotations/kind.h"

/* What is known about a kind. version is the one that is asked for. */
struct kind {
    struct annotations_kind facts;
    const char *version;
};

#define INSTANCETYPES "instancetype.kubevirt.io"
#define KIND(its_name, its_group, its_plural, its_version)                                         \
    {                                                                                              \
        {.name = (its_name), .group = (its_group), .plural = (its_plural)}, (its_version)          \
    }
#define CLUSTER_KIND(its_name, its_plural)                                                         \
    {                                                                                              \
        {.name = (its_name),                                                                       \
            .group = INSTANCETYPES,                                                                \
            .plural = (its_plural),                                                                \
            .cluster_scoped = true},                                                               \
            "v1beta1"                                                                              \
    }

static const struct kind kinds[APPLIANCE_KINDS] = {
    [APPLIANCE_DATA_SOURCE] = KIND("DataSource", "cdi.kubevirt.io", "datasources", "v1beta1"),
    [APPLIANCE_DATA_VOLUME] = KIND("DataVolume", "cdi.kubevirt.io", "datavolumes", "v1beta1"),
    [APPLIANCE_CLAIM] = KIND("PersistentVolumeClaim", "", "persistentvolumeclaims", "v1"),
    [APPLIANCE_SNAPSHOT] =
        KIND("VolumeSnapshot", "snapshot.storage.k8s.io", "volumesnapshots", "v1"),
    [APPLIANCE_SECRET] = KIND("Secret", "", "secrets", "v1"),
    [APPLIANCE_CONFIG_MAP] = KIND("ConfigMap", "", "configmaps", "v1"),
    [APPLIANCE_VM] = KIND("VirtualMachine", "kubevirt.io", "virtualmachines", "v1"),
    [APPLIANCE_TEMPLATE] = KIND(
        "VirtualMachineTemplate", "template.kubevirt.io", "virtualmachinetemplates", "v1alpha1"),
    [APPLIANCE_KUBEVIRT] = KIND("KubeVirt", "kubevirt.io", "kubevirts", "v1"),
    [APPLIANCE_INSTANCETYPE] =
        KIND("VirtualMachineInstancetype", INSTANCETYPES, "virtualmachineinstancetypes", "v1beta1"),
    [APPLIANCE_CLUSTER_INSTANCETYPE] =
        CLUSTER_KIND("VirtualMachineClusterInstancetype", "virtualmachineclusterinstancetypes"),
    [APPLIANCE_PREFERENCE] =
        KIND("VirtualMachinePreference", INSTANCETYPES, "virtualmachinepreferences", "v1beta1"),
    [APPLIANCE_CLUSTER_PREFERENCE] =
        CLUSTER_KIND("VirtualMachineClusterPreference", "virtualmachineclusterpreferences"),
};

const char *appliance_kind_name(enum appliance_kind kind)
{
    return kinds[kind].facts.name;
}

const char *appliance_kind_group(enum appliance_kind kind)
{
    return kinds[kind].facts.group;
}

const char *appliance_kind_version(enum appliance_kind kind)
{
    return kinds[kind].version;
}

const char *appliance_kind_plural(enum appliance_kind kind)
{
    return kinds[kind].facts.plural;
}

bool appliance_kind_is_cluster_scoped(enum appliance_kind kind)
{
    return kinds[kind].facts.cluster_scoped;
}

bool appliance_kind_matches(enum appliance_kind kind, const char *api_version, const char *name)
{
    return name != NULL && annotations_kind_matches(&kinds[kind].facts, name, api_version);
}

bool appliance_kind_find(const char *api_version, const char *name, enum appliance_kind *out)
{
    for (int kind = 0; kind < APPLIANCE_KINDS; kind++) {
        if (appliance_kind_matches((enum appliance_kind)kind, api_version, name)) {
            *out = (enum appliance_kind)kind;
            return true;
        }
    }
    return false;
}
