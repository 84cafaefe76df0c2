/* The kinds of objects that an appliance refers to. */
#ifndef APPLIANCE_KIND_H
#define APPLIANCE_KIND_H

#include <stdbool.h>

enum appliance_kind {
    APPLIANCE_DATA_SOURCE, /* cdi.kubevirt.io */
    APPLIANCE_DATA_VOLUME, /* cdi.kubevirt.io */
    APPLIANCE_CLAIM, /* PersistentVolumeClaim */
    APPLIANCE_SNAPSHOT, /* VolumeSnapshot, snapshot.storage.k8s.io */
    APPLIANCE_SECRET,
    APPLIANCE_CONFIG_MAP,
    APPLIANCE_VM, /* VirtualMachine, kubevirt.io */
    APPLIANCE_TEMPLATE, /* VirtualMachineTemplate, template.kubevirt.io */
    APPLIANCE_KUBEVIRT, /* KubeVirt, kubevirt.io: its configuration has the feature gates */
    APPLIANCE_INSTANCETYPE, /* and the three below: instancetype.kubevirt.io */
    APPLIANCE_CLUSTER_INSTANCETYPE,
    APPLIANCE_PREFERENCE,
    APPLIANCE_CLUSTER_PREFERENCE,
    APPLIANCE_KINDS,
};

/* "DataSource", "PersistentVolumeClaim", …; "cdi.kubevirt.io" or ""; "v1beta1"; "datasources".
 * Static. */
const char *appliance_kind_name(enum appliance_kind kind);
const char *appliance_kind_group(enum appliance_kind kind);
const char *appliance_kind_version(enum appliance_kind kind);
const char *appliance_kind_plural(enum appliance_kind kind);
bool appliance_kind_is_cluster_scoped(enum appliance_kind kind);

/* Whether an object's apiVersion and kind, which may be NULL, are those of the kind; without an
 * apiVersion the name alone decides. */
bool appliance_kind_matches(enum appliance_kind kind, const char *api_version, const char *name);

/* The kind of an object with these. Returns false if it is none of the above. */
bool appliance_kind_find(const char *api_version, const char *name, enum appliance_kind *out);

#endif
