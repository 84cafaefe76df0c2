#include "machine/disk_element.h"

#include <string.h>

#include "base/text.h"
#include "machine/block_size.h"
#include "machine/cpu.h"
#include "machine/pci.h"
#include "machine/value.h"

/* "vda", …, "vdz", "vdaa", …, as Linux names disks. Owned by the caller. */
static char *target_name(const struct machine_disk *disk)
{
    enum { LETTERS = 26 };
    char letters[8] = {0};
    size_t at = sizeof(letters) - 1;
    for (size_t rest = disk->unit + 1; rest > 0 && at > 0; rest = (rest - 1) / LETTERS)
        letters[--at] = (char)('a' + (rest - 1) % LETTERS);
    return xasprintf("%s%s", machine_disk_is_virtio(disk) ? "vd" : "sd", letters + at);
}

/* Writes where the data is. KubeVirt also gives a block device the volume's name. */
static void write_source(struct domain_writer *out, const struct machine_disk *disk)
{
    const struct machine_volume *volume = disk->volume;
    if (volume == NULL)
        domain_empty(out, "source");
    else if (volume->block)
        domain_empty(out, "source", "dev", volume->path, "name", volume->name);
    else
        domain_empty(out, "source", "file", volume->path);
}

/* The cache mode: as the VMI says, or direct I/O where it works. NULL for a drive without a
 * CD-ROM. */
static const char *cache_of(const struct machine_disk *disk)
{
    const char *given = machine_string(disk->spec, "/cache");
    if (given != NULL)
        return given;
    if (machine_boolean(disk->spec, "/shareable", false) && streq(disk->device, "disk"))
        return "none";
    if (disk->volume == NULL)
        return NULL;
    return disk->volume->direct_io ? "none" : "writethrough";
}

/* The kind of asynchronous I/O: as the VMI says, or Linux's own where it never blocks: with direct
 * I/O on what needs no allocation. */
static const char *io_of(const struct machine_disk *disk, const char *cache)
{
    const char *given = machine_string(disk->spec, "/io");
    const struct machine_volume *volume = disk->volume;
    if (volume != NULL && volume->kind == MACHINE_DOWNWARD_METRICS)
        return NULL;
    if (given != NULL)
        return given;
    bool native = volume != NULL && (volume->block || volume->allocated) && cache != NULL &&
                  streq(cache, "none");
    return native ? "native" : NULL;
}

/* Whether the guest's discarded blocks are given back. On a CD-ROM it depends on the volume. */
static bool discards(const struct machine_disk *disk)
{
    const struct machine_volume *volume = disk->volume;
    if (volume == NULL)
        return true;
    switch (volume->kind) {
    case MACHINE_CONTAINER_DISK:
    case MACHINE_EPHEMERAL:
    case MACHINE_EMPTY_DISK:
        return true;
    case MACHINE_PVC:
        return !volume->preallocated && (volume->block || !machine_disk_is_cdrom(disk));
    case MACHINE_DOWNWARD_METRICS:
        return false;
    case MACHINE_HOST_DISK:
    case MACHINE_CLOUD_INIT_NO_CLOUD:
    case MACHINE_CLOUD_INIT_CONFIG_DRIVE:
    case MACHINE_DIRECTORY_ISO:
        break;
    }
    return !machine_disk_is_cdrom(disk);
}

static void write_pool(struct domain_writer *out, unsigned count)
{
    domain_open(out, "iothreads");
    for (unsigned i = 1; i <= count; i++) {
        auto_free char *id = xasprintf("%u", i);
        domain_empty(out, "iothread", "id", id);
    }
    domain_close(out);
}

static void write_driver(
    const struct machine_conversion *conversion, const struct machine_disk *disk)
{
    struct domain_writer *out = conversion->out;
    const struct machine_volume *volume = disk->volume;
    bool metrics = volume != NULL && volume->kind == MACHINE_DOWNWARD_METRICS;
    bool queues = machine_boolean(conversion->devices, "/blockMultiQueue", false) &&
                  machine_disk_is_virtio(disk) && !metrics;
    const char *cache = metrics && volume->direct_io ? "none" : cache_of(disk);
    auto_free char *thread = xasprintf("%u", disk->thread);
    struct machine_topology cpu = machine_topology_read(conversion->domain);
    auto_free char *count = xasprintf("%lld", cpu.sockets * cpu.cores * cpu.threads);
    domain_open(out, "driver", "cache", cache, "error_policy",
        text_or(machine_string(disk->spec, "/errorPolicy"), "stop"), "io", io_of(disk, cache),
        "name", "qemu", "type", volume != NULL ? volume->format : "raw", "iothread",
        disk->thread > 0 ? thread : NULL, "queues", queues ? count : NULL, "discard",
        discards(disk) ? "unmap" : NULL);
    if (disk->pool > 0)
        write_pool(out, disk->pool);
    domain_close(out);
}

/* Writes the backing store of an overlay. */
static void write_backing(struct domain_writer *out, const struct machine_volume *volume)
{
    if (volume->backing_format == NULL)
        return;
    domain_open(out, "backingStore", "type", volume->backing_block ? "block" : "file");
    domain_empty(out, "format", "type", volume->backing_format);
    if (volume->backing_block)
        domain_empty(out, "source", "dev", volume->source, "name", volume->name);
    else
        domain_empty(out, "source", "file", volume->source);
    domain_close(out);
}

static void write_address(
    const struct machine_conversion *conversion, const struct machine_disk *disk)
{
    auto_free char *unit = xasprintf("%zu", disk->unit);
    auto_free char *place = xasprintf("%s/disk/pciAddress", disk->place);
    if (streq(disk->bus, "scsi") && !machine_disk_is_cdrom(disk)) {
        domain_empty(conversion->out, "address", "type", "drive", "bus", "0", "controller", "0",
            "unit", unit);
    } else if (machine_disk_is_virtio(disk)) {
        machine_pci_place(
            conversion, MACHINE_PCI_DISK, machine_string(disk->target, "/pciAddress"), place);
    }
}

static void write_block_size(
    const struct machine_conversion *conversion, const struct machine_disk *disk)
{
    const json_t *custom = machine_value(disk->spec, "/blockSize/custom");
    const json_t *match = machine_value(disk->spec, "/blockSize/matchVolume");
    struct machine_block_size size = {0};
    if (custom != NULL) {
        size.logical = machine_integer(custom, "/logical", 0);
        size.physical = machine_integer(custom, "/physical", 0);
        size.discard = machine_integer(custom, "/discardGranularity", -1);
    } else if (match != NULL && machine_boolean(match, "/enabled", true) && disk->volume != NULL) {
        size = machine_block_size_of(disk->volume);
    }
    if (size.logical == 0)
        return;
    auto_free char *logical = xasprintf("%lld", size.logical);
    auto_free char *physical = xasprintf("%lld", size.physical);
    auto_free char *discard = xasprintf("%lld", size.discard);
    domain_empty(conversion->out, "blockio", "logical_block_size", logical, "physical_block_size",
        physical, "discard_granularity", size.discard >= 0 ? discard : NULL);
}

/* Whether a status has a number where KubeVirt's API takes only a part of 1: "0.055". */
static bool is_part(const char *text)
{
    size_t whole = text != NULL ? strspn(text, "0123456789") : 0;
    size_t rest = whole > 0 && text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
    return whole > 0 && text[whole + (rest > 0 ? 1 + rest : 0)] == '\0';
}

/* What KubeVirt notes about the claim of a disk; libvirt does not know these elements. The part
 * that the file system takes is a cluster's setting, which the VMI's status may have. */
static void write_claim(
    const struct machine_conversion *conversion, const struct machine_disk *disk)
{
    static const char standard[] = "0.055";
    const struct machine_volume *volume = disk->volume;
    if (volume == NULL || machine_disk_is_cdrom(disk) ||
        (volume->kind != MACHINE_PVC && volume->kind != MACHINE_EPHEMERAL))
        return;
    const json_t *statuses = machine_value(conversion->vmi, "/status/volumeStatus");
    const char *overhead = machine_string(machine_item_named(statuses, volume->name),
        "/persistentVolumeClaimInfo/filesystemOverhead");
    bool block = volume->block || volume->backing_block;
    if (!is_part(overhead))
        overhead = block ? "0" : standard;
    domain_text(conversion->out, "filesystemOverhead", "%s", overhead);
    domain_text(conversion->out, "capacity", "%lld", volume->capacity);
}

static bool is_readonly(const struct machine_disk *disk)
{
    if (disk->volume != NULL && disk->volume->kind == MACHINE_DOWNWARD_METRICS)
        return true;
    return machine_boolean(disk->target, "/readonly", machine_disk_is_cdrom(disk));
}

void machine_disk_element_write(
    const struct machine_conversion *conversion, const struct machine_disk *disk)
{
    struct domain_writer *out = conversion->out;
    const struct machine_volume *volume = disk->volume;
    bool cdrom = machine_disk_is_cdrom(disk);
    const char *tray = machine_string(disk->target, "/tray");
    const char *serial = machine_string(disk->spec, "/serial");
    auto_free char *target = target_name(disk);
    long long order = machine_integer(disk->spec, "/bootOrder", 0);
    auto_free char *order_text = xasprintf("%lld", order);

    domain_open(out, "disk", "device", disk->device, "type",
        volume == NULL || volume->block ? "block" : "file", "model",
        machine_disk_is_virtio(disk) ? machine_conversion_virtio_model(conversion) : NULL);
    write_source(out, disk);
    domain_empty(out, "target", "bus", disk->bus, "dev", target, "tray",
        cdrom ? text_or(tray, "closed") : NULL);
    if (streq(disk->device, "disk") && serial != NULL)
        domain_text(out, "serial", "%s", serial);
    write_driver(conversion, disk);
    if (is_readonly(disk))
        domain_empty(out, "readonly");
    machine_conversion_alias(conversion, disk->name);
    if (volume != NULL)
        write_backing(out, volume);
    if (order > 0)
        domain_empty(out, "boot", "order", order_text);
    write_address(conversion, disk);
    write_block_size(conversion, disk);
    write_claim(conversion, disk);
    if (streq(disk->device, "disk") && machine_boolean(disk->spec, "/shareable", false))
        domain_empty(out, "shareable");
    domain_close(out);
}
