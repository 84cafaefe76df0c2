#include "machine/expansion.h"

#include "base/json.h"
#include "base/schema.h"
#include "base/text.h"
#include "machine/application.h"
#include "machine/fields.h"
#include "machine/instancetype.h"
#include "machine/preference.h"
#include "machine/requirements.h"
#include "machine/value.h"

#define DEVICES "/spec/domain/devices"

#define ANY SCHEMA_ANY, .type = "any"

static const struct schema_field spec_fields[] = {
    {"dataVolumeTemplates", ANY},
    {"instancetype", ANY},
    {"preference", ANY},
    {"running", ANY},
    {"runStrategy", ANY},
    {"template", ANY},
    {"updateVolumesStrategy", ANY},
    {.path = NULL},
};

/* The members of a VM's spec; what is in them is checked elsewhere.
 * Source: KubeVirt API reference, VirtualMachineSpec. */
static const struct schema spec_schema = {.fields = spec_fields, .lenient = true};

/* Whether the VM refers to an instance type or preference. */
static bool is_due(const json_t *vm)
{
    return machine_value(vm, machine_role_pointer(MACHINE_INSTANCETYPE)) != NULL ||
           machine_value(vm, machine_role_pointer(MACHINE_PREFERENCE)) != NULL;
}

/* A volume without a disk or file system gets a disk. */
static void add_disks(struct machine_application *application)
{
    const json_t *volumes = machine_value(application->vmi, "/spec/volumes");
    const json_t *filesystems = machine_value(application->vmi, DEVICES "/filesystems");
    for (size_t i = 0; i < json_array_size(volumes); i++) {
        const char *name = machine_string(json_array_get(volumes, i), "/name");
        const json_t *disks = machine_value(application->vmi, DEVICES "/disks");
        if (name == NULL || machine_item_named(disks, name) != NULL ||
            machine_item_named(filesystems, name) != NULL)
            continue;
        json_t *array = machine_application_array(application, DEVICES "/disks");
        json_array_append_new(array, json_pack("{s:s}", "name", name));
    }
}

static void add_input(struct machine_application *application)
{
    if (!machine_boolean(application->vmi, DEVICES "/autoattachInputDevice", false) ||
        json_array_size(machine_value(application->vmi, DEVICES "/inputs")) > 0)
        return;
    json_t *inputs = machine_application_array(application, DEVICES "/inputs");
    json_array_append_new(inputs, json_pack("{s:s}", "name", "default-0"));
}

/* The interface of a VM that has neither interfaces nor networks: its binding makes no difference
 * here (docs/launcher.md, Network). */
static void add_interface(struct machine_application *application)
{
    static const char name[] = "default";
    if (!machine_boolean(application->vmi, DEVICES "/autoattachPodInterface", true) ||
        json_array_size(machine_value(application->vmi, DEVICES "/interfaces")) > 0 ||
        json_array_size(machine_value(application->vmi, "/spec/networks")) > 0)
        return;
    json_t *interfaces = machine_application_array(application, DEVICES "/interfaces");
    json_t *networks = machine_application_array(application, "/spec/networks");
    json_array_append_new(interfaces, json_pack("{s:s, s:{}}", "name", name, "masquerade"));
    json_array_append_new(networks, json_pack("{s:s, s:{}}", "name", name, "pod"));
}

/* Adds the annotation that says what a VMI is made with. */
static void annotate(
    struct machine_application *application, const struct machine_reference *reference)
{
    static const char *const keys[] = {
        [MACHINE_KIND_INSTANCETYPE] = "kubevirt.io/instancetype-name",
        [MACHINE_KIND_CLUSTER_INSTANCETYPE] = "kubevirt.io/cluster-instancetype-name",
        [MACHINE_KIND_PREFERENCE] = "kubevirt.io/preference-name",
        [MACHINE_KIND_CLUSTER_PREFERENCE] = "kubevirt.io/cluster-preference-name",
    };
    if (reference->object == NULL)
        return;
    json_t *annotations = machine_application_object(application, "/metadata/annotations");
    json_object_set_new(annotations, keys[reference->kind], json_string(reference->name));
}

/* Bounds the work: KubeVirt refuses more. */
static void check_sizes(struct machine_application *application)
{
    static const char *const pointers[] = {"/spec/volumes", "/spec/networks", DEVICES "/disks",
        DEVICES "/filesystems", DEVICES "/interfaces", DEVICES "/inputs", DEVICES "/panicDevices",
        "/spec/domain/cpu/features"};
    for (size_t i = 0; i < ARRAY_SIZE(pointers); i++) {
        size_t count = json_array_size(machine_value(application->vmi, pointers[i]));
        if (count > MACHINE_MAX_ITEMS)
            machine_application_refuse(application, pointers[i],
                "has %zu items; at most %d are allowed", count, MACHINE_MAX_ITEMS);
    }
}

/* Checks the template, and finds what the VM refers to. Returns 0, or -1 with errors. */
static int begin(
    struct machine_application *application, const char *namespace, struct machine_known *known)
{
    struct findings *findings = application->findings;
    size_t errors = findings->errors;
    if (!json_is_object(application->vmi)) {
        findings_error(findings, MACHINE_TEMPLATE, "is required: the machine");
        return -1;
    }
    machine_application_object(application, "/spec/domain");
    check_sizes(application);
    if (findings->errors > errors)
        return -1;
    machine_reference_find(application->vm, MACHINE_INSTANCETYPE, namespace, known,
        application->instancetype, findings);
    machine_reference_find(
        application->vm, MACHINE_PREFERENCE, namespace, known, application->preference, findings);
    return findings->errors > errors ? -1 : 0;
}

static void apply(struct machine_application *application, enum machine_purpose purpose)
{
    size_t errors = application->findings->errors;
    add_disks(application);
    if (purpose == MACHINE_FOR_LAUNCH) {
        machine_preference_apply_autoattach(application);
        add_input(application);
    }
    add_interface(application);
    if (purpose == MACHINE_FOR_LAUNCH) {
        annotate(application, application->instancetype);
        annotate(application, application->preference);
    }
    machine_instancetype_apply(application);
    if (application->findings->errors == errors)
        machine_preference_apply(application);
    if (application->findings->errors == errors)
        machine_requirements_check(application);
}

/* What is applied is referred to no longer. */
static void forget(json_t *vm)
{
    json_t *spec = json_object_get(vm, "spec");
    json_t *status = json_object_get(vm, "status");
    json_object_del(spec, "instancetype");
    json_object_del(spec, "preference");
    json_object_del(status, "instancetypeRef");
    json_object_del(status, "preferenceRef");
}

int machine_expand(const json_t *vm, const char *namespace, enum machine_purpose purpose,
    struct machine_known *known, struct machine_expansion *out, struct findings *findings)
{
    size_t errors = findings->errors;
    *out = (struct machine_expansion){0};
    auto_json json_t *copy = json_deep_copy(vm);
    struct machine_application application = {
        .vm = copy,
        .instancetype = &out->instancetype,
        .preference = &out->preference,
        .origins = &out->origins,
        .findings = findings,
    };
    application.vmi = json_pointer_get(copy, MACHINE_TEMPLATE);
    if (json_is_object(json_object_get(vm, "spec")))
        json_decref(schema_check(&spec_schema, json_object_get(vm, "spec"), "/spec", findings));
    if (!is_due(copy)) {
        if (purpose == MACHINE_FOR_LAUNCH)
            add_input(&application);
    } else {
        if (begin(&application, namespace, known) == 0)
            apply(&application, purpose);
        forget(copy);
    }
    if (findings->errors > errors)
        return -1;
    out->vm = steal(&copy);
    return 0;
}

void machine_expansion_clear(struct machine_expansion *expansion)
{
    json_decref(expansion->vm);
    machine_origins_clear(&expansion->origins);
    machine_reference_clear(&expansion->instancetype);
    machine_reference_clear(&expansion->preference);
    *expansion = (struct machine_expansion){0};
}
