#include "machine/disks.h"

#include "base/text.h"
#include "machine/disk_element.h"
#include "machine/iothreads.h"
#include "machine/value.h"

/* What the disks share. */
struct turns {
    size_t virtio; /* disks so far that are named vda, vdb, … */
    size_t scsi; /* and sda, sdb, …: on the other buses */
    struct machine_iothreads threads;
    unsigned shared; /* the shared thread whose turn it is */
    unsigned dedicated; /* the next disk's own thread */
};

/* Gives the disk, if it is on the virtio bus, its thread of I/O. */
static void take_thread(struct machine_disk *disk, struct turns *turns)
{
    if (!machine_disk_is_virtio(disk))
        return;
    disk->pool = turns->threads.pool;
    if (turns->threads.dedicated > 0 && machine_boolean(disk->spec, "/dedicatedIOThread", false)) {
        disk->thread = turns->dedicated++;
    } else if (turns->threads.shared > 0) {
        disk->thread = turns->shared;
        turns->shared = turns->shared % turns->threads.shared + 1;
    }
}

/* Converts one disk, whose spec, name and place are set. */
static void convert_disk(
    const struct machine_conversion *conversion, struct machine_disk *disk, struct turns *turns)
{
    machine_disk_read(conversion, disk);
    disk->unit = machine_disk_is_virtio(disk) ? turns->virtio++ : turns->scsi++;
    take_thread(disk, turns);
    machine_disk_check(conversion, disk);
    if (disk->volume != NULL || machine_disk_is_cdrom(disk))
        machine_disk_element_write(conversion, disk);
}

void machine_disks_convert(const struct machine_conversion *conversion)
{
    const json_t *disks = machine_value(conversion->devices, "/disks");
    struct turns turns = {.threads = machine_iothreads_count(conversion), .shared = 1};
    turns.dedicated = turns.threads.shared + 1;
    for (size_t i = 0; i < json_array_size(disks); i++) {
        auto_free char *place = xasprintf("/spec/domain/devices/disks/%zu", i);
        struct machine_disk disk = {.spec = json_array_get(disks, i), .place = place};
        disk.name = machine_string(disk.spec, "/name");
        convert_disk(conversion, &disk, &turns);
    }
    for (size_t i = 0; i < conversion->volumes->count; i++) {
        const char *name = conversion->volumes->items[i].name;
        struct machine_disk disk = {.name = name, .place = "/spec/volumes"};
        if (machine_item_named(disks, name) == NULL)
            convert_disk(conversion, &disk, &turns);
    }
}
