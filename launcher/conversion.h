/* A conversion under way, and the parts of it. For launcher/convert.c and its parts only.
 *
 * The parts write in the order in which KubeVirt's domain has its elements, and in the order of
 * its attributes. They write on after an error, so that all errors are found; what was written is
 * thrown away then. */
#ifndef LAUNCHER_CONVERSION_H
#define LAUNCHER_CONVERSION_H

#include "domain/write.h"
#include "launcher/convert.h"

struct launcher_conversion {
    const json_t *vmi;
    const json_t *domain; /* its spec.domain */
    const json_t *devices; /* its spec.domain.devices, or NULL */
    const struct launcher_volumes *volumes;
    const struct launcher_machine *machine;
    struct domain_writer *out;
    struct findings *findings;
};

/* The model of devices that speak virtio: KubeVirt's default, without what virtio 0.9 needs. */
#define LAUNCHER_VIRTIO_MODEL "virtio-non-transitional"

void launcher_convert_memory(const struct launcher_conversion *conversion);
void launcher_convert_os(const struct launcher_conversion *conversion);
void launcher_convert_sysinfo(const struct launcher_conversion *conversion);
void launcher_convert_interfaces(const struct launcher_conversion *conversion);
void launcher_convert_devices(const struct launcher_conversion *conversion);
void launcher_convert_disks(const struct launcher_conversion *conversion);
void launcher_convert_clock(const struct launcher_conversion *conversion);
void launcher_convert_features(const struct launcher_conversion *conversion);
void launcher_convert_cpu(const struct launcher_conversion *conversion);

/* <alias name="ua-NAME">, the name that a user gave a device. */
void launcher_convert_alias(const struct launcher_conversion *conversion, const char *name);

/* Adds an error for every name and boot order that two devices have. */
void launcher_check_unique(const struct launcher_conversion *conversion);

/* Whether the VMI says nothing of networks, and so has the interface of this name. */
#define LAUNCHER_POD_INTERFACE "default"
bool launcher_gets_pod_interface(const struct launcher_conversion *conversion);

/* Whether the VMI boots with EFI. */
bool launcher_boots_efi(const struct launcher_conversion *conversion);

#endif
