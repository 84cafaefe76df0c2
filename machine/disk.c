#include "machine/disk.h"

#include <string.h>

#include "base/text.h"
#include "machine/fields.h"
#include "machine/value.h"

enum {
    SERIAL_MAX = 256,
    SECTOR_BYTES = 512, /* the only logical block size on the sata bus */
};

bool machine_disk_is_virtio(const struct machine_disk *disk)
{
    return streq(disk->bus, "virtio");
}

bool machine_disk_is_cdrom(const struct machine_disk *disk)
{
    return streq(disk->device, "cdrom");
}

void machine_disk_read(const struct machine_conversion *conversion, struct machine_disk *disk)
{
    static const char *const devices[] = {"disk", "cdrom", "lun"};
    size_t count = 0;
    disk->device = "disk";
    for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
        const json_t *target = json_object_get(disk->spec, devices[i]);
        if (!json_is_object(target))
            continue;
        disk->device = devices[i];
        disk->target = target;
        count++;
    }
    if (count > 1) {
        findings_error(
            conversion->findings, disk->place, "must be only one of disk, cdrom and lun");
    }
    disk->volume = machine_volume_named(conversion->volumes, disk->name);
    disk->bus = machine_string(disk->target, "/bus");
    if (disk->bus == NULL)
        disk->bus = streq(disk->device, "lun") ? "scsi" : "sata";
}

/* Adds an error about a field of the disk. */
static void fault(const struct machine_conversion *conversion, const struct machine_disk *disk,
    const char *field, const char *message)
{
    auto_free char *place = xasprintf("%s/%s", disk->place, field);
    findings_error(conversion->findings, place, "%s", message);
}

static void check_volume(
    const struct machine_conversion *conversion, const struct machine_disk *disk)
{
    const struct machine_volume *volume = disk->volume;
    if (volume == NULL && !machine_disk_is_cdrom(disk)) {
        const char *names[MACHINE_MAX_ITEMS];
        for (size_t i = 0; i < conversion->volumes->count; i++)
            names[i] = conversion->volumes->items[i].name;
        auto_free char *hint = suggest_hint(disk->name, names, conversion->volumes->count);
        auto_free char *place = xasprintf("%s/name", disk->place);
        findings_error(
            conversion->findings, place, "\"%s\" is not the name of a volume%s", disk->name, hint);
    } else if (volume != NULL && streq(disk->device, "lun") && volume->path != NULL &&
               !volume->block) {
        findings_error(conversion->findings, disk->place,
            "is a lun, which needs a block device; its volume is the file %s", volume->path);
    }
}

static void check_serial(
    const struct machine_conversion *conversion, const struct machine_disk *disk)
{
    static const char characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-";
    const char *serial = machine_string(disk->spec, "/serial");
    if (serial == NULL ||
        (strspn(serial, characters) == strlen(serial) && strlen(serial) <= SERIAL_MAX))
        return;
    auto_free char *place = xasprintf("%s/serial", disk->place);
    findings_error(conversion->findings, place,
        "must be at most %d letters, digits and _ . + -, not \"%s\"", SERIAL_MAX, serial);
}

/* What KubeVirt refuses on a bus. */
static void check_bus(const struct machine_conversion *conversion, const struct machine_disk *disk)
{
    const char *address = machine_string(disk->target, "/pciAddress");
    bool readonly = machine_boolean(disk->target, "/readonly", false);
    if (streq(disk->bus, "sata") && streq(disk->device, "disk") && readonly)
        fault(conversion, disk, "disk/readonly", "is not possible on the sata bus");
    if (address != NULL && !machine_disk_is_virtio(disk))
        fault(conversion, disk, "disk/pciAddress", "is only possible on the virtio bus");
    if (machine_boolean(disk->spec, "/dedicatedIOThread", false) && !machine_disk_is_virtio(disk))
        fault(conversion, disk, "dedicatedIOThread", "is only possible on the virtio bus");
}

/* What KubeVirt refuses as a block size. */
static void check_block_size(
    const struct machine_conversion *conversion, const struct machine_disk *disk)
{
    const json_t *custom = machine_value(disk->spec, "/blockSize/custom");
    const json_t *match = machine_value(disk->spec, "/blockSize/matchVolume");
    long long logical = machine_integer(custom, "/logical", 0);
    long long physical = machine_integer(custom, "/physical", 0);
    long long discard = machine_integer(custom, "/discardGranularity", 0);
    if (custom == NULL)
        return;
    if (match != NULL && machine_boolean(match, "/enabled", true))
        fault(conversion, disk, "blockSize", "must have only one of custom and matchVolume");
    else if (logical > physical)
        fault(conversion, disk, "blockSize/custom/logical", "must not be larger than physical");
    else if ((logical & (logical - 1)) != 0 || (physical & (physical - 1)) != 0)
        fault(conversion, disk, "blockSize/custom", "must have powers of 2");
    else if (streq(disk->bus, "sata") && logical != SECTOR_BYTES)
        fault(conversion, disk, "blockSize/custom/logical", "must be 512 on the sata bus");
    else if (logical > 0 && discard % logical != 0)
        fault(conversion, disk, "blockSize/custom/discardGranularity",
            "must be a multiple of logical");
}

/* cache "none", which a shareable disk needs, is direct I/O. */
static void check_cache(
    const struct machine_conversion *conversion, const struct machine_disk *disk)
{
    const char *cache = machine_string(disk->spec, "/cache");
    bool none = cache != NULL && streq(cache, "none");
    bool shareable = machine_boolean(disk->spec, "/shareable", false);
    if (shareable && cache != NULL && !none)
        fault(conversion, disk, "cache", "must be none, because the disk is shareable");
    else if ((none || shareable) && disk->volume != NULL && disk->volume->path != NULL &&
             !disk->volume->direct_io) {
        auto_free char *place = xasprintf("%s/cache", disk->place);
        findings_error(conversion->findings, place,
            "cannot be none: the file system of %s does not support direct I/O",
            disk->volume->path);
    }
}

void machine_disk_check(
    const struct machine_conversion *conversion, const struct machine_disk *disk)
{
    check_volume(conversion, disk);
    check_serial(conversion, disk);
    check_bus(conversion, disk);
    check_block_size(conversion, disk);
    check_cache(conversion, disk);
}
