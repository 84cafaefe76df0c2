#include "launcher/convert.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "annotations/names.h"
#include "base/text.h"
#include "launcher/conversion.h"
#include "launcher/value.h"

#define QEMU_NAMESPACE "http://libvirt.org/schemas/domain/qemu/1.0"
#define KUBEVIRT_NAMESPACE "http://kubevirt.io"

enum { LONGEST_SHOWN = 64 };

void launcher_convert_alias(const struct launcher_conversion *conversion, const char *name)
{
    auto_free char *alias = xasprintf("ua-%s", name);
    domain_empty(conversion->out, "alias", "name", alias);
}

/* Checks a name of the VMI's metadata. */
static void check_name(
    const struct launcher_conversion *conversion, const char *pointer, const char *name)
{
    if (name == NULL) {
        findings_error(conversion->findings, "/metadata", "has no \"name\", which is required");
    } else if (!annotations_name_is_dns_subdomain(name)) {
        auto_free char *shown = text_printable(name, strlen(name), LONGEST_SHOWN);
        findings_error(conversion->findings, pointer,
            "must be lower-case letters, digits, hyphens and dots, not \"%s\"", shown);
    }
}

static void convert_name(const struct launcher_conversion *conversion)
{
    const char *name = launcher_string(conversion->vmi, "/metadata/name");
    const char *namespace =
        text_or(launcher_string(conversion->vmi, "/metadata/namespace"), "default");
    check_name(conversion, "/metadata/name", name);
    check_name(conversion, "/metadata/namespace", namespace);
    domain_text(conversion->out, "name", "%s_%s", namespace, text_or(name, ""));
}

static void convert_metadata(const struct launcher_conversion *conversion)
{
    const char *uid = launcher_string(conversion->vmi, "/metadata/uid");
    if (uid != NULL) {
        auto_free char *shown = text_printable(uid, strlen(uid), LONGEST_SHOWN);
        if (!streq(uid, shown))
            findings_error(conversion->findings, "/metadata/uid", "is no UID: \"%s\"", shown);
    }
    domain_open(conversion->out, "metadata");
    domain_open(conversion->out, "kubevirt", "xmlns", KUBEVIRT_NAMESPACE);
    domain_text(conversion->out, "uid", "%s", text_or(uid, ""));
    domain_close(conversion->out);
    domain_close(conversion->out);
}

/* Checks a path that the domain is to have. socket: a unix socket's. */
static void check_path(const struct launcher_conversion *conversion, const char *path, bool socket)
{
    static const size_t socket_max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
    if (path == NULL)
        return;
    auto_free char *shown = text_printable(path, strlen(path), strlen(path));
    if (!streq(shown, path)) {
        findings_error(conversion->findings, "",
            "the path %s has characters that cannot stand in a domain", shown);
    }
    if (socket && strlen(path) > socket_max) {
        findings_error(conversion->findings, "",
            "the path of a socket, %s, has more than %zu bytes: choose a shorter directory", shown,
            socket_max);
    }
}

static void convert_domain(const struct launcher_conversion *conversion)
{
    struct domain_writer *out = conversion->out;
    const char *type = conversion->machine->kvm ? "kvm" : "qemu";
    domain_open(out, "domain", "type", conversion->machine->test ? "test" : type, "xmlns:qemu",
        QEMU_NAMESPACE);
    convert_name(conversion);
    launcher_convert_memory(conversion);
    launcher_convert_os(conversion);
    launcher_convert_sysinfo(conversion);
    launcher_convert_devices(conversion);
    launcher_convert_clock(conversion);
    convert_metadata(conversion);
    launcher_convert_features(conversion);
    launcher_convert_cpu(conversion);
    domain_close(out);
}

char *launcher_convert(const json_t *vmi, const struct launcher_volumes *volumes,
    const struct launcher_machine *machine, size_t *length, struct findings *findings)
{
    size_t errors = findings->errors;
    struct launcher_conversion conversion = {
        .vmi = vmi,
        .domain = launcher_value(vmi, "/spec/domain"),
        .devices = launcher_value(vmi, "/spec/domain/devices"),
        .volumes = volumes,
        .machine = machine,
        .out = domain_writer_new(),
        .findings = findings,
    };
    check_path(&conversion, machine->console_file, false);
    check_path(&conversion, machine->console_socket, true);
    check_path(&conversion, machine->work_directory, false);
    convert_domain(&conversion);
    char *xml = findings->errors == errors ? domain_writer_finish(conversion.out, length) : NULL;
    domain_writer_free(conversion.out);
    return xml;
}
