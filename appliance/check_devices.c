#include "appliance/check_devices.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "machine/value.h"

#define INTERFACES APPLIANCE_DEVICES "/interfaces"
#define NETWORKS "/spec/template/spec/networks"

enum { SERIAL_MAX = 256 };

static const char serial_characters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-";

/* A string field with few values. */
struct choice {
    const char *rest; /* pointer in the item */
    const char *values[8]; /* NULL at the end */
};

static const struct choice disk_choices[] = {
    {"/disk/bus", {"virtio", "sata", "scsi", "usb", NULL}},
    {"/lun/bus", {"virtio", "sata", "scsi", "usb", NULL}},
    {"/cdrom/bus", {"sata", "scsi", "usb", NULL}},
    {"/cache", {"none", "writethrough", "writeback", NULL}},
    {"/io", {"native", "threads", NULL}},
    {"/errorPolicy", {"stop", "ignore", "report", "enospace", NULL}},
};

static const struct choice interface_choices[] = {
    {"/model", {"e1000", "e1000e", "igb", "ne2k_pci", "pcnet", "rtl8139", "virtio", NULL}},
};

static void check_choice(const struct appliance_check_scope *scope, const char *base, size_t index,
    const json_t *item, const struct choice *choice)
{
    size_t count = 0;
    const char *text = machine_string(item, choice->rest);
    while (choice->values[count] != NULL)
        count++;
    if (text == NULL || appliance_check_is_open(text) ||
        text_index(text, choice->values, count) >= 0)
        return;
    auto_free char *list = text_list(choice->values, count);
    auto_free char *shown = appliance_check_shown(text);
    auto_free char *hint = suggest_hint(text, choice->values, count);
    appliance_check_error(
        scope, base, index, choice->rest, "must be %s, not \"%s\"%s", list, shown, hint);
}

/* The name among the others that is near and has no partner, or NULL. */
static const char *near_single(const json_t *list, const json_t *others, const char *name)
{
    const char *names[APPLIANCE_MAX_DISKS];
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(others) && count < ARRAY_SIZE(names); i++) {
        const char *other = appliance_check_name(json_array_get(others, i));
        if (other != NULL && !appliance_check_has(list, other))
            names[count++] = other;
    }
    return suggest_nearest(name, names, count);
}

/* Checks that a volume has the name of a device. */
static void check_volume(
    const struct appliance_check_scope *scope, const char *base, size_t index, const char *name)
{
    if (name == NULL || scope->open_volumes || appliance_check_is_open(name) ||
        appliance_check_has(scope->volumes, name))
        return;
    auto_free char *shown = appliance_check_shown(name);
    auto_free char *hint = appliance_check_hint(scope->volumes, name);
    appliance_check_error(scope, base, index, "/name", "no volume is called \"%s\"%s", shown, hint);
}

/* Checks that a disk is of one kind. */
static void check_target(
    const struct appliance_check_scope *scope, size_t index, const json_t *disk)
{
    static const char *const targets[] = {"disk", "cdrom", "lun"};
    size_t found = 0;
    auto_free char *list = appliance_check_members(disk, targets, ARRAY_SIZE(targets), &found);
    auto_free char *number = appliance_check_number(found);
    if (found > 1)
        appliance_check_error(
            scope, APPLIANCE_DISKS, index, "", "is of %s kinds, %s", number, list);
}

static void check_serial(
    const struct appliance_check_scope *scope, size_t index, const json_t *disk)
{
    const char *serial = machine_string(disk, "/serial");
    if (serial == NULL || appliance_check_is_open(serial))
        return;
    if (strlen(serial) > SERIAL_MAX)
        appliance_check_error(scope, APPLIANCE_DISKS, index, "/serial",
            "has %zu characters; at most %d are allowed", strlen(serial), SERIAL_MAX);
    else if (strspn(serial, serial_characters) != strlen(serial))
        appliance_check_error(scope, APPLIANCE_DISKS, index, "/serial",
            "must be letters, digits, \"_\", \".\", \"+\" and \"-\"");
}

/* The volume of a name, or NULL. */
static const json_t *find_volume(const struct appliance_check_scope *scope, const char *name)
{
    return name != NULL ? json_item_named(scope->volumes, name, NULL) : NULL;
}

/* Checks that a disk can be what its volume is. */
static void check_kind_of_volume(
    const struct appliance_check_scope *scope, size_t index, const json_t *disk)
{
    const json_t *volume = find_volume(scope, appliance_check_name(disk));
    if (volume == NULL)
        return;
    if (machine_value(disk, "/lun") != NULL &&
        machine_value(volume, "/persistentVolumeClaim") == NULL &&
        machine_value(volume, "/dataVolume") == NULL)
        appliance_check_error(scope, APPLIANCE_DISKS, index, "/lun",
            "needs a volume that is a dataVolume or a persistentVolumeClaim");
    if (machine_value(volume, "/containerPath") != NULL)
        appliance_check_error(scope, APPLIANCE_DISKS, index, "/name",
            "names a containerPath, which is a file system, not a disk");
}

/* Whether a volume without a disk has nearly the name of a CD-ROM drive, which may be empty. */
static bool is_near_single(const struct appliance_check_scope *scope, const char *name)
{
    return name != NULL && near_single(scope->disks, scope->volumes, name) != NULL;
}

void appliance_check_disks(const struct appliance_check_scope *scope)
{
    appliance_check_names(scope, scope->disks, APPLIANCE_DISKS, "/name", APPLIANCE_NAME_LABEL);
    for (size_t i = 0; i < json_array_size(scope->disks); i++) {
        const json_t *disk = json_array_get(scope->disks, i);
        const char *name = appliance_check_name(disk);
        if (machine_value(disk, "/cdrom") == NULL || is_near_single(scope, name))
            check_volume(scope, APPLIANCE_DISKS, i, name);
        check_target(scope, i, disk);
        check_serial(scope, i, disk);
        check_kind_of_volume(scope, i, disk);
        for (size_t k = 0; k < ARRAY_SIZE(disk_choices); k++)
            check_choice(scope, APPLIANCE_DISKS, i, disk, &disk_choices[k]);
    }
}

void appliance_check_filesystems(const struct appliance_check_scope *scope)
{
    appliance_check_names(
        scope, scope->filesystems, APPLIANCE_FILESYSTEMS, "/name", APPLIANCE_NAME_LABEL);
    for (size_t i = 0; i < json_array_size(scope->filesystems); i++) {
        const char *name = appliance_check_name(json_array_get(scope->filesystems, i));
        check_volume(scope, APPLIANCE_FILESYSTEMS, i, name);
        if (name == NULL || !appliance_check_has(scope->disks, name))
            continue;
        auto_free char *shown = appliance_check_shown(name);
        appliance_check_error(scope, APPLIANCE_FILESYSTEMS, i, "/name",
            "\"%s\" is a disk, too: a volume is one or the other", shown);
    }
}

/* Whether the others have a name that is not known yet. */
static bool are_open(const json_t *others)
{
    for (size_t i = 0; i < json_array_size(others); i++) {
        const char *name = appliance_check_name(json_array_get(others, i));
        if (name != NULL && appliance_check_is_open(name))
            return true;
    }
    return false;
}

/* Adds an error for each interface without a network, and the other way round. Of two that have
 * nearly the same name, only the interface is named. */
static void check_partners(const struct appliance_check_scope *scope, const json_t *list,
    const char *base, const json_t *others, const char *what)
{
    bool is_network = streq(base, NETWORKS);
    for (size_t i = 0; !are_open(others) && i < json_array_size(list); i++) {
        const char *name = appliance_check_name(json_array_get(list, i));
        if (name == NULL || appliance_check_is_open(name) || appliance_check_has(others, name) ||
            (is_network && near_single(list, others, name) != NULL))
            continue;
        auto_free char *shown = appliance_check_shown(name);
        auto_free char *hint = appliance_check_hint(others, name);
        appliance_check_error(
            scope, base, i, "/name", "no %s is called \"%s\"%s", what, shown, hint);
    }
}

/* Each boot order is there once among disks and interfaces. */
static void check_boot_orders(
    const struct appliance_check_scope *scope, const json_t *list, const char *base, json_t *seen)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *order = machine_value(json_array_get(list, i), "/bootOrder");
        if (!json_is_integer(order) || json_integer_value(order) < 0)
            continue;
        auto_free char *key = xasprintf("%lld", (long long)json_integer_value(order));
        if (json_integer_value(order) == 0)
            appliance_check_error(scope, base, i, "/bootOrder", "must be at least 1");
        else if (json_object_get(seen, key) != NULL)
            appliance_check_error(
                scope, base, i, "/bootOrder", "%s is the boot order of another device", key);
        json_object_set_new(seen, key, json_true());
    }
}

/* Checks that an interface has at most one binding. */
static void check_bindings(
    const struct appliance_check_scope *scope, size_t index, const json_t *interface)
{
    static const char *const bindings[] = {
        "binding", "bridge", "macvtap", "masquerade", "passt", "passtBinding", "slirp", "sriov"};
    size_t found = 0;
    auto_free char *list =
        appliance_check_members(interface, bindings, ARRAY_SIZE(bindings), &found);
    auto_free char *number = appliance_check_number(found);
    if (found > 1)
        appliance_check_error(scope, INTERFACES, index, "", "has %s bindings, %s", number, list);
}

/* Checks the form of a network that multus attaches: NAME, or NAMESPACE/NAME. */
static void check_multus(
    const struct appliance_check_scope *scope, size_t index, const json_t *network)
{
    static const char rest[] = "/multus/networkName";
    const char *name = machine_string(network, rest);
    const char *slash = name != NULL ? strchr(name, '/') : NULL;
    if (slash == NULL || appliance_check_is_open(name) ||
        (slash > name && slash[1] != '\0' && strchr(slash + 1, '/') == NULL))
        return;
    auto_free char *shown = appliance_check_shown(name);
    appliance_check_error(
        scope, NETWORKS, index, rest, "must be NAME or NAMESPACE/NAME, not \"%s\"", shown);
}

static void check_network_sources(const struct appliance_check_scope *scope, const json_t *networks)
{
    static const char *const sources[] = {"pod", "multus", "resourceClaim"};
    size_t pods = 0;
    for (size_t i = 0; i < json_array_size(networks); i++) {
        const json_t *network = json_array_get(networks, i);
        size_t found = 0;
        auto_free char *list =
            appliance_check_members(network, sources, ARRAY_SIZE(sources), &found);
        auto_free char *number = appliance_check_number(found);
        bool only_name = json_object_size(network) <= 1;
        if (found > 1)
            appliance_check_error(scope, NETWORKS, i, "", "has %s sources, %s", number, list);
        else if (found == 0 && json_is_object(network) && only_name)
            appliance_check_error(scope, NETWORKS, i, "", "has no source: pod or multus");
        check_multus(scope, i, network);
        if (machine_value(network, "/pod") != NULL && pods++ > 0)
            appliance_check_error(
                scope, NETWORKS, i, "/pod", "is there already: a VM has one pod network");
    }
}

void appliance_check_interfaces(const struct appliance_check_scope *scope, const json_t *vm)
{
    auto_json json_t *orders = json_object();
    const json_t *all_networks = machine_value(vm, NETWORKS);
    const json_t *all_interfaces = machine_value(vm, INTERFACES);
    const json_t *networks = appliance_check_list(scope->findings, vm, NETWORKS, "networks");
    const json_t *interfaces = appliance_check_list(scope->findings, vm, INTERFACES, "interfaces");
    appliance_check_names(scope, networks, NETWORKS, "/name", APPLIANCE_NAME_INTERFACE);
    appliance_check_names(scope, interfaces, INTERFACES, "/name", APPLIANCE_NAME_INTERFACE);
    if (networks != NULL || all_networks == NULL)
        check_partners(scope, interfaces, INTERFACES, networks, "network");
    if (interfaces != NULL || all_interfaces == NULL)
        check_partners(scope, networks, NETWORKS, interfaces, "interface");
    check_network_sources(scope, networks);
    check_boot_orders(scope, scope->disks, APPLIANCE_DISKS, orders);
    check_boot_orders(scope, interfaces, INTERFACES, orders);
    for (size_t i = 0; i < json_array_size(interfaces); i++) {
        check_bindings(scope, i, json_array_get(interfaces, i));
        for (size_t k = 0; k < ARRAY_SIZE(interface_choices); k++)
            check_choice(
                scope, INTERFACES, i, json_array_get(interfaces, i), &interface_choices[k]);
    }
}
