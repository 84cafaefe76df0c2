#include "machine/preference.h"

#include "base/json.h"
#include "base/text.h"
#include "machine/preference_devices.h"
#include "machine/value.h"

#define DOMAIN "/spec/domain"

/* When a value is taken. */
enum when {
    IF_ABSENT, /* the VM has none */
    IF_EMPTY, /* the VM has none, or "" */
    ALWAYS, /* KubeVirt cannot tell what the VM says from nothing */
};

struct row {
    const char *from; /* in the spec of the preference */
    const char *to; /* in the VMI */
    enum when when;
};

static const struct row autoattach[] = {
    {"/devices/preferredAutoattachGraphicsDevice", DOMAIN "/devices/autoattachGraphicsDevice",
        IF_ABSENT},
    {"/devices/preferredAutoattachMemBalloon", DOMAIN "/devices/autoattachMemBalloon", IF_ABSENT},
    {"/devices/preferredAutoattachPodInterface", DOMAIN "/devices/autoattachPodInterface",
        IF_ABSENT},
    {"/devices/preferredAutoattachSerialConsole", DOMAIN "/devices/autoattachSerialConsole",
        IF_ABSENT},
    {"/devices/preferredAutoattachInputDevice", DOMAIN "/devices/autoattachInputDevice", IF_ABSENT},
};

static const struct row rows[] = {
    {"/devices/preferredUseVirtioTransitional", DOMAIN "/devices/useVirtioTransitional", IF_ABSENT},
    {"/devices/preferredBlockMultiQueue", DOMAIN "/devices/blockMultiQueue", IF_ABSENT},
    {"/devices/preferredNetworkInterfaceMultiQueue", DOMAIN "/devices/networkInterfaceMultiqueue",
        IF_ABSENT},
    {"/devices/preferredDisableHotplug", DOMAIN "/devices/disableHotplug", ALWAYS},
    {"/devices/preferredRng", DOMAIN "/devices/rng", IF_ABSENT},
    {"/devices/preferredTPM", DOMAIN "/devices/tpm", IF_ABSENT},
    {"/devices/preferredVideoType", DOMAIN "/devices/video/type", IF_EMPTY},
    {"/features/preferredAcpi", DOMAIN "/features/acpi", ALWAYS},
    {"/features/preferredApic", DOMAIN "/features/apic", IF_ABSENT},
    {"/features/preferredKvm", DOMAIN "/features/kvm", IF_ABSENT},
    {"/features/preferredPvspinlock", DOMAIN "/features/pvspinlock", IF_ABSENT},
    {"/features/preferredSmm", DOMAIN "/features/smm", IF_ABSENT},
    {"/machine/preferredMachineType", DOMAIN "/machine/type", IF_EMPTY},
    {"/clock/preferredTimer", DOMAIN "/clock/timer", IF_ABSENT},
    {"/preferredSubdomain", "/spec/subdomain", IF_EMPTY},
    {"/preferredTerminationGracePeriodSeconds", "/spec/terminationGracePeriodSeconds", IF_ABSENT},
    {"/preferredArchitecture", "/spec/architecture", IF_EMPTY},
    {"/preferredLaunchSecurity", DOMAIN "/launchSecurity", IF_ABSENT},
};

static void warn_of_override(
    struct machine_application *application, const struct row *row, const json_t *own)
{
    const json_t *value = machine_value(application->preference->spec, row->from);
    if (own == NULL || json_equal(own, value))
        return;
    auto_free char *pointer = xasprintf(MACHINE_TEMPLATE "%s", row->to);
    auto_free char *said = machine_reference_say(application->preference, row->from);
    findings_warning(
        application->findings, pointer, "is replaced, as in KubeVirt, by what %s says", said);
}

static void apply_rows(
    struct machine_application *application, const struct row *from_rows, size_t count)
{
    const struct machine_reference *reference = application->preference;
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &from_rows[i];
        const json_t *value = machine_value(reference->spec, row->from);
        const json_t *own = machine_value(application->vmi, row->to);
        bool is_open = row->when == IF_EMPTY ? machine_application_is_empty(own)
                                             : own == NULL || row->when == ALWAYS;
        if (!is_open || machine_application_is_empty(value))
            continue;
        if (row->when == ALWAYS)
            warn_of_override(application, row, own);
        machine_application_set(application, row->to, json_deep_copy(value), reference, row->from);
    }
}

/* Some objects are there as soon as the preference has a word about them. */
static void create_objects(struct machine_application *application)
{
    static const struct {
        const char *from, *to;
    } objects[] = {
        {"/features", DOMAIN "/features"},
        {"/features/preferredHyperv", DOMAIN "/features/hyperv"},
        {"/firmware", DOMAIN "/firmware/bootloader"},
        {"/clock", DOMAIN "/clock"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
        if (machine_value(application->preference->spec, objects[i].from) != NULL &&
            machine_value(application->vmi, objects[i].to) == NULL)
            machine_application_set(application, objects[i].to, json_object(),
                application->preference, objects[i].from);
    }
}

/* Each of the preferred features of Hyper-V that the VM does not have an opinion about. */
static void apply_hyperv(struct machine_application *application)
{
    static const char from[] = "/features/preferredHyperv";
    const struct machine_reference *reference = application->preference;
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach ((json_t *)machine_value(reference->spec, from), name, value) {
        auto_free char *source = json_pointer_join(from, name);
        auto_free char *to = json_pointer_join(DOMAIN "/features/hyperv", name);
        if (!json_is_null(value) && machine_value(application->vmi, to) == NULL)
            machine_application_set(application, to, json_deep_copy(value), reference, source);
    }
}

/* A CPU feature is added unless the VM has one of that name. */
static void apply_cpu_features(struct machine_application *application)
{
    static const char from[] = "/cpu/preferredCPUFeatures";
    static const char to[] = DOMAIN "/cpu/features";
    const struct machine_reference *reference = application->preference;
    const json_t *wanted = machine_value(reference->spec, from);
    if (json_array_size(wanted) == 0)
        return;
    if (machine_value(application->vmi, to) == NULL)
        machine_application_set(application, to, json_array(), reference, from);
    json_t *features = machine_application_array(application, to);
    auto_json json_t *own = json_copy(features);
    for (size_t i = 0; i < json_array_size(wanted); i++) {
        json_t *feature = json_array_get(wanted, i);
        if (machine_item_named(own, machine_string(feature, "/name")) != NULL)
            continue;
        auto_free char *source = json_pointer_index(from, i);
        auto_free char *item = json_pointer_index(to, json_array_size(features));
        json_array_append_new(features, json_deep_copy(feature));
        machine_origins_add(application->origins, item, reference, source);
    }
}

/* The offset is taken whole, and only by a VM that has none. */
static void apply_clock_offset(struct machine_application *application)
{
    static const char *const names[] = {"utc", "timezone"};
    const struct machine_reference *reference = application->preference;
    if (machine_value(application->vmi, DOMAIN "/clock/utc") != NULL ||
        machine_value(application->vmi, DOMAIN "/clock/timezone") != NULL)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        auto_free char *from = xasprintf("/clock/preferredClockOffset/%s", names[i]);
        auto_free char *to = xasprintf(DOMAIN "/clock/%s", names[i]);
        const json_t *value = machine_value(reference->spec, from);
        if (value != NULL)
            machine_application_set(application, to, json_deep_copy(value), reference, from);
    }
}

static bool wants(const struct machine_application *application, const char *from)
{
    return machine_boolean(application->preference->spec, from, false);
}

/* Sets a value below the VM's boot loader, from a field of the preference's firmware. */
static void set_boot(
    struct machine_application *application, const char *to, json_t *take_value, const char *from)
{
    auto_free char *pointer = xasprintf(DOMAIN "/firmware/bootloader%s", to);
    auto_free char *whole = xasprintf("/firmware%s", from);
    machine_application_set(application, pointer, take_value, application->preference, whole);
}

static bool has_boot(const struct machine_application *application, const char *to)
{
    auto_free char *pointer = xasprintf(DOMAIN "/firmware/bootloader%s", to);
    return machine_value(application->vmi, pointer) != NULL;
}

/* A VM with a boot loader of its own keeps it; only what the loader leaves open is preferred. */
static void apply_firmware(struct machine_application *application)
{
    const json_t *firmware = machine_value(application->preference->spec, "/firmware");
    const json_t *efi = machine_value(firmware, "/preferredEfi");
    const json_t *serial = machine_value(firmware, "/preferredUseBiosSerial");
    const json_t *secure = machine_value(firmware, "/preferredUseSecureBoot");
    bool is_open = !has_boot(application, "/bios") && !has_boot(application, "/efi");
    if (is_open && wants(application, "/firmware/preferredUseBios"))
        set_boot(application, "/bios", json_object(), "/preferredUseBios");
    if (serial != NULL && has_boot(application, "/bios") &&
        !has_boot(application, "/bios/useSerial"))
        set_boot(
            application, "/bios/useSerial", json_copy((json_t *)serial), "/preferredUseBiosSerial");
    is_open = is_open && !has_boot(application, "/bios");
    if (is_open && efi != NULL) {
        set_boot(application, "/efi", json_deep_copy(efi), "/preferredEfi");
        return; /* the older fields below do not count beside it */
    }
    if (is_open && wants(application, "/firmware/preferredUseEfi"))
        set_boot(application, "/efi", json_object(), "/preferredUseEfi");
    if (secure != NULL && has_boot(application, "/efi") &&
        !has_boot(application, "/efi/secureBoot"))
        set_boot(
            application, "/efi/secureBoot", json_copy((json_t *)secure), "/preferredUseSecureBoot");
}

static void apply_annotations(struct machine_application *application)
{
    json_t *annotations = (json_t *)machine_value(application->preference->spec, "/annotations");
    const json_t *own = machine_value(application->vmi, "/metadata/annotations");
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach (annotations, key, value) {
        auto_free char *to = json_pointer_join("/metadata/annotations", key);
        auto_free char *from = json_pointer_join("/annotations", key);
        if (json_object_get(own, key) == NULL)
            machine_application_set(
                application, to, json_copy(value), application->preference, from);
    }
}

/* The storage class goes into the VM's templates of DataVolumes. */
static void apply_volumes(struct machine_application *application)
{
    static const char *const kinds[] = {"/spec/pvc", "/spec/storage"};
    const json_t *class =
        machine_value(application->preference->spec, "/volumes/preferredStorageClassName");
    json_t *templates = json_pointer_get(application->vm, "/spec/dataVolumeTemplates");
    if (machine_application_is_empty(class))
        return;
    for (size_t i = 0; i < json_array_size(templates); i++) {
        for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
            json_t *of = json_pointer_get(json_array_get(templates, i), kinds[k]);
            if (json_is_object(of) && machine_value(of, "/storageClassName") == NULL)
                json_object_set_new(of, "storageClassName", json_copy((json_t *)class));
        }
    }
}

/* KubeVirt 1.9 has a field that it never applies. */
static void warn_of_ignored(struct machine_application *application)
{
    static const char ignored[] = "/devices/preferredVirtualGPUOptions";
    if (machine_value(application->preference->spec, ignored) == NULL)
        return;
    auto_free char *said = machine_reference_say(application->preference, ignored);
    findings_warning(application->findings, machine_role_pointer(MACHINE_PREFERENCE),
        "%s has a field that KubeVirt 1.9 does not apply", said);
}

void machine_preference_apply_autoattach(struct machine_application *application)
{
    apply_rows(application, autoattach, ARRAY_SIZE(autoattach));
}

void machine_preference_apply(struct machine_application *application)
{
    if (application->preference->object == NULL)
        return;
    warn_of_ignored(application);
    create_objects(application);
    apply_cpu_features(application);
    machine_preference_apply_autoattach(application);
    apply_rows(application, rows, ARRAY_SIZE(rows));
    apply_hyperv(application);
    if (machine_value(application->preference->spec, "/devices") != NULL)
        machine_preference_devices_apply(application);
    apply_clock_offset(application);
    apply_firmware(application);
    apply_annotations(application);
    apply_volumes(application);
}
