#include "machine/fields.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "machine/value.h"

enum { LONGEST_SHOWN = 64 };

/* A string may come into the domain. */
static bool check_printable(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    auto_free char *all = text_printable(text, length, length);
    /* the two characters beyond ASCII that XML does not have */
    if (streq(all, text) && strstr(text, "\uFFFE") == NULL && strstr(text, "\uFFFF") == NULL)
        return true;
    auto_free char *shown = text_printable(text, length, LONGEST_SHOWN);
    findings_error(findings, pointer, "has characters that cannot be printed: \"%s\"", shown);
    return false;
}

/* A name can be an alias and part of a file name. */
static bool check_name(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    if (length > 0 && length <= MACHINE_MAX_NAME && strspn(text, allowed) == length)
        return true;
    auto_free char *shown = text_printable(text, length, LONGEST_SHOWN);
    findings_error(findings, pointer,
        "must be 1 to %d letters, digits, hyphens and underscores, not \"%s\"", MACHINE_MAX_NAME,
        shown);
    return false;
}

static bool check_quantity(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    annotations_quantity quantity = 0;
    if (machine_quantity(value, &quantity))
        return true;
    auto_free char *text = json_dumps(value, JSON_ENCODE_ANY);
    auto_free char *shown = text_printable(text, strlen(text), LONGEST_SHOWN);
    findings_error(findings, pointer, "must be a quantity, such as 512Mi or 2, not %s", shown);
    return false;
}

#define VALUES(...)                                                                                \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
#define STRING SCHEMA_STRING, .type = "string", .check = check_printable
#define NAME SCHEMA_STRING, .type = "name", .check = check_name
#define TEXT SCHEMA_STRING, .type = "text" /* of any characters: it does not come into the domain */
#define INTEGER SCHEMA_INTEGER, .type = "integer"
#define BOOLEAN SCHEMA_BOOLEAN, .type = "boolean"
#define QUANTITY SCHEMA_QUANTITY, .type = "quantity", .check = check_quantity
#define OBJECT SCHEMA_OBJECT, .type = "object"
#define ARRAY SCHEMA_OBJECTS, .type = "array", .maximum = MACHINE_MAX_ITEMS
#define ANY SCHEMA_ANY, .type = "any" /* it is the pod's, and means nothing to the domain */

/* clang-format off: a table */
static const struct schema_field fields[] = {
    {"apiVersion", ANY},
    {"kind", SCHEMA_STRING, .values = VALUES("VirtualMachineInstance")},
    {"metadata", ANY},
    {"status", ANY},

    {"spec", OBJECT, .required = true, .help = "the machine, its volumes and networks"},
    {"spec.architecture", STRING, .values = VALUES("amd64"), .help = "of the guest"},
    {"spec.terminationGracePeriodSeconds", INTEGER, .maximum = 1000000000,
        .help = "between the power button and the end of QEMU; default 30"},

    {"spec.domain", OBJECT, .required = true, .help = "the machine"},
    {"spec.domain.cpu", OBJECT, .help = "processors; default one"},
    {"spec.domain.cpu.cores", INTEGER, .minimum = 1, .maximum = MACHINE_MAX_CPUS,
        .help = "of a socket"},
    {"spec.domain.cpu.sockets", INTEGER, .minimum = 1, .maximum = MACHINE_MAX_CPUS,
        .help = "without cores, sockets and threads: as many as the CPU limit, or else request"},
    {"spec.domain.cpu.maxSockets", INTEGER, .maximum = MACHINE_MAX_CPUS,
        .help = "no effect: nothing is plugged into a running guest"},
    {"spec.domain.cpu.threads", INTEGER, .minimum = 1, .maximum = MACHINE_MAX_CPUS,
        .help = "of a core"},
    {"spec.domain.cpu.model", STRING,
        .help = "host-model (default), host-passthrough or one of libvirt's CPU models"},
    {"spec.domain.memory", OBJECT, .help = "memory"},
    {"spec.domain.memory.guest", QUANTITY,
        .help = "what the guest has; default the memory request, or else limit"},
    {"spec.domain.memory.maxGuest", QUANTITY,
        .help = "no effect: nothing is plugged into a running guest"},
    {"spec.domain.resources", OBJECT, .help = "of the pod"},
    {"spec.domain.resources.requests", OBJECT, .help = "of the pod"},
    {"spec.domain.resources.requests.cpu", QUANTITY,
        .help = "the guest's processors where nothing else says them"},
    {"spec.domain.resources.requests.memory", QUANTITY,
        .help = "the guest's memory where `memory.guest` does not say it"},
    {"spec.domain.resources.limits", OBJECT, .help = "of the pod"},
    {"spec.domain.resources.limits.cpu", QUANTITY,
        .help = "the guest's processors where nothing else says them"},
    {"spec.domain.resources.limits.memory", QUANTITY,
        .help = "the guest's memory where neither `memory.guest` nor a request says it"},
    {"spec.domain.resources.overcommitGuestOverhead", ANY, .help = "of the pod"},
    {"spec.domain.machine", OBJECT, .help = "the board"},
    {"spec.domain.machine.type", STRING,
        .help = "`q35` (default) or one of its versions, `pc-q35-…`"},

    {"spec.domain.firmware", OBJECT, .help = "firmware and what it tells the guest"},
    {"spec.domain.firmware.uuid", STRING,
        .help = "of the SMBIOS system table; default derived from the name, as by KubeVirt"},
    {"spec.domain.firmware.serial", STRING, .help = "of the SMBIOS system table"},
    {"spec.domain.firmware.bootloader", OBJECT, .help = "BIOS (default) or EFI"},
    {"spec.domain.firmware.bootloader.bios", OBJECT, .help = "SeaBIOS"},
    {"spec.domain.firmware.bootloader.bios.useSerial", BOOLEAN,
        .help = "its messages go to the serial console; default false"},
    {"spec.domain.firmware.bootloader.efi", OBJECT,
        .help = "OVMF; its variables are new at each start"},
    {"spec.domain.firmware.bootloader.efi.secureBoot", BOOLEAN,
        .help = "default true, which takes `features.smm`"},
    {"spec.domain.firmware.kernelBoot", OBJECT, .help = "a kernel without a boot loader"},
    {"spec.domain.firmware.kernelBoot.kernelArgs", STRING, .help = "its command line"},
    {"spec.domain.firmware.kernelBoot.container", OBJECT, .help = "where it is"},
    {"spec.domain.firmware.kernelBoot.container.image", ANY, .help = "of the pod"},
    {"spec.domain.firmware.kernelBoot.container.imagePullPolicy", ANY, .help = "of the pod"},
    {"spec.domain.firmware.kernelBoot.container.imagePullSecret", ANY, .help = "of the pod"},
    {"spec.domain.firmware.kernelBoot.container.kernelPath", STRING,
        .help = "the file, where KubeVirt mounts it or else at this path"},
    {"spec.domain.firmware.kernelBoot.container.initrdPath", STRING, .help = "likewise"},

    {"spec.domain.features", OBJECT, .help = "of the board"},
    {"spec.domain.features.acpi", OBJECT, .help = "ACPI"},
    {"spec.domain.features.acpi.enabled", BOOLEAN, .help = "default true, also without `features`"},
    {"spec.domain.features.apic", OBJECT, .help = "interrupt controllers"},
    {"spec.domain.features.apic.enabled", BOOLEAN, .help = "default true"},
    {"spec.domain.features.smm", OBJECT, .help = "System Management Mode"},
    {"spec.domain.features.smm.enabled", BOOLEAN, .help = "default true"},

    {"spec.domain.clock", OBJECT, .help = "the guest's clock"},
    {"spec.domain.clock.utc", OBJECT, .help = "it begins at UTC at each start"},
    {"spec.domain.clock.utc.offsetSeconds", INTEGER, .minimum = -2147483647, .maximum = 2147483647,
        .help = "it begins this far from UTC"},
    {"spec.domain.clock.timezone", STRING, .help = "it begins at the time of this zone"},
    {"spec.domain.clock.timer", OBJECT, .help = "which timers there are"},
    {"spec.domain.clock.timer.rtc", OBJECT, .help = "real-time clock"},
    {"spec.domain.clock.timer.rtc.present", BOOLEAN, .help = "default true"},
    {"spec.domain.clock.timer.rtc.tickPolicy", STRING, .values = VALUES("delay", "catchup"),
        .help = "what becomes of missed ticks"},
    {"spec.domain.clock.timer.rtc.track", STRING, .values = VALUES("guest", "wall"),
        .help = "whose time it follows"},
    {"spec.domain.clock.timer.pit", OBJECT, .help = "programmable interval timer"},
    {"spec.domain.clock.timer.pit.present", BOOLEAN, .help = "default true"},
    {"spec.domain.clock.timer.pit.tickPolicy", STRING,
        .values = VALUES("delay", "catchup", "discard"), .help = "what becomes of missed ticks"},
    {"spec.domain.clock.timer.kvm", OBJECT, .help = "KVM's clock"},
    {"spec.domain.clock.timer.kvm.present", BOOLEAN, .help = "default true"},
    {"spec.domain.clock.timer.hpet", OBJECT, .help = "high precision event timer"},
    {"spec.domain.clock.timer.hpet.present", BOOLEAN, .help = "default true"},
    {"spec.domain.clock.timer.hpet.tickPolicy", STRING,
        .values = VALUES("delay", "catchup", "merge", "discard"),
        .help = "what becomes of missed ticks"},
    {"spec.domain.clock.timer.hyperv", OBJECT, .help = "Hyper-V's clock"},
    {"spec.domain.clock.timer.hyperv.present", BOOLEAN, .help = "default true"},

    {"spec.domain.devices", OBJECT, .help = "devices"},
    {"spec.domain.devices.autoattachPodInterface", BOOLEAN,
        .help = "without interfaces and networks: one interface, masquerade; default true"},
    {"spec.domain.devices.autoattachGraphicsDevice", BOOLEAN,
        .help = "a screen, over VNC at a unix socket; default true"},
    {"spec.domain.devices.autoattachSerialConsole", BOOLEAN,
        .help = "a serial console; default true"},
    {"spec.domain.devices.autoattachMemBalloon", BOOLEAN, .help = "a memory balloon; default true"},
    {"spec.domain.devices.disableHotplug", BOOLEAN,
        .help = "no effect: nothing is plugged into a running guest"},
    {"spec.domain.devices.disks", ARRAY,
        .help = "disks; a volume without one gets one at the sata bus"},
    {"spec.domain.devices.disks[].name", NAME, .required = true,
        .help = "of its volume; the device's alias is `ua-` and this"},
    {"spec.domain.devices.disks[].disk", OBJECT, .help = "a disk (default)"},
    {"spec.domain.devices.disks[].disk.bus", STRING, .values = VALUES("virtio", "sata", "scsi"),
        .help = "default sata"},
    {"spec.domain.devices.disks[].disk.readonly", BOOLEAN, .help = "default false"},
    {"spec.domain.devices.disks[].cdrom", OBJECT, .help = "a CD-ROM drive"},
    {"spec.domain.devices.disks[].cdrom.bus", STRING, .values = VALUES("sata", "scsi"),
        .help = "default sata"},
    {"spec.domain.devices.disks[].cdrom.readonly", BOOLEAN, .help = "default true"},
    {"spec.domain.devices.disks[].cdrom.tray", STRING, .values = VALUES("closed", "open"),
        .help = "default closed"},
    {"spec.domain.devices.disks[].lun", OBJECT,
        .help = "a block device that takes SCSI commands itself"},
    {"spec.domain.devices.disks[].lun.bus", STRING, .values = VALUES("scsi"),
        .help = "default scsi, the one that QEMU can do this on"},
    {"spec.domain.devices.disks[].lun.readonly", BOOLEAN, .help = "default false"},
    {"spec.domain.devices.disks[].bootOrder", INTEGER, .minimum = 1, .maximum = 1000000,
        .help = "lower is tried first; each differs from all others, interfaces' too"},
    {"spec.domain.devices.disks[].serial", STRING,
        .help = "letters, digits, `_`, `.`, `+` and `-`"},
    {"spec.domain.devices.disks[].cache", STRING,
        .values = VALUES("none", "writethrough", "writeback"), .help = "default QEMU's own"},
    {"spec.domain.devices.interfaces", ARRAY, .help = "network interfaces"},
    {"spec.domain.devices.interfaces[].name", NAME, .required = true,
        .help = "of its network; the device's alias is `ua-` and this"},
    {"spec.domain.devices.interfaces[].masquerade", OBJECT, .help = "QEMU's user networking"},
    {"spec.domain.devices.interfaces[].slirp", OBJECT, .help = "QEMU's user networking"},
    {"spec.domain.devices.interfaces[].model", STRING,
        .values = VALUES("virtio", "e1000", "e1000e", "igb", "rtl8139", "pcnet", "ne2k_pci"),
        .help = "default virtio"},
    {"spec.domain.devices.interfaces[].macAddress", STRING,
        .help = "`de:ad:00:00:be:af` or `DE-AD-00-00-BE-AF`; default a new one at each start"},
    {"spec.domain.devices.interfaces[].bootOrder", INTEGER, .minimum = 1, .maximum = 1000000,
        .help = "as of disks"},
    {"spec.domain.devices.interfaces[].ports", ARRAY,
        .help = "ports of the guest that are forwarded from here, same number"},
    {"spec.domain.devices.interfaces[].ports[].port", INTEGER, .minimum = 1, .maximum = 65535,
        .required = true, .help = "its number"},
    {"spec.domain.devices.interfaces[].ports[].protocol", STRING, .values = VALUES("TCP", "UDP"),
        .help = "default TCP"},
    {"spec.domain.devices.interfaces[].ports[].name", ANY, .help = "for services"},
    {"spec.domain.devices.inputs", ARRAY, .help = "input devices"},
    {"spec.domain.devices.inputs[].name", NAME, .required = true,
        .help = "the device's alias is `ua-` and this"},
    {"spec.domain.devices.inputs[].type", STRING, .values = VALUES("tablet"),
        .help = "default tablet"},
    {"spec.domain.devices.inputs[].bus", STRING, .values = VALUES("virtio", "usb"),
        .help = "default usb"},
    {"spec.domain.devices.rng", OBJECT, .help = "random numbers from this machine"},
    {"spec.domain.devices.watchdog", OBJECT, .help = "a watchdog"},
    {"spec.domain.devices.watchdog.name", NAME, .required = true,
        .help = "the device's alias is `ua-` and this"},
    {"spec.domain.devices.watchdog.i6300esb", OBJECT, .help = "its model (default)"},
    {"spec.domain.devices.watchdog.i6300esb.action", STRING,
        .values = VALUES("reset", "poweroff", "shutdown"), .help = "default reset"},

    {"spec.networks", ARRAY, .help = "one for each interface"},
    {"spec.networks[].name", NAME, .required = true, .help = "of its interface"},
    {"spec.networks[].pod", ANY, .required = true, .help = "the one kind of network that there is"},

    {"spec.volumes", ARRAY, .help = "what the disks hold"},
    {"spec.volumes[].name", NAME, .required = true, .help = "of its disk"},
    {"spec.volumes[].containerDisk", OBJECT,
        .help = "an image that stays as it is: what the guest writes is gone with it"},
    {"spec.volumes[].containerDisk.image", STRING, .required = true,
        .help = "its file is given with `--container-disk`"},
    {"spec.volumes[].containerDisk.path", ANY, .help = "in the image"},
    {"spec.volumes[].containerDisk.imagePullPolicy", ANY, .help = "of the pod"},
    {"spec.volumes[].containerDisk.imagePullSecret", ANY, .help = "of the pod"},
    {"spec.volumes[].hostDisk", OBJECT, .help = "a raw image file"},
    {"spec.volumes[].hostDisk.path", STRING, .required = true,
        .help = "the file, where KubeVirt mounts it or else at this path"},
    {"spec.volumes[].hostDisk.type", STRING, .required = true,
        .values = VALUES("Disk", "DiskOrCreate"), .help = "whether it is made where it lacks"},
    {"spec.volumes[].hostDisk.capacity", QUANTITY, .help = "of one that is made"},
    {"spec.volumes[].hostDisk.shared", ANY, .help = "of the cluster"},
    {"spec.volumes[].persistentVolumeClaim", OBJECT,
        .help = "a block device, or the raw image disk.img of a directory"},
    {"spec.volumes[].persistentVolumeClaim.claimName", STRING, .required = true,
        .help = "its device, file or directory is given with `--pvc`"},
    {"spec.volumes[].dataVolume", OBJECT, .help = "the claim of its name"},
    {"spec.volumes[].dataVolume.name", STRING, .required = true, .help = "of the claim"},
    {"spec.volumes[].emptyDisk", OBJECT, .help = "an empty disk, gone with the guest"},
    {"spec.volumes[].emptyDisk.capacity", QUANTITY, .required = true, .help = "its size"},
    {"spec.volumes[].cloudInitNoCloud", OBJECT, .help = "an ISO image with the label cidata"},
    {"spec.volumes[].cloudInitNoCloud.userData", TEXT, .help = "as it is"},
    {"spec.volumes[].cloudInitNoCloud.userDataBase64", TEXT, .help = "in base64"},
    {"spec.volumes[].cloudInitNoCloud.secretRef", OBJECT,
        .help = "the file userdata of a directory, as of `secret`"},
    {"spec.volumes[].cloudInitNoCloud.secretRef.name", ANY, .help = "of the pod"},
    {"spec.volumes[].cloudInitNoCloud.networkData", TEXT, .help = "as it is"},
    {"spec.volumes[].cloudInitNoCloud.networkDataBase64", TEXT, .help = "in base64"},
    {"spec.volumes[].cloudInitNoCloud.networkDataSecretRef", OBJECT,
        .help = "the file networkdata of a directory, as of `secret`"},
    {"spec.volumes[].cloudInitNoCloud.networkDataSecretRef.name", ANY, .help = "of the pod"},
    {"spec.volumes[].cloudInitConfigDrive", OBJECT, .help = "an ISO image with the label config-2"},
    {"spec.volumes[].cloudInitConfigDrive.userData", TEXT, .help = "as it is"},
    {"spec.volumes[].cloudInitConfigDrive.userDataBase64", TEXT, .help = "in base64"},
    {"spec.volumes[].cloudInitConfigDrive.secretRef", OBJECT,
        .help = "the file userdata of a directory, as of `secret`"},
    {"spec.volumes[].cloudInitConfigDrive.secretRef.name", ANY, .help = "of the pod"},
    {"spec.volumes[].cloudInitConfigDrive.networkData", TEXT, .help = "as it is"},
    {"spec.volumes[].cloudInitConfigDrive.networkDataBase64", TEXT, .help = "in base64"},
    {"spec.volumes[].cloudInitConfigDrive.networkDataSecretRef", OBJECT,
        .help = "the file networkdata of a directory, as of `secret`"},
    {"spec.volumes[].cloudInitConfigDrive.networkDataSecretRef.name", ANY, .help = "of the pod"},
    {"spec.volumes[].configMap", OBJECT,
        .help = "a directory's files as an ISO image; the directory is given with `--volume-dir`"},
    {"spec.volumes[].configMap.name", STRING, .help = "of the pod"},
    {"spec.volumes[].configMap.optional", BOOLEAN,
        .help = "an empty image where the directory lacks; default false"},
    {"spec.volumes[].configMap.volumeLabel", STRING, .help = "of the image; default cfgdata"},
    {"spec.volumes[].secret", OBJECT, .help = "likewise"},
    {"spec.volumes[].secret.secretName", STRING, .help = "of the pod"},
    {"spec.volumes[].secret.optional", BOOLEAN, .help = "as of `configMap`"},
    {"spec.volumes[].secret.volumeLabel", STRING, .help = "as of `configMap`"},
    {"spec.volumes[].downwardAPI", OBJECT, .help = "likewise"},
    {"spec.volumes[].downwardAPI.fields", ANY, .help = "of the pod"},
    {"spec.volumes[].downwardAPI.volumeLabel", STRING, .help = "as of `configMap`"},

    {"spec.affinity", ANY, .help = "of the pod"},
    {"spec.dnsConfig", ANY, .help = "of the pod"},
    {"spec.dnsPolicy", ANY, .help = "of the pod"},
    {"spec.evictionStrategy", ANY, .help = "of the cluster"},
    {"spec.hostname", ANY, .help = "of the pod"},
    {"spec.livenessProbe", ANY, .help = "of the pod"},
    {"spec.nodeSelector", ANY, .help = "of the pod"},
    {"spec.priorityClassName", ANY, .help = "of the pod"},
    {"spec.readinessProbe", ANY, .help = "of the pod"},
    {"spec.schedulerName", ANY, .help = "of the pod"},
    {"spec.serviceAccountName", ANY, .help = "of the pod"},
    {"spec.subdomain", ANY, .help = "of the pod"},
    {"spec.tolerations", ANY, .help = "of the pod"},
    {"spec.topologySpreadConstraints", ANY, .help = "of the pod"},
    {.path = NULL},
};
/* clang-format on */

const struct schema machine_schema = {
    .fields = fields,
    .null = SCHEMA_NULL_SKIPPED,
    .unknown = "is not supported by hook-launcher",
};
