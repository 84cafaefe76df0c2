#include "machine/fields.h"

#include <string.h>

#include "annotations/names.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "machine/value.h"

enum {
    LONGEST_SHOWN = 64,
    MAX_VENDOR = 12, /* bytes, in the registers of CPUID */
    MAX_LABEL = 32, /* bytes, of ISO 9660's volume identifier */
};

/* Whether XML allows all characters of a text. */
static bool is_xml(const char *text, size_t length)
{
    auto_free char *plain = xmemdup(text, length + 1);
    for (size_t i = 0; i < length; i++) {
        if (strchr("\t\n\r", plain[i]) != NULL && plain[i] != '\0')
            plain[i] = ' '; /* the control characters that are allowed */
    }
    auto_free char *printable = text_printable(plain, length, length);
    /* the two characters beyond ASCII that are not */
    return streq(printable, plain) && strstr(text, "\uFFFE") == NULL &&
           strstr(text, "\uFFFF") == NULL;
}

/* A string that may be in the domain. */
static bool check_printable(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    if (is_xml(text, length))
        return true;
    auto_free char *shown = text_printable(text, length, LONGEST_SHOWN);
    findings_error(findings, pointer, "contains characters that cannot be printed: \"%s\"", shown);
    return false;
}

/* A name becomes an alias and part of file names. */
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

/* A feature of the processor: what libvirt's schema takes as its name. */
static bool check_feature(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    if (length > 0 && strspn(text, allowed) == length)
        return true;
    auto_free char *shown = text_printable(text, length, LONGEST_SHOWN);
    findings_error(findings, pointer,
        "must be a feature that libvirt knows, such as \"aes\", not \"%s\"", shown);
    return false;
}

/* A vendor, as the CPUID instruction gives it. */
static bool check_vendor(const struct schema_field *field, const json_t *value, const char *pointer,
    struct findings *findings)
{
    if (!check_printable(field, value, pointer, findings))
        return false;
    const char *text = json_string_value(value);
    if (json_string_length(value) <= MAX_VENDOR && strchr(text, ',') == NULL)
        return true;
    auto_free char *shown = text_printable(text, strlen(text), LONGEST_SHOWN);
    findings_error(findings, pointer, "must be at most %d bytes without a comma, not \"%s\"",
        MAX_VENDOR, shown);
    return false;
}

static bool check_architecture(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    const char *text = json_string_value(value);
    if (streq(text, "amd64"))
        return true;
    auto_free char *shown = text_printable(text, strlen(text), LONGEST_SHOWN);
    findings_error(findings, pointer,
        "must be amd64, not \"%s\": other processors have other machines, firmware and devices, "
        "which hook-launcher does not make",
        shown);
    return false;
}

static bool check_lun_bus(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    const char *text = json_string_value(value);
    if (streq(text, "scsi"))
        return true;
    auto_free char *shown = text_printable(text, strlen(text), LONGEST_SHOWN);
    findings_error(findings, pointer,
        "must be scsi, not \"%s\": QEMU passes SCSI commands only on the scsi bus", shown);
    return false;
}

/* The name of a Secret becomes part of a path. */
static bool check_subdomain(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    const char *text = json_string_value(value);
    if (annotations_name_is_dns_subdomain(text))
        return true;
    auto_free char *shown = text_printable(text, json_string_length(value), LONGEST_SHOWN);
    findings_error(findings, pointer,
        "must be lower-case letters, digits, hyphens and dots, not \"%s\"", shown);
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
/* a pointer in KubeVirt's API, which refuses "" instead of taking it as absent */
#define CHOICE STRING, .takes_empty = true
#define LABEL STRING, .maximum = MAX_LABEL
#define NAME SCHEMA_STRING, .type = "name", .check = check_name
#define FEATURE SCHEMA_STRING, .type = "string", .check = check_feature
#define VENDOR SCHEMA_STRING, .type = "string", .check = check_vendor
#define NAMED SCHEMA_STRING, .type = "name", .check = check_subdomain /* of a Kubernetes object */
#define STRINGS SCHEMA_STRINGS, .type = "array of strings", .check = check_printable
#define TEXT SCHEMA_STRING, .type = "text" /* of any characters; not in the domain */
#define INTEGER SCHEMA_INTEGER, .type = "integer"
#define BOOLEAN SCHEMA_BOOLEAN, .type = "boolean"
#define QUANTITY SCHEMA_QUANTITY, .type = "quantity", .check = check_quantity
#define OBJECT SCHEMA_OBJECT, .type = "object"
#define ARRAY SCHEMA_OBJECTS, .type = "array", .maximum = MACHINE_MAX_ITEMS
#define ANY SCHEMA_ANY, .type = "any" /* the domain does not depend on it */
#define REFUSED(reason) SCHEMA_ANY, .type = "refused", .refused = (reason), .help = (reason)

/* clang-format off: a table */
static const struct schema_field fields[] = {
    {"apiVersion", ANY},
    {"kind", SCHEMA_STRING, .values = VALUES("VirtualMachineInstance")},
    {"metadata", ANY},
    {"status", ANY},

    {"spec", OBJECT, .required = true, .help = "the machine, its volumes and networks"},
    {"spec.architecture", SCHEMA_STRING, .type = "string", .check = check_architecture,
        .help = "the guest's processor architecture: `amd64`, which is the default"},
    {"spec.startStrategy", CHOICE, .values = VALUES("Paused"),
        .help = "only a boot menu of ten seconds: nothing here could resume a paused guest"},
    {"spec.terminationGracePeriodSeconds", INTEGER, .maximum = 1000000000,
        .help = "seconds from the power button to the end of QEMU; default 30"},

    {"spec.domain", OBJECT, .required = true, .help = "the machine"},
#include "machine/fields_domain.inc"

    {"spec.domain.devices", OBJECT, .help = "devices"},
    {"spec.domain.devices.autoattachPodInterface", BOOLEAN,
        .help = "without interfaces and networks, one masquerade interface; default true"},
    {"spec.domain.devices.autoattachGraphicsDevice", BOOLEAN,
        .help = "a screen, as VNC on a unix socket; default true"},
    {"spec.domain.devices.autoattachSerialConsole", BOOLEAN,
        .help = "a serial console; default true"},
    {"spec.domain.devices.autoattachMemBalloon", BOOLEAN, .help = "a memory balloon; default true"},
    {"spec.domain.devices.disableHotplug", BOOLEAN,
        .help = "no SCSI controller without a disk on it; default false"},
    {"spec.domain.devices.useVirtioTransitional", BOOLEAN,
        .help = "virtio devices that also speak virtio 0.9; default false"},
    {"spec.domain.devices.autoattachInputDevice", ANY,
        .help = "no effect in a VMI: only a VirtualMachine gets a tablet by it"},
    {"spec.domain.devices.autoattachVSOCK", BOOLEAN,
        .help = "a vsock device, with the address in `status.VSOCKCID`, else a free one; "
                "default false"},
    {"spec.domain.devices.logSerialConsole", BOOLEAN,
        .help = "whether the serial console has a log; always with `--console`; default true"},
    {"spec.domain.devices.blockMultiQueue", BOOLEAN,
        .help = "a queue for each processor on the virtio bus; default false"},
    {"spec.domain.devices.networkInterfaceMultiqueue", BOOLEAN,
        .help = "no effect: QEMU's user networking has one queue"},
    {"spec.domain.devices.video", OBJECT, .help = "the screen's card"},
    {"spec.domain.devices.video.type", CHOICE,
        .values = VALUES("vga", "cirrus", "virtio", "ramfb", "bochs"),
        .help = "default vga, with EFI bochs"},
    {"spec.domain.devices.sound", OBJECT, .help = "a sound card"},
    {"spec.domain.devices.sound.name", NAME, .required = true,
        .help = "the device's alias is `ua-` and this name"},
    {"spec.domain.devices.sound.model", STRING, .values = VALUES("ich9", "ac97"),
        .help = "default ich9"},
    {"spec.domain.devices.tpm", OBJECT, .help = "a TPM 2.0, emulated by swtpm"},
    {"spec.domain.devices.tpm.enabled", BOOLEAN, .help = "default true"},
    {"spec.domain.devices.tpm.persistent", BOOLEAN,
        .help = "the model tpm-crb; the state is lost when the guest ends all the same"},
    {"spec.domain.devices.clientPassthrough", OBJECT,
        .help = "four sockets for USB devices of a client"},
    {"spec.domain.devices.downwardMetrics", OBJECT,
        .help = "a channel for metrics, on which nobody answers"},
    {"spec.domain.devices.panicDevices", ARRAY,
        .help = "devices by which the guest tells that it crashed"},
    {"spec.domain.devices.panicDevices[].model", CHOICE,
        .values = VALUES("hyperv", "isa", "pvpanic"), .help = "default libvirt's, isa"},
    {"spec.domain.devices.filesystems",
        REFUSED("virtiofs needs virtiofsd, which a launcher pod has in containers of their own")},
    {"spec.domain.devices.gpus", REFUSED("a cluster's device plugin chooses the device")},
    {"spec.domain.devices.hostDevices", REFUSED("a cluster's device plugin chooses the device")},
    {"spec.domain.devices.disks", ARRAY,
        .help = "disks; a volume without a disk gets one on the sata bus"},
    {"spec.domain.devices.disks[].name", NAME, .required = true,
        .help = "name of its volume; the device's alias is `ua-` and this name"},
    {"spec.domain.devices.disks[].disk", OBJECT, .help = "a disk (default)"},
    {"spec.domain.devices.disks[].disk.bus", STRING,
        .values = VALUES("virtio", "sata", "scsi", "usb"), .help = "default sata"},
    {"spec.domain.devices.disks[].disk.readonly", BOOLEAN,
        .help = "default false; not on the sata bus"},
    {"spec.domain.devices.disks[].disk.pciAddress", STRING,
        .help = "`0000:81:01.0`; on the virtio bus"},
    {"spec.domain.devices.disks[].cdrom", OBJECT,
        .help = "a CD-ROM drive; without a volume it is empty"},
    {"spec.domain.devices.disks[].cdrom.bus", STRING, .values = VALUES("sata", "scsi", "usb"),
        .help = "default sata"},
    {"spec.domain.devices.disks[].cdrom.readonly", BOOLEAN, .help = "default true"},
    {"spec.domain.devices.disks[].cdrom.tray", STRING, .values = VALUES("closed", "open"),
        .help = "default closed"},
    {"spec.domain.devices.disks[].lun", OBJECT,
        .help = "a block device to which the guest's SCSI commands are passed"},
    {"spec.domain.devices.disks[].lun.bus", SCHEMA_STRING, .type = "string", .check = check_lun_bus,
        .help = "`scsi`, which is the default: QEMU can do this on no other bus"},
    {"spec.domain.devices.disks[].lun.readonly", BOOLEAN, .help = "default false"},
    {"spec.domain.devices.disks[].lun.reservation",
        REFUSED("persistent reservations need a cluster's helper on the node")},
    {"spec.domain.devices.disks[].bootOrder", INTEGER, .minimum = 1, .maximum = 1000000,
        .help = "the lowest is tried first; unique among disks and interfaces"},
    {"spec.domain.devices.disks[].serial", STRING,
        .help = "letters, digits, `_`, `.`, `+` and `-`"},
    {"spec.domain.devices.disks[].cache", STRING,
        .values = VALUES("none", "writethrough", "writeback"),
        .help = "default none if the file system supports direct I/O, else writethrough"},
    {"spec.domain.devices.disks[].io", STRING, .values = VALUES("native", "threads"),
        .help = "default native for block devices and files without holes, if the cache is none"},
    {"spec.domain.devices.disks[].errorPolicy", CHOICE,
        .values = VALUES("stop", "ignore", "report", "enospace"),
        .help = "what the guest sees of an I/O error; default stop"},
    {"spec.domain.devices.disks[].shareable", BOOLEAN,
        .help = "other guests may write to it; default false"},
    {"spec.domain.devices.disks[].dedicatedIOThread", BOOLEAN,
        .help = "a thread of QEMU of its own, on the virtio bus; default false"},
    {"spec.domain.devices.disks[].blockSize", OBJECT, .help = "the sizes of its blocks"},
    {"spec.domain.devices.disks[].blockSize.custom", OBJECT, .help = "given here"},
    {"spec.domain.devices.disks[].blockSize.custom.logical", INTEGER, .minimum = 512,
        .maximum = 2097152, .required = true, .help = "a power of 2; 512 on the sata bus"},
    {"spec.domain.devices.disks[].blockSize.custom.physical", INTEGER, .minimum = 512,
        .maximum = 2097152, .required = true, .help = "a power of 2, not below logical"},
    {"spec.domain.devices.disks[].blockSize.custom.discardGranularity", INTEGER, .minimum = 0,
        .maximum = 2147483647, .help = "a multiple of logical"},
    {"spec.domain.devices.disks[].blockSize.matchVolume", OBJECT, .help = "those of its volume"},
    {"spec.domain.devices.disks[].blockSize.matchVolume.enabled", BOOLEAN, .help = "default true"},
    {"spec.domain.devices.disks[].tag", ANY, .help = "for the guest's cloud-init only"},
    {"spec.domain.devices.disks[].changedBlockTracking", ANY, .help = "for the cluster only"},
    {"spec.domain.devices.interfaces", ARRAY, .help = "network interfaces"},
    {"spec.domain.devices.interfaces[].name", NAME, .required = true,
        .help = "name of its network; the device's alias is `ua-` and this name"},
    {"spec.domain.devices.interfaces[].masquerade", OBJECT, .help = "QEMU's user networking"},
    {"spec.domain.devices.interfaces[].slirp", OBJECT, .help = "QEMU's user networking"},
    {"spec.domain.devices.interfaces[].bridge", OBJECT, .help = "QEMU's user networking"},
    {"spec.domain.devices.interfaces[].passtBinding", OBJECT, .help = "QEMU's user networking"},
    {"spec.domain.devices.interfaces[].binding", OBJECT,
        .help = "a network binding plugin, whose sidecar adds the interface to the domain"},
    {"spec.domain.devices.interfaces[].binding.name", STRING, .required = true,
        .help = "the plugin's name"},
    {"spec.domain.devices.interfaces[].sriov",
        REFUSED("a cluster's device plugin chooses the device")},
    {"spec.domain.devices.interfaces[].macvtap",
        REFUSED("KubeVirt has removed this binding; use masquerade")},
    {"spec.domain.devices.interfaces[].passt",
        REFUSED("KubeVirt has removed this binding; use passtBinding")},
    {"spec.domain.devices.interfaces[].state", STRING, .values = VALUES("up", "down", "absent"),
        .help = "down: the cable is unplugged; absent: there is no such interface; default up"},
    {"spec.domain.devices.interfaces[].acpiIndex", INTEGER, .maximum = 16383,
        .help = "the number in the guest's name for it"},
    {"spec.domain.devices.interfaces[].pciAddress", STRING, .help = "`0000:81:01.0`"},
    {"spec.domain.devices.interfaces[].tag", STRING,
        .help = "what the metadata of a config drive calls the device"},
    {"spec.domain.devices.interfaces[].dhcpOptions",
        REFUSED("the DHCP server of QEMU's user networking has no such options")},
    {"spec.domain.devices.interfaces[].portRanges",
        REFUSED("each forwarded port must be in ports")},
    {"spec.domain.devices.interfaces[].model", STRING,
        .values = VALUES("virtio", "e1000", "e1000e", "igb", "rtl8139", "pcnet", "ne2k_pci"),
        .help = "default virtio"},
    {"spec.domain.devices.interfaces[].macAddress", STRING,
        .help =
            "`de:ad:00:00:be:af` or `DE-AD-00-00-BE-AF`; default one that derives from the names"},
    {"spec.domain.devices.interfaces[].bootOrder", INTEGER, .minimum = 1, .maximum = 1000000,
        .help = "as for disks"},
    {"spec.domain.devices.interfaces[].ports", ARRAY,
        .help = "ports of the guest, each forwarded from the same port of this machine"},
    {"spec.domain.devices.interfaces[].ports[].port", INTEGER, .minimum = 1, .maximum = 65535,
        .required = true, .help = "port number"},
    {"spec.domain.devices.interfaces[].ports[].protocol", STRING, .values = VALUES("TCP", "UDP"),
        .help = "default TCP"},
    {"spec.domain.devices.interfaces[].ports[].name", ANY, .help = "for the cluster only"},
    {"spec.domain.devices.inputs", ARRAY, .help = "input devices"},
    {"spec.domain.devices.inputs[].name", NAME, .required = true,
        .help = "the device's alias is `ua-` and this name"},
    {"spec.domain.devices.inputs[].type", STRING, .values = VALUES("tablet"),
        .help = "default tablet"},
    {"spec.domain.devices.inputs[].bus", STRING, .values = VALUES("virtio", "usb"),
        .help = "default usb"},
    {"spec.domain.devices.rng", OBJECT, .help = "a random number generator, fed by this machine"},
    {"spec.domain.devices.watchdog", OBJECT, .help = "a watchdog"},
    {"spec.domain.devices.watchdog.name", NAME, .required = true,
        .help = "the device's alias is `ua-` and this name"},
    {"spec.domain.devices.watchdog.i6300esb", OBJECT, .help = "the model (default)"},
    {"spec.domain.devices.watchdog.i6300esb.action", STRING,
        .values = VALUES("reset", "poweroff", "shutdown"), .help = "default reset"},
    {"spec.domain.devices.watchdog.diag288", REFUSED("only s390x has this watchdog")},

    {"spec.networks", ARRAY, .help = "one for each interface"},
    {"spec.networks[].name", NAME, .required = true, .help = "name of its interface"},
    {"spec.networks[].pod", OBJECT, .help = "the only supported kind of network"},
    {"spec.networks[].pod.vmNetworkCIDR", ANY, .help = "no effect: the guest gets 10.0.2.15"},
    {"spec.networks[].pod.vmIPv6NetworkCIDR", ANY, .help = "no effect: the guest gets 10.0.2.15"},
    {"spec.networks[].multus", REFUSED("only a cluster has the networks of Multus")},
    {"spec.networks[].resourceClaim", REFUSED("only a cluster has such devices")},

    {"spec.volumes", ARRAY, .help = "the contents of the disks"},
    {"spec.volumes[].name", NAME, .required = true, .help = "name of its disk"},
    {"spec.volumes[].containerDisk", OBJECT,
        .help = "an image that is never changed: what the guest writes is lost when it ends"},
    {"spec.volumes[].containerDisk.image", STRING, .required = true,
        .help = "`--container-disk` gives its file"},
    {"spec.volumes[].containerDisk.path", ANY, .help = "for the pod only"},
    {"spec.volumes[].containerDisk.imagePullPolicy", ANY, .help = "for the pod only"},
    {"spec.volumes[].containerDisk.imagePullSecret", ANY, .help = "for the pod only"},
    {"spec.volumes[].hostDisk", OBJECT, .help = "a raw image file"},
    {"spec.volumes[].hostDisk.path", STRING, .required = true,
        .help = "the file: where KubeVirt mounts it, else at this path"},
    {"spec.volumes[].hostDisk.type", STRING, .required = true,
        .values = VALUES("Disk", "DiskOrCreate"),
        .help = "whether the file is created if it does not exist"},
    {"spec.volumes[].hostDisk.capacity", QUANTITY, .help = "size of a file that is created"},
    {"spec.volumes[].hostDisk.shared", ANY, .help = "for the cluster only"},
    {"spec.volumes[].persistentVolumeClaim", OBJECT,
        .help = "a block device, or the raw image disk.img in a directory"},
    {"spec.volumes[].persistentVolumeClaim.claimName", STRING, .required = true,
        .help = "`--pvc` gives its device, file or directory"},
    {"spec.volumes[].persistentVolumeClaim.readOnly", ANY, .help = "for the pod only"},
    {"spec.volumes[].persistentVolumeClaim.hotpluggable", ANY, .help = "for the cluster only"},
    {"spec.volumes[].dataVolume", OBJECT, .help = "the claim with the same name"},
    {"spec.volumes[].dataVolume.name", STRING, .required = true, .help = "name of the claim"},
    {"spec.volumes[].dataVolume.hotpluggable", ANY, .help = "for the cluster only"},
    {"spec.volumes[].ephemeral", OBJECT,
        .help = "a claim that is never changed: what the guest writes is lost when it ends"},
    {"spec.volumes[].ephemeral.persistentVolumeClaim", OBJECT, .required = true,
        .help = "the claim"},
    {"spec.volumes[].ephemeral.persistentVolumeClaim.claimName", STRING, .required = true,
        .help = "`--pvc` gives its device, file or directory"},
    {"spec.volumes[].ephemeral.persistentVolumeClaim.readOnly", ANY, .help = "for the pod only"},
    {"spec.volumes[].emptyDisk", OBJECT, .help = "an empty disk, removed when the guest ends"},
    {"spec.volumes[].emptyDisk.capacity", QUANTITY, .required = true, .help = "size of the disk"},
    {"spec.volumes[].cloudInitNoCloud", OBJECT, .help = "an ISO image with the label cidata"},
    {"spec.volumes[].cloudInitNoCloud.userData", TEXT, .help = "user data as text"},
    {"spec.volumes[].cloudInitNoCloud.userDataBase64", TEXT, .help = "user data in base64"},
    {"spec.volumes[].cloudInitNoCloud.secretRef", OBJECT,
        .help = "the file userdata in a directory, as for `secret`"},
    {"spec.volumes[].cloudInitNoCloud.secretRef.name", ANY, .help = "for the pod only"},
    {"spec.volumes[].cloudInitNoCloud.networkData", TEXT, .help = "network data as text"},
    {"spec.volumes[].cloudInitNoCloud.networkDataBase64", TEXT, .help = "network data in base64"},
    {"spec.volumes[].cloudInitNoCloud.networkDataSecretRef", OBJECT,
        .help = "the file networkdata in a directory, as for `secret`"},
    {"spec.volumes[].cloudInitNoCloud.networkDataSecretRef.name", ANY, .help = "for the pod only"},
    {"spec.volumes[].cloudInitConfigDrive", OBJECT, .help = "an ISO image with the label config-2"},
    {"spec.volumes[].cloudInitConfigDrive.userData", TEXT, .help = "user data as text"},
    {"spec.volumes[].cloudInitConfigDrive.userDataBase64", TEXT, .help = "user data in base64"},
    {"spec.volumes[].cloudInitConfigDrive.secretRef", OBJECT,
        .help = "the file userdata in a directory, as for `secret`"},
    {"spec.volumes[].cloudInitConfigDrive.secretRef.name", ANY, .help = "for the pod only"},
    {"spec.volumes[].cloudInitConfigDrive.networkData", TEXT, .help = "network data as text"},
    {"spec.volumes[].cloudInitConfigDrive.networkDataBase64", TEXT,
        .help = "network data in base64"},
    {"spec.volumes[].cloudInitConfigDrive.networkDataSecretRef", OBJECT,
        .help = "the file networkdata in a directory, as for `secret`"},
    {"spec.volumes[].cloudInitConfigDrive.networkDataSecretRef.name", ANY,
        .help = "for the pod only"},
    {"spec.volumes[].configMap", OBJECT,
        .help = "a directory's files as an ISO image; `--volume-dir` gives the directory"},
    {"spec.volumes[].configMap.name", STRING, .help = "for the pod only"},
    {"spec.volumes[].configMap.optional", BOOLEAN,
        .help = "an empty image if the directory does not exist; default false"},
    {"spec.volumes[].configMap.volumeLabel", LABEL,
        .help = "label of the image, at most 32 bytes; default cfgdata"},
    {"spec.volumes[].secret", OBJECT, .help = "likewise"},
    {"spec.volumes[].secret.secretName", STRING, .help = "for the pod only"},
    {"spec.volumes[].secret.optional", BOOLEAN, .help = "as for `configMap`"},
    {"spec.volumes[].secret.volumeLabel", LABEL, .help = "as for `configMap`"},
    {"spec.volumes[].downwardAPI", OBJECT, .help = "likewise"},
    {"spec.volumes[].downwardAPI.fields", ANY, .help = "for the pod only"},
    {"spec.volumes[].downwardAPI.volumeLabel", LABEL, .help = "as for `configMap`"},
    {"spec.volumes[].serviceAccount", OBJECT, .help = "likewise, with the account's token"},
    {"spec.volumes[].serviceAccount.serviceAccountName", STRING, .help = "for the pod only"},
    {"spec.volumes[].sysprep", OBJECT,
        .help =
            "likewise, with the answers for Windows' Setup in autounattend.xml or unattend.xml; "
            "the label is unattendCD"},
    {"spec.volumes[].sysprep.configMap", OBJECT, .help = "where they come from"},
    {"spec.volumes[].sysprep.configMap.name", ANY, .help = "for the pod only"},
    {"spec.volumes[].sysprep.secret", OBJECT, .help = "where they come from"},
    {"spec.volumes[].sysprep.secret.name", ANY, .help = "for the pod only"},
    {"spec.volumes[].downwardMetrics", OBJECT,
        .help = "a disk for metrics, which nobody writes; on the virtio bus"},
    {"spec.volumes[].memoryDump", REFUSED("a cluster adds it to a running guest")},
    {"spec.volumes[].containerPath",
        REFUSED("virtiofs needs virtiofsd, which a launcher pod has in containers of their own")},

    {"spec.accessCredentials", ARRAY, .help = "SSH keys and passwords for the guest"},
    {"spec.accessCredentials[].sshPublicKey", OBJECT, .help = "SSH public keys"},
    {"spec.accessCredentials[].sshPublicKey.source", OBJECT, .required = true,
        .help = "where they are"},
    {"spec.accessCredentials[].sshPublicKey.source.secret", OBJECT, .required = true,
        .help = "a directory with a file for each key; `--volume-dir SECRET-access-cred=DIR` gives "
                "it"},
    {"spec.accessCredentials[].sshPublicKey.source.secret.secretName", NAMED, .required = true,
        .help = "names the directory"},
    {"spec.accessCredentials[].sshPublicKey.propagationMethod", OBJECT, .required = true,
        .help = "how they reach the guest"},
    {"spec.accessCredentials[].sshPublicKey.propagationMethod.noCloud", OBJECT,
        .help = "in the meta data of the volume with `cloudInitNoCloud`"},
    {"spec.accessCredentials[].sshPublicKey.propagationMethod.configDrive", OBJECT,
        .help = "in the meta data of the volume with `cloudInitConfigDrive`"},
    {"spec.accessCredentials[].sshPublicKey.propagationMethod.qemuGuestAgent", OBJECT,
        .help = "only in a dry run: nothing talks to the guest agent"},
    {"spec.accessCredentials[].sshPublicKey.propagationMethod.qemuGuestAgent.users", STRINGS,
        .help = "users in the guest"},
    {"spec.accessCredentials[].userPassword", OBJECT,
        .help = "only in a dry run: nothing talks to the guest agent"},
    {"spec.accessCredentials[].userPassword.source", OBJECT, .required = true,
        .help = "where the passwords are"},
    {"spec.accessCredentials[].userPassword.source.secret", OBJECT, .required = true,
        .help = "a Secret"},
    {"spec.accessCredentials[].userPassword.source.secret.secretName", NAMED, .required = true,
        .help = "its name"},
    {"spec.accessCredentials[].userPassword.propagationMethod", OBJECT, .required = true,
        .help = "how they reach the guest"},
    {"spec.accessCredentials[].userPassword.propagationMethod.qemuGuestAgent", OBJECT,
        .help = "by the guest agent"},

    {"spec.affinity", ANY, .help = "for the pod only"},
    {"spec.dnsConfig", ANY, .help = "for the pod only"},
    {"spec.dnsPolicy", ANY, .help = "for the pod only"},
    {"spec.evictionStrategy", ANY, .help = "for the cluster only"},
    {"spec.hostname", ANY, .help = "for the pod only"},
    {"spec.livenessProbe", ANY, .help = "for the pod only"},
    {"spec.nodeSelector", ANY, .help = "for the pod only"},
    {"spec.priorityClassName", ANY, .help = "for the pod only"},
    {"spec.readinessProbe", ANY, .help = "for the pod only"},
    {"spec.resourceClaims",
        REFUSED("its devices are given to a pod by the cluster's drivers (DRA), and there is none "
                "here")},
    {"spec.schedulerName", ANY, .help = "for the pod only"},
    {"spec.serviceAccountName", ANY, .help = "for the pod only"},
    {"spec.subdomain", ANY, .help = "for the pod only"},
    {"spec.tolerations", ANY, .help = "for the pod only"},
    {"spec.topologySpreadConstraints", ANY, .help = "for the pod only"},
    {"spec.utilityVolumes", REFUSED("KubeVirt's controller attaches them to a guest that runs")},
    {.path = NULL},
};
/* clang-format on */

const struct schema machine_schema = {
    .fields = fields,
    .null = SCHEMA_NULL_SKIPPED,
    .zero_is_absent = true,
    .unknown = "is not supported by hook-launcher",
    .refused = "is not supported by hook-launcher",
};
