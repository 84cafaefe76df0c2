#include "appliance/ovf_devices.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "appliance/name.h"
#include "appliance/ovf_label.h"
#include "base/text.h"

enum { SHOWN_MAX = 120 };

static char *shown(const char *text)
{
    return text_printable(text_or(text, ""), strlen(text_or(text, "")), SHOWN_MAX);
}

static bool contains(const char *text, const char *part)
{
    return text != NULL && strcasestr(text, part) != NULL;
}

/* The bus of a disk on this controller, which may be NULL; says so where it is another one. */
static const char *bus_of(const struct appliance_ovf_item *disk,
    const struct appliance_ovf_item *controller, struct findings *findings)
{
    const char *was = "no controller";
    if (controller != NULL && controller->type == APPLIANCE_OVF_SCSI)
        return "scsi";
    if (controller != NULL && controller->type == APPLIANCE_OVF_USB)
        return "usb";
    if (controller != NULL && controller->type == APPLIANCE_OVF_STORAGE) {
        if (contains(controller->subtype, "ahci") || contains(controller->subtype, "sata"))
            return "sata";
        was = text_or(controller->subtype, "a controller of another kind");
    } else if (controller != NULL && controller->type == APPLIANCE_OVF_IDE) {
        was = "IDE";
    }
    auto_free char *name = shown(was);
    findings_warning(findings, "", "line %ld: %s becomes the bus sata", disk->line, name);
    return "sata";
}

/* qemu-img's name of a format.
 * Source: the URIs that VMware, VirtualBox, QEMU and Microsoft write; ISO 9660 is Ecma-119. */
static const char *format_of(const char *uri)
{
    static const struct {
        const char *part;
        const char *format;
    } formats[] = {
        {"vmdk", "vmdk"},
        {"qcow", "qcow2"},
        {"vhdx", "vhdx"},
        {"LinkId=137171", "vpc"},
        {"vhd", "vpc"},
        {"Ecma-119", "raw"},
        {"iso9660", "raw"},
        {"raw", "raw"},
    };
    for (size_t i = 0; uri != NULL && i < ARRAY_SIZE(formats); i++) {
        if (contains(uri, formats[i].part))
            return formats[i].format;
    }
    return NULL;
}

/* Whether a medium may be a disk's; adds the error otherwise. */
static bool check_medium(const struct appliance_ovf_item *item,
    const struct appliance_ovf_medium *medium, struct findings *findings)
{
    auto_free char *resource = shown(item->resource);
    if (medium == NULL)
        findings_error(findings, "",
            "line %ld: HostResource \"%s\" is not a disk or file of the package", item->line,
            resource);
    else if (medium->parent != NULL)
        findings_error(findings, "",
            "line %ld: the disk \"%s\" has only the differences to another one (parentRef): "
            "export the machine without snapshots",
            medium->line, medium->id);
    else if (medium->is_split)
        findings_error(findings, "",
            "line %ld: the file of \"%s\" is in parts or compressed as a whole: export it as one "
            "plain file",
            medium->line, medium->id);
    else if (medium->href == NULL && medium->capacity == 0)
        findings_error(findings, "", "line %ld: the disk \"%s\" has neither a file nor a capacity",
            medium->line, medium->id);
    else
        return true;
    return false;
}

/* An empty disk as a template with this claim's name. */
static json_t *blank_template(const char *claim, long long capacity)
{
    enum { MIB = 1 << 20 };
    auto_free char *size = xasprintf("%lldMi", capacity / MIB + (capacity % MIB != 0));
    return json_pack("{s:{s:s}, s:{s:{s:{}}, s:{s:{s:{s:s}}}}}", "metadata", "name", claim, "spec",
        "source", "blank", "storage", "resources", "requests", "storage", size);
}

/* Whether a medium with a file is that of an earlier disk. */
static bool is_used(const struct appliance_ovf *ovf, const char *href)
{
    for (size_t i = 0; i < ovf->disk_count; i++) {
        if (streq(ovf->disks[i].href, href))
            return true;
    }
    return false;
}

static void add_disk(struct appliance_ovf *ovf, const struct appliance_ovf_medium *medium,
    const char *volume, const char *claim)
{
    ovf->disks = xreallocarray(ovf->disks, ovf->disk_count + 1, sizeof(*ovf->disks));
    ovf->disks[ovf->disk_count++] = (struct appliance_ovf_disk){
        .volume = xstrdup(volume),
        .claim = xstrdup(claim),
        .href = xstrdup(medium->href),
        .format = medium->is_disk ? format_of(medium->format) : NULL,
        .capacity = medium->capacity,
        .size = medium->size,
    };
}

static void make_disk(struct appliance_ovf_devices *devices, const struct appliance_ovf_item *item,
    const char *volume, bool is_first, struct appliance_ovf *ovf, struct findings *findings)
{
    bool is_cdrom = item->type != APPLIANCE_OVF_DISK;
    const struct appliance_ovf_medium *medium =
        appliance_ovf_media_find(devices->media, item->resource);
    if (!check_medium(item, medium, findings))
        return;
    if (medium->href != NULL && is_used(ovf, medium->href)) {
        findings_error(findings, "", "line %ld: the file of \"%s\" is that of another disk, too",
            item->line, medium->id);
        return;
    }
    const char *bus =
        bus_of(item, appliance_ovf_hardware_find(devices->hardware, item->parent), findings);
    auto_free char *claim = appliance_name_join(devices->vm_name, volume);
    json_t *disk =
        json_pack("{s:s, s:{s:s}}", "name", volume, is_cdrom ? "cdrom" : "disk", "bus", bus);
    if (is_first)
        json_object_set_new(disk, "bootOrder", json_integer(1));
    json_array_append_new(json_object_get(devices->devices, "disks"), disk);
    json_array_append_new(
        devices->volumes, json_pack("{s:s, s:{s:s}}", "name", volume, "dataVolume", "name", claim));
    if (medium->href != NULL)
        add_disk(ovf, medium, volume, claim);
    else
        json_array_append_new(devices->templates, blank_template(claim, medium->capacity));
}

void appliance_ovf_devices_make_disks(
    struct appliance_ovf_devices *devices, struct appliance_ovf *ovf, struct findings *findings)
{
    size_t disks = 0;
    size_t cdroms = 0;
    devices->devices = json_pack("{s:[]}", "disks");
    devices->volumes = json_array();
    devices->templates = json_array();
    for (size_t i = 0; i < devices->hardware->count; i++) {
        const struct appliance_ovf_item *item = &devices->hardware->items[i];
        bool is_cdrom = item->type == APPLIANCE_OVF_CD || item->type == APPLIANCE_OVF_DVD;
        if (item->type == APPLIANCE_OVF_FLOPPY)
            findings_warning(findings, "", "line %ld: the floppy drive is left out", item->line);
        /* a drive without a medium, or with one of the machine that it was exported from */
        if ((!is_cdrom && item->type != APPLIANCE_OVF_DISK) ||
            (is_cdrom && appliance_ovf_media_find(devices->media, item->resource) == NULL))
            continue;
        auto_free char *volume = is_cdrom     ? xasprintf("cdrom%zu", ++cdroms)
                                 : disks == 0 ? xstrdup("rootdisk")
                                              : xasprintf("disk%zu", disks + 1);
        make_disk(devices, item, volume, !is_cdrom && disks == 0, ovf, findings);
        disks += !is_cdrom;
    }
    if (disks == 0)
        findings_error(findings, "", "the machine has no disk");
}

/* The model of an interface; says so where it is another one. */
static const char *model_of(
    const struct appliance_ovf_item *item, bool is_windows, struct findings *findings)
{
    static const struct {
        const char *part;
        const char *model;
    } models[] = {
        {"e1000e", "e1000e"},
        {"e1000", "e1000"},
        {"pcnet", "pcnet"},
        {"rtl8139", "rtl8139"},
        {"virtio", "virtio"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
        if (contains(item->subtype, models[i].part))
            return models[i].model;
    }
    const char *model = is_windows ? "e1000e" : "virtio";
    if (item->subtype != NULL) {
        auto_free char *was = shown(item->subtype);
        findings_warning(
            findings, "", "line %ld: the interface %s becomes %s", item->line, was, model);
    }
    return model;
}

/* Where a network of the descriptor goes: "pod", or the name of one of Multus. Owned by the
 * caller. */
static char *place_network(const struct appliance_ovf_devices *devices,
    const struct appliance_ovf_item *item, bool is_first, struct findings *findings)
{
    const char *name = text_or(item->network, "");
    const char *given =
        devices->request->networks != NULL ? pairs_find(devices->request->networks, name) : NULL;
    if (given != NULL)
        return xstrdup(given);
    auto_free char *printable = shown(name);
    auto_free char *label = is_first ? xstrdup("pod") : appliance_ovf_label(name, "network");
    if (is_first)
        findings_warning(findings, "",
            "line %ld: the network \"%s\" becomes the pod network (--network \"%s=NAME\": that of "
            "a NetworkAttachmentDefinition)",
            item->line, printable, printable);
    else
        findings_warning(findings, "",
            "line %ld: the network \"%s\" becomes the NetworkAttachmentDefinition \"%s\", which "
            "must be there (--network \"%s=NAME\": another one)",
            item->line, printable, label, printable);
    return steal(&label);
}

void appliance_ovf_devices_make_interfaces(
    struct appliance_ovf_devices *devices, bool is_windows, struct findings *findings)
{
    size_t count = 0;
    size_t pods = 0;
    json_t *interfaces = json_array();
    devices->networks = json_array();
    for (size_t i = 0; i < devices->hardware->count; i++) {
        const struct appliance_ovf_item *item = &devices->hardware->items[i];
        if (item->type != APPLIANCE_OVF_ETHERNET)
            continue;
        auto_free char *name = xasprintf("nic%zu", ++count);
        auto_free char *network = place_network(devices, item, count == 1, findings);
        const char *model = model_of(item, is_windows, findings);
        bool is_pod = streq(network, "pod");
        pods += is_pod;
        json_array_append_new(interfaces, json_pack("{s:s, s:s, s:{}}", "name", name, "model",
                                              model, is_pod ? "masquerade" : "bridge"));
        json_array_append_new(devices->networks,
            is_pod ? json_pack("{s:s, s:{}}", "name", name, "pod")
                   : json_pack("{s:s, s:{s:s}}", "name", name, "multus", "networkName", network));
    }
    if (pods > 1)
        findings_error(findings, "",
            "%zu interfaces are on the pod network; KubeVirt allows one (--network NAME=…)", pods);
    if (count == 0)
        json_object_set_new(devices->devices, "autoattachPodInterface", json_false());
    else
        json_object_set(devices->devices, "interfaces", interfaces);
    json_decref(interfaces);
}

void appliance_ovf_devices_clear(struct appliance_ovf_devices *devices)
{
    json_decref(devices->devices);
    json_decref(devices->networks);
    json_decref(devices->volumes);
    json_decref(devices->templates);
    *devices = (struct appliance_ovf_devices){0};
}
