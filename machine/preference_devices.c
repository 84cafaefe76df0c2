#include "machine/preference_devices.h"

#include "base/json.h"
#include "base/text.h"
#include "machine/value.h"

#define DEVICES "/spec/domain/devices"

/* A field of a device, relative to it. */
struct row {
    const char *from; /* in the preference's devices */
    const char *to;
};

static const struct row disk_rows[] = {
    {"/preferredDiskBus", "/disk/bus"},
    {"/preferredDiskBlockSize", "/blockSize"},
    {"/preferredDiskCache", "/cache"},
    {"/preferredDiskIO", "/io"},
};
static const struct row cdrom_rows[] = {{"/preferredCdromBus", "/cdrom/bus"}};
static const struct row lun_rows[] = {{"/preferredLunBus", "/lun/bus"}};
static const struct row dedicated_rows[] = {
    {"/preferredDiskDedicatedIoThread", "/dedicatedIOThread"}};
static const struct row interface_rows[] = {{"/preferredInterfaceModel", "/model"}};
static const struct row masquerade_rows[] = {{"/preferredInterfaceMasquerade", "/masquerade"}};
static const struct row input_rows[] = {
    {"/preferredInputBus", "/bus"}, {"/preferredInputType", "/type"}};
static const struct row sound_rows[] = {{"/preferredSoundModel", "/model"}};
static const struct row panic_rows[] = {{"/preferredPanicDeviceModel", "/model"}};

#define APPLY(application, device, rows) apply((application), (device), (rows), ARRAY_SIZE(rows))

/* Sets those fields of the device at a JSON Pointer that it leaves open. */
static void apply(struct machine_application *application, const char *device,
    const struct row *rows, size_t count)
{
    const struct machine_reference *reference = application->preference;
    for (size_t i = 0; i < count; i++) {
        auto_free char *from = xasprintf("/devices%s", rows[i].from);
        auto_free char *to = xasprintf("%s%s", device, rows[i].to);
        const json_t *value = machine_value(reference->spec, from);
        if (machine_application_is_empty(value) ||
            !machine_application_is_empty(machine_value(application->vmi, to)))
            continue;
        machine_application_set(application, to, json_deep_copy(value), reference, from);
    }
}

static bool has(const struct machine_application *application, const char *device, const char *name)
{
    auto_free char *pointer = xasprintf("%s%s", device, name);
    return machine_value(application->vmi, pointer) != NULL;
}

static void apply_to_disk(struct machine_application *application, const char *disk)
{
    auto_free char *target = xasprintf("%s/disk", disk);
    auto_free char *bus = xasprintf("%s/bus", target);
    bool is_cdrom = has(application, disk, "/cdrom");
    bool is_lun = has(application, disk, "/lun");
    if (!is_cdrom && !is_lun)
        machine_application_object(application, target);
    if (has(application, disk, "/disk")) {
        APPLY(application, disk, disk_rows);
        const char *on = machine_string(application->vmi, bus);
        if (on != NULL && streq(on, "virtio"))
            APPLY(application, disk, dedicated_rows);
    } else if (is_cdrom) {
        APPLY(application, disk, cdrom_rows);
    } else {
        APPLY(application, disk, lun_rows);
    }
}

/* Whether the interface has no binding yet, and its network is the pod's. */
static bool takes_masquerade(const struct machine_application *application, const char *interface)
{
    static const char *const bindings[] = {"/bridge", "/slirp", "/masquerade", "/sriov", "/macvtap",
        "/passt", "/passtBinding", "/binding"};
    for (size_t i = 0; i < ARRAY_SIZE(bindings); i++) {
        if (has(application, interface, bindings[i]))
            return false;
    }
    auto_free char *pointer = xasprintf("%s/name", interface);
    const char *name = machine_string(application->vmi, pointer);
    const json_t *networks = machine_value(application->vmi, "/spec/networks");
    const json_t *network = name != NULL ? machine_item_named(networks, name) : NULL;
    return machine_value(network, "/pod") != NULL;
}

static void apply_to_interface(struct machine_application *application, const char *interface)
{
    APPLY(application, interface, interface_rows);
    if (takes_masquerade(application, interface))
        APPLY(application, interface, masquerade_rows);
}

static void apply_to_input(struct machine_application *application, const char *input)
{
    APPLY(application, input, input_rows);
}

static void apply_to_panic_device(struct machine_application *application, const char *device)
{
    APPLY(application, device, panic_rows);
}

static void for_each(struct machine_application *application, const char *array,
    void (*apply_to)(struct machine_application *application, const char *device))
{
    const json_t *items = machine_value(application->vmi, array);
    for (size_t i = 0; i < json_array_size(items); i++) {
        auto_free char *pointer = json_pointer_index(array, i);
        if (json_is_object(json_array_get(items, i)))
            apply_to(application, pointer);
    }
}

/* A VM without a panic device gets one of the preferred model. */
static void apply_panic_model(struct machine_application *application)
{
    static const char from[] = "/devices/preferredPanicDeviceModel";
    static const char to[] = DEVICES "/panicDevices";
    if (machine_application_is_empty(machine_value(application->preference->spec, from)))
        return;
    if (json_array_size(machine_application_array(application, to)) == 0)
        machine_application_set(application, to, json_pack("[{}]"), application->preference, from);
    for_each(application, to, apply_to_panic_device);
}

void machine_preference_devices_apply(struct machine_application *application)
{
    if (machine_value(application->vmi, DEVICES "/sound") != NULL)
        APPLY(application, DEVICES "/sound", sound_rows);
    for_each(application, DEVICES "/disks", apply_to_disk);
    for_each(application, DEVICES "/interfaces", apply_to_interface);
    for_each(application, DEVICES "/inputs", apply_to_input);
    apply_panic_model(application);
}
