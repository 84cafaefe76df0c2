#include "machine/disks.h"

#include <string.h>

#include "base/text.h"
#include "machine/fields.h"
#include "machine/value.h"

enum { SERIAL_MAX = 256 };

/* How many disks have a name of each prefix so far. */
struct names {
    size_t virtio; /* vda, vdb, … */
    size_t scsi; /* sda, sdb, …: on the SCSI and SATA buses */
};

struct disk {
    const json_t *spec; /* NULL: added for a volume without a disk, as KubeVirt does */
    const char *name;
    char *place; /* its JSON Pointer; owned */
    const char *device; /* "disk", "cdrom" or "lun" */
    const json_t *target; /* the disk's object of that name, or NULL */
    const char *bus;
    const struct machine_volume *volume; /* NULL if missing, which is an error */
    size_t unit; /* its number among the disks of its prefix */
};

/* "vda", …, "vdz", "vdaa", …, as Linux names disks. Owned by the caller. */
static char *target_name(const char *prefix, size_t number)
{
    enum { LETTERS = 26 };
    char letters[8] = {0};
    size_t at = sizeof(letters) - 1;
    for (size_t rest = number + 1; rest > 0 && at > 0; rest = (rest - 1) / LETTERS)
        letters[--at] = (char)('a' + (rest - 1) % LETTERS);
    return xasprintf("%s%s", prefix, letters + at);
}

/* Reads which of disk, cdrom and lun a disk is, and its bus. */
static void read_device(const struct machine_conversion *conversion, struct disk *disk)
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
    disk->bus = machine_string(disk->target, "/bus");
    if (disk->bus == NULL)
        disk->bus = streq(disk->device, "lun") ? "scsi" : "sata";
}

/* Finds faults in the combination of a disk and its volume. */
static void check_disk(const struct machine_conversion *conversion, const struct disk *disk)
{
    static const char serial_characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-";
    if (disk->volume == NULL) {
        const char *names[MACHINE_MAX_ITEMS];
        for (size_t i = 0; i < conversion->volumes->count; i++)
            names[i] = conversion->volumes->items[i].name;
        auto_free char *hint = suggest_hint(disk->name, names, conversion->volumes->count);
        auto_free char *place = xasprintf("%s/name", disk->place);
        findings_error(
            conversion->findings, place, "\"%s\" is not the name of a volume%s", disk->name, hint);
    } else if (streq(disk->device, "lun") && disk->volume->path != NULL && !disk->volume->block) {
        findings_error(conversion->findings, disk->place,
            "is a lun, which needs a block device; its volume is the file %s", disk->volume->path);
    }
    const char *serial = machine_string(disk->spec, "/serial");
    if (serial != NULL &&
        (strspn(serial, serial_characters) != strlen(serial) || strlen(serial) > SERIAL_MAX)) {
        auto_free char *place = xasprintf("%s/serial", disk->place);
        findings_error(conversion->findings, place,
            "must be at most %d letters, digits and _ . + -, not \"%s\"", SERIAL_MAX, serial);
    }
}

/* Writes the backing store of a container disk's overlay. */
static void write_backing(struct domain_writer *out, const struct machine_volume *volume)
{
    domain_open(out, "backingStore", "type", "file");
    domain_empty(out, "format", "type", volume->backing_format);
    domain_empty(out, "source", "file", volume->source);
    domain_close(out);
}

static bool is_readonly(const struct disk *disk)
{
    return machine_boolean(disk->target, "/readonly", streq(disk->device, "cdrom"));
}

static void write_disk(const struct machine_conversion *conversion, const struct disk *disk)
{
    struct domain_writer *out = conversion->out;
    const struct machine_volume *volume = disk->volume;
    bool virtio = streq(disk->bus, "virtio");
    bool cdrom = streq(disk->device, "cdrom");
    const char *tray = machine_string(disk->target, "/tray");
    const char *serial = machine_string(disk->spec, "/serial");
    auto_free char *target = target_name(virtio ? "vd" : "sd", disk->unit);
    auto_free char *unit = xasprintf("%zu", disk->unit);

    domain_open(out, "disk", "device", disk->device, "type", volume->block ? "block" : "file",
        "model", virtio ? MACHINE_VIRTIO_MODEL : NULL);
    domain_empty(out, "source", volume->block ? "dev" : "file", volume->path);
    domain_empty(out, "target", "bus", disk->bus, "dev", target, "tray",
        cdrom && tray == NULL ? "closed" : tray);
    if (serial != NULL && serial[0] != '\0')
        domain_text(out, "serial", "%s", serial);
    domain_empty(out, "driver", "cache", machine_string(disk->spec, "/cache"), "error_policy",
        "stop", "name", "qemu", "type", volume->format, "discard", cdrom ? NULL : "unmap");
    if (is_readonly(disk))
        domain_empty(out, "readonly");
    machine_conversion_alias(conversion, disk->name);
    if (volume->kind == MACHINE_CONTAINER_DISK)
        write_backing(out, volume);
    long long order = machine_integer(disk->spec, "/bootOrder", 0);
    auto_free char *order_text = xasprintf("%lld", order);
    if (order > 0)
        domain_empty(out, "boot", "order", order_text);
    if (streq(disk->bus, "scsi") && !cdrom) {
        domain_empty(out, "address", "type", "drive", "bus", "0", "controller", "0", "unit", unit);
    }
    domain_close(out);
}

/* Converts one disk, whose spec, name and place are set. */
static void convert_disk(
    const struct machine_conversion *conversion, struct disk *disk, struct names *names)
{
    disk->volume = machine_volume_named(conversion->volumes, disk->name);
    read_device(conversion, disk);
    disk->unit = streq(disk->bus, "virtio") ? names->virtio++ : names->scsi++;
    check_disk(conversion, disk);
    if (disk->volume != NULL)
        write_disk(conversion, disk);
}

void machine_disks_convert(const struct machine_conversion *conversion)
{
    const json_t *disks = machine_value(conversion->devices, "/disks");
    struct names names = {0};
    for (size_t i = 0; i < json_array_size(disks); i++) {
        auto_free char *place = xasprintf("/spec/domain/devices/disks/%zu", i);
        struct disk disk = {.spec = json_array_get(disks, i), .place = place};
        disk.name = machine_string(disk.spec, "/name");
        convert_disk(conversion, &disk, &names);
    }
    for (size_t i = 0; i < conversion->volumes->count; i++) {
        const char *name = conversion->volumes->items[i].name;
        struct disk disk = {.name = name, .place = (char[]){"/spec/volumes"}};
        if (machine_item_named(disks, name) == NULL)
            convert_disk(conversion, &disk, &names);
    }
}
