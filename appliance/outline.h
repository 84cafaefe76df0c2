/* A VM without what makes it one machine in one cluster: what its other forms are made of. */
#ifndef APPLIANCE_OUTLINE_H
#define APPLIANCE_OUTLINE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/finding.h"

/* A copy of a VirtualMachine with nothing but apiVersion, kind, metadata and spec, in that order, and
 * without what a server fills in: of all metadata, everything but names, labels and annotations; of
 * annotations, the notes of kubectl and of KubeVirt; the revisions of instance type and preference.
 * An object that becomes empty by this goes. New reference.
 * Source: KubeVirt 1.9, how it clones a VM; its enhancement 256. */
json_t *appliance_outline_make(const json_t *vm);

/* Drops what identifies one machine: MAC addresses, UUID and serial number of the firmware, serial
 * number and asset tag of the chassis, dumps of its memory; with a warning for each but MAC
 * addresses, which every VM has, and the dumps. Serial numbers of disks stay: the guest may mount by them. */
void appliance_outline_drop_identity(json_t *vm, struct findings *findings);

/* Drops the host name, with a warning unless it is the VM's name. */
void appliance_outline_drop_host_name(json_t *vm, const char *vm_name, struct findings *findings);

/* Drops labels and annotations of appliances: which one it was made from. */
void appliance_outline_drop_origin(json_t *vm);

/* Where a volume names its claim or DataVolume: the object, and in *key the member with the name,
 * static. NULL if it names none. Borrowed. */
json_t *appliance_outline_claim(const json_t *volume, const char **key);

/* Whether several VMs can use a PersistentVolumeClaim at once: ReadWriteMany, ReadOnlyMany. */
bool appliance_outline_is_shared(const json_t *claim);

/* The template of the VM that has this name, and in *index its position (unless NULL). Borrowed, or
 * NULL. */
json_t *appliance_outline_template(const json_t *vm, const char *name, size_t *index);

/* The name of the volume of the disk that the VM starts from, among those of claims and DataVolumes:
 * that with the least bootOrder, else the first. Borrowed; NULL if there is none. */
const char *appliance_outline_root(const json_t *vm);

/* Has the labels by which people find a VM by its name follow the parameter that is its name.
 * Source: KubeVirt's user guide: kubevirt.io/domain, kubevirt.io/vm, vm.kubevirt.io/name. */
void appliance_outline_follow_name(json_t *vm, const char *name, const char *parameter);

/* Sets an annotation to a value as YAML; one of more than APPLIANCE_MAX_BYTES, or of more than
 * APPLIANCE_MAX_PARAMETERS items, is an error at pointer. */
void appliance_outline_annotate(json_t *annotations, const char *key, const json_t *value,
    const char *pointer, struct findings *findings);

#endif
