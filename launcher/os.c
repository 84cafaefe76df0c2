/* What the guest boots, and what its firmware tells it. */
#include "launcher/conversion.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <uuid/uuid.h>

#include "base/file.h"
#include "base/text.h"
#include "guest/firmware.h"
#include "launcher/value.h"

/* Where KubeVirt mounts the files of a kernel boot container. */
#define KERNEL_DIRECTORY "/var/run/kubevirt/container-disks/kernel-boot"

/* The namespace in which KubeVirt derives the UUID of a machine from its name: version 5 of
 * RFC 4122. */
#define UUID_NAMESPACE "6a1a24a1-4061-4607-8bf4-a3963d0c5895"

bool launcher_boots_efi(const struct launcher_conversion *conversion)
{
    return launcher_value(conversion->domain, "/firmware/bootloader/efi") != NULL;
}

static const char *machine_type(const struct launcher_conversion *conversion)
{
    static const char versions[] = "pc-q35-";
    static const char version_characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    const char *type = launcher_string(conversion->domain, "/machine/type");
    if (type == NULL || type[0] == '\0')
        return "q35";
    if (!streq(type, "q35") &&
        (!text_starts_with(type, versions) || strspn(type, version_characters) != strlen(type))) {
        findings_error(conversion->findings, "/spec/domain/machine/type",
            "must be q35 or a version of it, such as pc-q35-7.2, not \"%s\"", type);
    }
    return type;
}

static void convert_efi(const struct launcher_conversion *conversion)
{
    static const char place[] = "/spec/domain/firmware/bootloader/efi";
    const struct launcher_machine *machine = conversion->machine;
    const json_t *smm = launcher_value(conversion->domain, "/features/smm");
    bool secure = launcher_boolean(conversion->domain, "/firmware/bootloader/efi/secureBoot", true);
    if (launcher_value(conversion->domain, "/firmware/bootloader/bios") != NULL) {
        findings_error(conversion->findings, "/spec/domain/firmware/bootloader",
            "must have only one of bios and efi");
    }
    if (secure && (smm == NULL || !launcher_boolean(smm, "/enabled", true))) {
        findings_error(conversion->findings, place,
            "has secureBoot, as is the default, which takes features.smm: set \"smm\": "
            "{\"enabled\": true} there, or \"secureBoot\": false here");
    }
    struct guest_firmware firmware = {machine->ovmf_code, machine->ovmf_vars};
    auto_error struct error *error = NULL;
    if ((firmware.code == NULL || firmware.vars == NULL) &&
        guest_firmware_find(secure, machine->dry_run, &firmware, &error) < 0)
        findings_error(conversion->findings, place, "%s", error->message);
    auto_free char *vars = file_join(machine->work_directory, "VARS.fd");
    domain_open(conversion->out, "loader", "readonly", "yes", "secure", secure ? "yes" : "no",
        "type", "pflash");
    domain_content(conversion->out, firmware.code);
    domain_close(conversion->out);
    domain_open(conversion->out, "nvram", "template", firmware.vars);
    domain_content(conversion->out, vars);
    domain_close(conversion->out);
}

/* Writes the path of a file of kernelBoot.container as element. */
static void convert_kernel_file(
    const struct launcher_conversion *conversion, const char *field, const char *element)
{
    auto_free char *pointer = xasprintf("/firmware/kernelBoot/container/%s", field);
    auto_free char *place = xasprintf("/spec/domain%s", pointer);
    const char *given = launcher_string(conversion->domain, pointer);
    if (given == NULL)
        return;
    if (given[0] != '/') {
        findings_error(conversion->findings, place, "must be an absolute path, not \"%s\"", given);
        return;
    }
    auto_free char *mounted = file_join(KERNEL_DIRECTORY, strrchr(given, '/') + 1);
    const char *path = access(mounted, R_OK) == 0 ? mounted : given;
    if (!conversion->machine->dry_run && access(path, R_OK) < 0)
        findings_error(conversion->findings, place, "%s cannot be read: %s", path, strerror(errno));
    domain_text(conversion->out, element, "%s", path);
}

static void convert_kernel(const struct launcher_conversion *conversion)
{
    const json_t *boot = launcher_value(conversion->domain, "/firmware/kernelBoot");
    const char *arguments = text_or(launcher_string(boot, "/kernelArgs"), "");
    bool needs_kernel =
        arguments[0] != '\0' || launcher_value(boot, "/container/initrdPath") != NULL;
    if (needs_kernel && launcher_value(boot, "/container/kernelPath") == NULL) {
        findings_error(conversion->findings, "/spec/domain/firmware/kernelBoot",
            "has no kernel for its kernelArgs or initrdPath: set container.kernelPath");
    }
    convert_kernel_file(conversion, "kernelPath", "kernel");
    convert_kernel_file(conversion, "initrdPath", "initrd");
    if (arguments[0] != '\0')
        domain_text(conversion->out, "cmdline", "%s", arguments);
}

static void convert_bios(const struct launcher_conversion *conversion)
{
    if (!launcher_boolean(conversion->domain, "/firmware/bootloader/bios/useSerial", false))
        return;
    if (!launcher_boolean(conversion->devices, "/autoattachSerialConsole", true)) {
        findings_error(conversion->findings, "/spec/domain/firmware/bootloader/bios/useSerial",
            "takes a serial console, which devices.autoattachSerialConsole denies");
    }
    domain_empty(conversion->out, "bios", "useserial", "yes");
}

void launcher_convert_os(const struct launcher_conversion *conversion)
{
    struct domain_writer *out = conversion->out;
    domain_open(out, "os");
    domain_open(out, "type", "arch", "x86_64", "machine", machine_type(conversion));
    domain_content(out, "hvm");
    domain_close(out);
    domain_empty(out, "smbios", "mode", "sysinfo");
    convert_bios(conversion);
    if (launcher_boots_efi(conversion))
        convert_efi(conversion);
    convert_kernel(conversion);
    domain_close(out);
}

static void convert_entry(
    const struct launcher_conversion *conversion, const char *name, const char *value)
{
    domain_open(conversion->out, "entry", "name", name);
    domain_content(conversion->out, value);
    domain_close(conversion->out);
}

/* Writes the UUID: the VMI's own, or the one that KubeVirt derives from a machine's name. */
static void convert_uuid(const struct launcher_conversion *conversion)
{
    const char *given = launcher_string(conversion->domain, "/firmware/uuid");
    uuid_t uuid;
    if (given != NULL && given[0] != '\0') {
        if (uuid_parse(given, uuid) < 0) {
            findings_error(conversion->findings, "/spec/domain/firmware/uuid",
                "must be a UUID, such as \"5d307ca9-b3ef-428c-8861-06e72d69f223\", not \"%s\"",
                given);
        }
        convert_entry(conversion, "uuid", given);
        return;
    }
    const char *name = text_or(launcher_string(conversion->vmi, "/metadata/name"), "");
    uuid_t namespace;
    uuid_parse(UUID_NAMESPACE, namespace);
    uuid_generate_sha1(uuid, namespace, name, strlen(name));
    char text[UUID_STR_LEN];
    uuid_unparse_lower(uuid, text);
    convert_entry(conversion, "uuid", text);
}

void launcher_convert_sysinfo(const struct launcher_conversion *conversion)
{
    const char *serial = launcher_string(conversion->domain, "/firmware/serial");
    domain_open(conversion->out, "sysinfo", "type", "smbios");
    domain_open(conversion->out, "system");
    convert_uuid(conversion);
    if (serial != NULL && serial[0] != '\0')
        convert_entry(conversion, "serial", serial);
    convert_entry(conversion, "manufacturer", "KubeVirt");
    convert_entry(conversion, "family", "KubeVirt");
    convert_entry(conversion, "product", "None");
    convert_entry(conversion, "sku", "");
    convert_entry(conversion, "version", "");
    domain_close(conversion->out);
    domain_close(conversion->out);
}
