/* What an OVF descriptor becomes, and what the user asks of it. */
#ifndef APPLIANCE_OVF_TYPES_H
#define APPLIANCE_OVF_TYPES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/pairs.h"

/* What the user asks for. All borrowed; zeroed is a valid request. */
struct appliance_ovf_request {
    const char *namespace; /* of the VM; NULL: none is written */
    const char *name; /* of the VM; NULL: as the descriptor names it */
    const char *system; /* which of several virtual systems, by its id; NULL: the only one */
    const struct pairs *networks; /* the descriptor's networks: "pod", or [NAMESPACE/]NAME of a
                                     NetworkAttachmentDefinition; or NULL */
};

/* A disk of the VM whose content is in the package. Its strings are owned but for format. */
struct appliance_ovf_disk {
    char *volume; /* "rootdisk", "disk2", "cdrom1" */
    char *claim; /* the claim that the VM refers to: "{vm}-{volume}" */
    char *href; /* the file in the package */
    const char *format; /* qemu-img's name of what the descriptor says the file is: "vmdk", "qcow2",
                           "raw", "vpc"; NULL: it does not say; static */
    long long capacity; /* bytes; 0: it does not say */
    long long size; /* of the file; -1: it does not say */
};

/* Zeroed is empty. */
struct appliance_ovf {
    json_t *vm; /* NULL: there were errors */
    struct appliance_ovf_disk *disks; /* owned */
    size_t disk_count;
    bool is_windows; /* its drivers for virtio are to be put in by virt-v2v */
};

#endif
