#include "machine/os.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "machine/value.h"

/* Where KubeVirt mounts the files of a kernel boot container. */
#define KERNEL_DIRECTORY "/var/run/kubevirt/container-disks/kernel-boot"

static const char *machine_type(const struct machine_conversion *conversion)
{
    static const char versions[] = "pc-q35-";
    static const char version_characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    const char *type = machine_string(conversion->domain, "/machine/type");
    if (type == NULL || type[0] == '\0')
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
    auto_free char *vars = file_join(host->work_directory, "VARS.fd");
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
    const char *arguments = text_or(machine_string(boot, "/kernelArgs"), "");
    bool needs_kernel =
        arguments[0] != '\0' || machine_value(boot, "/container/initrdPath") != NULL;
    if (needs_kernel && machine_value(boot, "/container/kernelPath") == NULL) {
        findings_error(conversion->findings, "/spec/domain/firmware/kernelBoot",
            "has no kernel for its kernelArgs or initrdPath: set container.kernelPath");
    }
    convert_kernel_file(conversion, "kernelPath", "kernel");
    convert_kernel_file(conversion, "initrdPath", "initrd");
    if (arguments[0] != '\0')
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

void machine_os_convert(const struct machine_conversion *conversion)
{
    struct domain_writer *out = conversion->out;
    domain_open(out, "os");
    domain_open(out, "type", "arch", "x86_64", "machine", machine_type(conversion));
    domain_content(out, "hvm");
    domain_close(out);
    domain_empty(out, "smbios", "mode", "sysinfo");
    convert_bios(conversion);
    if (machine_conversion_boots_efi(conversion))
        convert_efi(conversion);
    convert_kernel(conversion);
    domain_close(out);
}
