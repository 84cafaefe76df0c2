#include "appliance/ovf.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "annotations/quantity.h"
#include "appliance/ovf_devices.h"
#include "appliance/ovf_guest.h"
#include "appliance/ovf_label.h"
#include "appliance/ovf_units.h"
#include "appliance/ovf_xml.h"
#include "base/json.h"
#include "base/text.h"
#include "machine/catalogue.h"

enum {
    SHOWN_MAX = 120,
    MAX_SYSTEMS = 100,
    MAX_CPUS = 4096,
};

/* What the sections of a system say. */
struct system {
    const xmlNode *node; /* the VirtualSystem; borrowed */
    const xmlNode *section; /* its VirtualHardwareSection; borrowed */
    struct appliance_ovf_hardware hardware;
    struct appliance_ovf_media media;
    char *configuration; /* the default deployment option; owned; or NULL */
    char *os_id; /* owned, as are the two below; or NULL */
    char *os_type;
    char *os_description;
    struct appliance_ovf_guest guest;
    char *name; /* of the VM; owned */
    long cpus;
    long cores; /* of a socket */
    long long memory; /* bytes */
};

static char *shown(const char *text)
{
    return text_printable(text_or(text, ""), strlen(text_or(text, "")), SHOWN_MAX);
}

/* Finds the virtual system among those beside one another in parent. */
static void find_systems(
    const xmlNode *parent, const char *wanted, const xmlNode **found, size_t *count, char **names)
{
    static const char name[] = "VirtualSystem";
    for (const xmlNode *node = appliance_ovf_xml_child(parent, name);
         node != NULL && *count < MAX_SYSTEMS; node = appliance_ovf_xml_next(node, name)) {
        auto_free char *id = appliance_ovf_xml_attribute(node, "id");
        auto_free char *printable = shown(id);
        char *more = xasprintf("%s%s%s", *names, *count > 0 ? ", " : "", printable);
        free(*names);
        *names = more;
        ++*count;
        if (wanted == NULL || (id != NULL && streq(id, wanted)))
            *found = node;
    }
}

/* The system that the request is for: one below the root, or in the collection there. */
static const xmlNode *choose_system(
    const xmlNode *envelope, const char *wanted, struct findings *findings)
{
    const xmlNode *found = NULL;
    size_t count = 0;
    auto_free char *names = xstrdup("");
    find_systems(envelope, wanted, &found, &count, &names);
    find_systems(appliance_ovf_xml_child(envelope, "VirtualSystemCollection"), wanted, &found,
        &count, &names);
    if (count == 0)
        findings_error(findings, "", "there is no VirtualSystem");
    else if (wanted == NULL && count > 1)
        findings_error(
            findings, "", "there are %zu virtual systems: choose one (--system): %s", count, names);
    else if (found == NULL)
        findings_error(findings, "", "there is no virtual system \"%s\": %s", wanted, names);
    else
        return found;
    return NULL;
}

/* The deployment option that is the default: the one that says so, else the first. */
static char *default_configuration(const xmlNode *envelope)
{
    const xmlNode *section = appliance_ovf_xml_child(envelope, "DeploymentOptionSection");
    const xmlNode *chosen = appliance_ovf_xml_child(section, "Configuration");
    for (const xmlNode *node = chosen; node != NULL;
         node = appliance_ovf_xml_next(node, "Configuration")) {
        auto_free char *is_default = appliance_ovf_xml_attribute(node, "default");
        if (is_default != NULL && (streq(is_default, "true") || streq(is_default, "1"))) {
            chosen = node;
            break;
        }
    }
    return appliance_ovf_xml_attribute(chosen, "id");
}

static void read_guest(struct system *system)
{
    const xmlNode *section = appliance_ovf_xml_child(system->node, "OperatingSystemSection");
    system->os_id = appliance_ovf_xml_attribute(section, "id");
    system->os_type = appliance_ovf_xml_attribute(section, "osType");
    if (system->os_type == NULL) /* VirtualBox has an element */
        system->os_type = appliance_ovf_xml_text(section, "OSType");
    system->os_description = appliance_ovf_xml_text(section, "Description");
    system->guest = (struct appliance_ovf_guest){
        .id = system->os_id,
        .vendor_type = system->os_type,
        .description = system->os_description,
    };
}

static void read_processors(struct system *system, struct findings *findings)
{
    const struct appliance_ovf_item *item =
        appliance_ovf_hardware_last(&system->hardware, APPLIANCE_OVF_CPU);
    system->cpus = 1;
    system->cores = 1;
    if (item == NULL) {
        findings_warning(findings, "", "the descriptor names no processors: one is assumed");
        return;
    }
    if (item->quantity == NULL || !text_parse_int(item->quantity, 1, MAX_CPUS, &system->cpus)) {
        auto_free char *text = shown(item->quantity);
        findings_error(findings, "",
            "line %ld: the number of processors must be from 1 to %d, not \"%s\"", item->line,
            MAX_CPUS, text);
        system->cpus = 1;
    }
    if (item->cores == NULL)
        return;
    if (!text_parse_int(item->cores, 1, system->cpus, &system->cores) ||
        system->cpus % system->cores != 0) {
        auto_free char *text = shown(item->cores);
        findings_warning(findings, "",
            "line %ld: \"%s\" cores for each socket do not divide %ld processors: each is a socket",
            item->line, text, system->cpus);
        system->cores = 1;
    }
}

static void read_memory(struct system *system, struct findings *findings)
{
    enum { MIB = 1 << 20 };
    const struct appliance_ovf_item *item =
        appliance_ovf_hardware_last(&system->hardware, APPLIANCE_OVF_MEMORY);
    if (item == NULL) {
        findings_error(findings, "", "the descriptor names no memory (an Item of ResourceType 4)");
        return;
    }
    /* DSP0243 has no default; without a unit, exporters mean megabytes */
    if (appliance_ovf_units_bytes(item->quantity, item->units, "byte * 2^20", &system->memory) &&
        system->memory >= MIB)
        return;
    auto_free char *text = shown(item->quantity);
    auto_free char *units = shown(item->units);
    findings_error(findings, "",
        "line %ld: memory of \"%s\" in units of \"%s\" is not an amount of at least 1 MiB (use "
        "4096 and \"byte * 2^20\")",
        item->line, text, units);
}

/* The value of a vendor's setting: <vmw:Config vmw:key="firmware" vmw:value="efi"/>. Owned by the
 * caller, or NULL. */
static char *setting(const struct system *system, const char *key)
{
    static const char *const names[] = {"Config", "ExtraConfig"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        for (const xmlNode *node = appliance_ovf_xml_child(system->section, names[i]); node != NULL;
             node = appliance_ovf_xml_next(node, names[i])) {
            auto_free char *name = appliance_ovf_xml_attribute(node, "key");
            if (name != NULL && streq(name, key))
                return appliance_ovf_xml_attribute(node, "value");
        }
    }
    return NULL;
}

static bool is_word(const char *text, const char *word)
{
    return text != NULL && strcasecmp(text, word) == 0;
}

/* The firmware: "firmware" of the domain, and "features" where it needs them. */
static void add_firmware(const struct system *system, json_t *domain)
{
    const xmlNode *machine = appliance_ovf_xml_child(system->node, "Machine"); /* VirtualBox's */
    const xmlNode *node =
        appliance_ovf_xml_child(appliance_ovf_xml_child(machine, "Hardware"), "Firmware");
    auto_free char *vmware = setting(system, "firmware");
    auto_free char *virtualbox = appliance_ovf_xml_attribute(node, "type");
    auto_free char *secure = setting(system, "bootOptions.efiSecureBootEnabled");
    auto_free char *extra = setting(system, "uefi.secureBoot.enabled");
    bool is_efi = is_word(vmware, "efi") ||
                  (virtualbox != NULL && strncasecmp(virtualbox, "EFI", strlen("EFI")) == 0);
    bool is_secure = is_efi && (is_word(secure, "true") || is_word(extra, "true"));
    json_object_set_new(domain, "firmware",
        is_efi ? json_pack("{s:{s:{s:b}}}", "bootloader", "efi", "secureBoot", is_secure)
               : json_pack("{s:{s:{}}}", "bootloader", "bios"));
    if (is_secure)
        json_object_set_new(
            domain, "features", json_pack("{s:{s:b}}", "smm", "enabled", (int)true));
}

/* "4Gi", or what is exact. Owned by the caller. */
static char *memory_text(long long bytes)
{
    static const struct {
        int shift;
        const char *suffix;
    } units[] = {{30, "Gi"}, {20, "Mi"}, {10, "Ki"}, {0, ""}};
    size_t i = 0;
    while (units[i].shift > 0 && bytes % (1LL << units[i].shift) != 0)
        i++;
    return xasprintf("%lld%s", bytes >> units[i].shift, units[i].suffix);
}

static json_t *make_domain(const struct system *system)
{
    auto_free char *memory = memory_text(system->memory);
    json_t *domain = json_pack("{s:{s:I, s:I, s:I}, s:{s:s}}", "cpu", "sockets",
        (json_int_t)(system->cpus / system->cores), "cores", (json_int_t)system->cores, "threads",
        (json_int_t)1, "memory", "guest", memory);
    add_firmware(system, domain);
    return domain;
}

/* Whether a machine has what a preference requires of processors and memory. */
static bool meets(const struct system *system, const json_t *preference)
{
    const long long billion = 1000000000;
    const json_t *cpus = json_pointer_get(preference, "/spec/requirements/cpu/guest");
    const char *memory =
        json_get_string(json_pointer_get(preference, "/spec/requirements/memory"), "guest");
    annotations_quantity least = 0;
    if (json_integer_value(cpus) > system->cpus)
        return false;
    return memory == NULL || !annotations_quantity_parse(memory, &least) ||
           least <= (annotations_quantity)system->memory * (annotations_quantity)billion;
}

/* The preference that matches the guest: as a label, and of the VM where it can be. */
static void add_preference(
    const struct system *system, json_t *metadata, json_t *spec, struct findings *findings)
{
    const char *name = appliance_ovf_guest_preference(&system->guest);
    auto_json json_t *preference =
        name != NULL ? machine_catalogue_find(machine_catalogue_preferences, name) : NULL;
    if (preference == NULL) {
        auto_free char *what =
            shown(text_or(text_or(system->os_description, system->os_type), system->os_id));
        findings_warning(findings, "", "no preference matches the guest \"%s\"", what);
        return;
    }
    json_object_set_new(metadata, "labels",
        json_pack("{s:s}", "instancetype.kubevirt.io/default-preference", name));
    if (meets(system, preference))
        json_object_set_new(spec, "preference",
            json_pack("{s:s, s:s}", "kind", "VirtualMachineClusterPreference", "name", name));
    else
        findings_warning(findings, "",
            "the preference \"%s\" requires more processors or memory than the machine has: it is "
            "only a label",
            name);
}

static json_t *make_vm(const struct system *system, const struct appliance_ovf_request *request,
    const struct appliance_ovf_devices *devices, struct findings *findings)
{
    json_t *vm = json_pack("{s:s, s:s, s:{s:s, s:s*}, s:{s:s}}", "apiVersion", "kubevirt.io/v1",
        "kind", "VirtualMachine", "metadata", "name", system->name, "namespace", request->namespace,
        "spec", "runStrategy", "Halted");
    json_t *spec = json_object_get(vm, "spec");
    add_preference(system, json_object_get(vm, "metadata"), spec, findings);
    if (json_array_size(devices->templates) > 0)
        json_object_set(spec, "dataVolumeTemplates", devices->templates);
    json_t *domain = make_domain(system);
    json_object_set(domain, "devices", devices->devices);
    json_t *template = json_pack("{s:o}", "domain", domain);
    if (json_array_size(devices->networks) > 0)
        json_object_set(template, "networks", devices->networks);
    json_object_set(template, "volumes", devices->volumes);
    json_object_set_new(spec, "template", json_pack("{s:o}", "spec", template));
    return vm;
}

static void warn_of_drivers(const struct appliance_ovf_devices *devices, struct findings *findings)
{
    size_t index = 0;
    json_t *disk = NULL;
    bool needs_driver = false;
    json_array_foreach (json_object_get(devices->devices, "disks"), index, disk)
        needs_driver =
            needs_driver ||
            streq(text_or(json_get_string(json_object_get(disk, "disk"), "bus"), "sata"), "scsi");
    findings_warning(findings, "",
        "Windows has no drivers for virtio%s: put them in with virt-v2v (-i ova FILE -o local -os "
        "DIR; on Debian, the package virt-v2v), or install virtio-win in the guest before its "
        "disks and interfaces are virtio",
        needs_driver ? ", and does not start from the bus scsi" : "");
}

/* Whether text can be the name of a VM whose disks are named after it (RFC 1123). */
static bool is_name(const char *text)
{
    enum { NAME_MAX_BYTES = 63 };
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    size_t length = strlen(text);
    return length > 0 && length <= NAME_MAX_BYTES && strchr(letters, text[0]) != NULL &&
           strchr(letters, text[length - 1]) != NULL &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static void read_system(struct system *system, const struct appliance_ovf_request *request,
    const xmlNode *envelope, struct findings *findings)
{
    auto_free char *id = appliance_ovf_xml_attribute(system->node, "id");
    auto_free char *name = appliance_ovf_xml_text(system->node, "Name");
    system->section = appliance_ovf_xml_child(system->node, "VirtualHardwareSection");
    system->configuration = default_configuration(envelope);
    system->name = request->name != NULL ? xstrdup(request->name)
                                         : appliance_ovf_label(text_or(name, id), "imported");
    if (!is_name(system->name)) {
        auto_free char *text = shown(system->name);
        findings_error(findings, "",
            "the name must have lower-case letters, digits and dashes, at most 63, not \"%s\"",
            text);
    }
    read_guest(system);
    appliance_ovf_media_read(&system->media, envelope, findings);
    if (system->section == NULL) {
        findings_error(findings, "", "line %ld: the virtual system has no VirtualHardwareSection",
            (long)xmlGetLineNo(system->node));
        return;
    }
    appliance_ovf_hardware_read(
        &system->hardware, system->section, system->configuration, findings);
    read_processors(system, findings);
    read_memory(system, findings);
}

static void clear_system(struct system *system)
{
    appliance_ovf_hardware_clear(&system->hardware);
    appliance_ovf_media_clear(&system->media);
    free(system->configuration);
    free(system->os_id);
    free(system->os_type);
    free(system->os_description);
    free(system->name);
}

static void read_envelope(struct appliance_ovf *ovf, const xmlNode *envelope,
    const struct appliance_ovf_request *request, struct findings *findings)
{
    struct system system = {.node = choose_system(envelope, request->system, findings)};
    if (system.node == NULL)
        return;
    read_system(&system, request, envelope, findings);
    struct appliance_ovf_devices devices = {
        .hardware = &system.hardware,
        .media = &system.media,
        .request = request,
        .vm_name = system.name,
    };
    ovf->is_windows = appliance_ovf_guest_is_windows(&system.guest);
    appliance_ovf_devices_make_disks(&devices, ovf, findings);
    appliance_ovf_devices_make_interfaces(&devices, ovf->is_windows, findings);
    if (ovf->is_windows)
        warn_of_drivers(&devices, findings);
    if (findings->errors == 0)
        ovf->vm = make_vm(&system, request, &devices, findings);
    appliance_ovf_devices_clear(&devices);
    clear_system(&system);
}

int appliance_ovf_read(struct appliance_ovf *ovf, const char *xml, size_t length,
    const struct appliance_ovf_request *request, struct findings *findings)
{
    auto_error struct error *error = NULL;
    *ovf = (struct appliance_ovf){0};
    auto_ovf_xml xmlDoc *document = appliance_ovf_xml_read(xml, length, &error);
    if (document == NULL) {
        findings_error(findings, "", "%s", error->message);
        return -1;
    }
    read_envelope(ovf, xmlDocGetRootElement(document), request, findings);
    return ovf->vm != NULL ? 0 : -1;
}

void appliance_ovf_clear(struct appliance_ovf *ovf)
{
    json_decref(ovf->vm);
    for (size_t i = 0; i < ovf->disk_count; i++) {
        free(ovf->disks[i].volume);
        free(ovf->disks[i].claim);
        free(ovf->disks[i].href);
    }
    free(ovf->disks);
    *ovf = (struct appliance_ovf){0};
}
