/* A conversion under way. For machine/convert.c and the files of its parts only.
 *
 * The parts write in the order in which KubeVirt's domain has its elements, and in the order of
 * its attributes. After an error they continue, so that all errors are found; the output is then
 * discarded. */
#ifndef MACHINE_CONVERSION_H
#define MACHINE_CONVERSION_H

#include "domain/write.h"
#include "machine/host.h"
#include "machine/volume.h"

struct machine_pci;

struct machine_conversion {
    const json_t *vmi;
    const json_t *domain; /* its spec.domain */
    const json_t *devices; /* its spec.domain.devices, or NULL */
    const struct machine_volumes *volumes;
    const struct machine_host *host;
    struct machine_pci *pci; /* how many devices there are, and their places */
    struct domain_writer *out;
    struct findings *findings;
};

/* The interface of a VMI that has neither interfaces nor networks. */
#define MACHINE_POD_INTERFACE "default"

/* Writes <alias name="ua-NAME">, the name that a user gave a device. */
void machine_conversion_alias(const struct machine_conversion *conversion, const char *name);

/* Returns the VMI's annotation of this name, or NULL. Borrowed. */
const char *machine_conversion_annotation(
    const struct machine_conversion *conversion, const char *name);

/* Returns the model of devices that speak virtio, static: without what virtio 0.9 needs, unless
 * useVirtioTransitional is set. */
const char *machine_conversion_virtio_model(const struct machine_conversion *conversion);

/* Whether the VMI has a serial console. */
bool machine_conversion_has_console(const struct machine_conversion *conversion);

/* Whether the VMI, without interfaces and networks, gets the interface MACHINE_POD_INTERFACE. */
bool machine_conversion_has_pod_interface(const struct machine_conversion *conversion);

/* Whether the VMI boots with EFI. */
bool machine_conversion_boots_efi(const struct machine_conversion *conversion);

#endif
