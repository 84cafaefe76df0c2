#include "machine/os.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "machine/value.h"

/* Where KubeVirt mounts the files of a kernel boot container. */
#define KERNEL_DIRECTORY "/var/run/kubevirt/container-disks/kernel-boot"

/* KubeVirt's time to choose from the boot menu. */
#define BOOT_MENU_MILLISECONDS "10000"

static const char *machine_type(const struct machine_conversion *conversion)
{
    static const char versions[] = "pc-q35-";
    static const char version_characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    const char *type = machine_string(conversion->domain, "/machine/type");
    if (type == NULL)
        return "q35";
    if (!streq(type, "q35") &&
        (!text_starts_with(type, versions) || strspn(type, version_characters) != strlen(type))) {
        findings_error(conversion->findings, "/spec/domain/machine/type",
            "must be q35 or a version of it, such as pc-q35-7.2, not \"%s\"", type);
    }
    return type;
}

static void convert_efi(const struct machine_conversion *conversion)
{
    static const char place[] = "/spec/domain/firmware/bootloader/efi";
    const struct machine_host *host = conversion->host;
    const json_t *smm = machine_value(conversion->domain, "/features/smm");
    bool secure = machine_boolean(conversion->domain, "/firmware/bootloader/efi/secureBoot", true);
    if (machine_value(conversion->domain, "/firmware/bootloader/bios") != NULL) {
        findings_error(conversion->findings, "/spec/domain/firmware/bootloader",
            "must have only one of bios and efi");
    }
    if (secure && (smm == NULL || !machine_boolean(smm, "/enabled", true))) {
        findings_error(conversion->findings, place,
            "has secureBoot (the default), which needs features.smm: set \"smm\": "
            "{\"enabled\": true} there, or \"secureBoot\": false here");
    }
    const char *code = NULL;
    const char *template = NULL;
    auto_error struct error *error = NULL;
    if (host->find_firmware(secure, host->dry_run, &code, &template, &error) < 0) {
        findings_error(conversion->findings, place, "%s", error->message);
        return;
    }
    auto_free char *file =
        xasprintf("%s_VARS.fd", text_or(machine_string(conversion->vmi, "/metadata/name"), ""));
    auto_free char *vars = file_join(host->work_directory, file);
    if (machine_boolean(conversion->domain, "/firmware/bootloader/efi/persistent", false)) {
        findings_warning(conversion->findings, "/spec/domain/firmware/bootloader/efi/persistent",
            "has no effect: KubeVirt keeps the variables in a claim that its controller makes; "
            "here they are reset at each start");
    }
    domain_open(conversion->out, "loader", "readonly", "yes", "secure", secure ? "yes" : "no",
        "type", "pflash");
    domain_content(conversion->out, code);
    domain_close(conversion->out);
    domain_open(conversion->out, "nvram", "template", template);
    domain_content(conversion->out, vars);
    domain_close(conversion->out);
}

/* Writes the path of one of kernelBoot.container's files as element. */
static void convert_kernel_file(
    const struct machine_conversion *conversion, const char *field, const char *element)
{
    auto_free char *pointer = xasprintf("/firmware/kernelBoot/container/%s", field);
    auto_free char *place = xasprintf("/spec/domain%s", pointer);
    const char *given = machine_string(conversion->domain, pointer);
    if (given == NULL)
        return;
    if (given[0] != '/') {
        findings_error(conversion->findings, place, "must be an absolute path, not \"%s\"", given);
        return;
    }
    auto_free char *mounted = file_join(KERNEL_DIRECTORY, strrchr(given, '/') + 1);
    const char *path = access(mounted, R_OK) == 0 ? mounted : given;
    if (!conversion->host->dry_run && access(path, R_OK) < 0)
        findings_error(conversion->findings, place, "%s cannot be read: %s", path, strerror(errno));
    domain_text(conversion->out, element, "%s", path);
}

static void convert_kernel(const struct machine_conversion *conversion)
{
    const json_t *boot = machine_value(conversion->domain, "/firmware/kernelBoot");
    const char *arguments = machine_string(boot, "/kernelArgs");
    bool needs_kernel = arguments != NULL || machine_string(boot, "/container/initrdPath") != NULL;
    if (needs_kernel && machine_string(boot, "/container/kernelPath") == NULL) {
        findings_error(conversion->findings, "/spec/domain/firmware/kernelBoot",
            "has no kernel for its kernelArgs or initrdPath: set container.kernelPath");
    }
    convert_kernel_file(conversion, "kernelPath", "kernel");
    convert_kernel_file(conversion, "initrdPath", "initrd");
    if (arguments != NULL)
        domain_text(conversion->out, "cmdline", "%s", arguments);
}

static void convert_bios(const struct machine_conversion *conversion)
{
    if (!machine_boolean(conversion->domain, "/firmware/bootloader/bios/useSerial", false))
        return;
    if (!machine_boolean(conversion->devices, "/autoattachSerialConsole", true)) {
        findings_error(conversion->findings, "/spec/domain/firmware/bootloader/bios/useSerial",
            "needs a serial console, which devices.autoattachSerialConsole turns off");
    }
    domain_empty(conversion->out, "bios", "useserial", "yes");
}

/* Returns the directory of a volume that is a secret, with the name that field of firmware.acpi
 * has; or NULL, after an error. */
static const char *find_secret(
    const struct machine_conversion *conversion, const char *field, const char *name)
{
    const struct machine_volumes *volumes = conversion->volumes;
    for (size_t i = 0; i < volumes->count; i++) {
        const struct machine_volume *volume = &volumes->items[i];
        if (streq(volume->name, name) && machine_value(volume->spec, "/secret") != NULL)
            return volume->source;
    }
    auto_free char *place = xasprintf("/spec/domain/firmware/acpi/%s", field);
    findings_error(conversion->findings, place,
        "must be the name of a volume that is a secret, not \"%s\"", name);
    return NULL;
}

/* Writes the tables of Windows licences, each a file of a secret. */
static void convert_acpi(const struct machine_conversion *conversion)
{
    static const struct {
        const char *field;
        const char *type;
    } tables[] = {{"slicNameRef", "slic"}, {"msdmNameRef", "msdm"}};
    const json_t *acpi = machine_value(conversion->domain, "/firmware/acpi");
    if (acpi == NULL)
        return;
    size_t count = 0;
    domain_open(conversion->out, "acpi");
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        const char *name = text_or(json_get_string(acpi, tables[i].field), "");
        if (name[0] == '\0')
            continue;
        count++;
        const char *directory = find_secret(conversion, tables[i].field, name);
        auto_free char *file = xasprintf("%s.bin", tables[i].type);
        auto_free char *path = file_join(text_or(directory, "/"), file);
        domain_open(conversion->out, "table", "type", tables[i].type);
        domain_content(conversion->out, path);
        domain_close(conversion->out);
    }
    domain_close(conversion->out);
    if (count == 0) {
        findings_error(conversion->findings, "/spec/domain/firmware/acpi",
            "must have slicNameRef or msdmNameRef");
    }
}

/* A guest that should start paused gets a boot menu, so that there is time to reach it. */
static void convert_boot_menu(const struct machine_conversion *conversion)
{
    const char *strategy = machine_string(conversion->vmi, "/spec/startStrategy");
    if (strategy == NULL || !streq(strategy, "Paused"))
        return;
    findings_warning(conversion->findings, "/spec/startStrategy",
        "only makes a boot menu of ten seconds: nothing here could resume a paused guest");
    domain_empty(conversion->out, "bootmenu", "enable", "yes", "timeout", BOOT_MENU_MILLISECONDS);
}

void machine_os_convert(const struct machine_conversion *conversion)
{
    struct domain_writer *out = conversion->out;
    domain_open(out, "os");
    domain_open(out, "type", "arch", "x86_64", "machine", machine_type(conversion));
    domain_content(out, "hvm");
    domain_close(out);
    convert_acpi(conversion);
    domain_empty(out, "smbios", "mode", "sysinfo");
    convert_boot_menu(conversion);
    convert_bios(conversion);
    if (machine_conversion_boots_efi(conversion))
        convert_efi(conversion);
    convert_kernel(conversion);
    domain_close(out);
}
