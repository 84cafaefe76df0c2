#include "appliance/check.h"

#include <string.h>

#include "appliance/check_devices.h"
#include "appliance/check_matchers.h"
#include "appliance/check_scope.h"
#include "appliance/check_templates.h"
#include "appliance/check_volumes.h"
#include "appliance/fields.h"
#include "appliance/misplaced.h"
#include "appliance/run_strategy.h"
#include "base/json.h"
#include "base/text.h"
#include "machine/value.h"

#define GATES "/spec/configuration/developerConfiguration/featureGates"

/* Looks for the gate in the configuration of a KubeVirt; user is a bool. */
static bool look_for_gate(void *user, const struct appliance_object *object)
{
    bool *found = user;
    const json_t *gates = machine_value(object->value, GATES);
    for (size_t i = 0; i < json_array_size(gates); i++) {
        const char *gate = json_string_value(json_array_get(gates, i));
        *found = *found || (gate != NULL && streq(gate, APPLIANCE_RECEIVER_GATE));
    }
    return !*found;
}

/* Checks what the boilerplate says that it is. */
static void check_kind(const json_t *vm, struct findings *findings)
{
    static const char *const versions[] = {"kubevirt.io/v1", "kubevirt.io/v1alpha3"};
    const char *name = appliance_kind_name(APPLIANCE_VM);
    const char *kind = json_get_string(vm, "kind");
    const char *version = json_get_string(vm, "apiVersion");
    if (kind != NULL && !streq(kind, name)) {
        auto_free char *shown = appliance_check_shown(kind);
        auto_free char *hint = suggest_hint(kind, &name, 1);
        findings_error(findings, "/kind", "must be %s, not \"%s\"%s", name, shown, hint);
    }
    if (version != NULL && text_index(version, versions, ARRAY_SIZE(versions)) < 0) {
        auto_free char *shown = appliance_check_shown(version);
        findings_error(findings, "/apiVersion", "must be %s, not \"%s\"", versions[0], shown);
    }
}

/* The name is not used, but one that Kubernetes refuses is a fault all the same. */
static void check_name(const struct appliance_check_scope *scope, const json_t *vm)
{
    const char *name = machine_string(vm, "/metadata/name");
    if (name != NULL)
        appliance_check_name_form(scope, "/metadata/name", name, APPLIANCE_NAME_SUBDOMAIN);
}

const char appliance_check_receiver_rule[] = APPLIANCE_WAIT_AS_RECEIVER
    " needs KubeVirt's feature gate " APPLIANCE_RECEIVER_GATE ", which is not known to be on";

bool appliance_check_receives(struct appliance_objects *objects)
{
    bool has_gate = false;
    appliance_objects_each(objects, APPLIANCE_KUBEVIRT, NULL, look_for_gate, &has_gate);
    return has_gate;
}

static void check_run_strategy(const struct appliance_check_scope *scope)
{
    const json_t *running = machine_value(scope->spec, "/running");
    const json_t *strategy = machine_value(scope->spec, "/runStrategy");
    const char *text = json_string_value(strategy);
    if (running != NULL && strategy != NULL)
        findings_error(scope->findings, "/spec/running", "not together with spec.runStrategy");
    if (text == NULL || appliance_check_is_open(text) || appliance_run_strategy_is_valid(text))
        return;
    if (!streq(text, APPLIANCE_WAIT_AS_RECEIVER)) {
        auto_free char *message = appliance_run_strategy_refuse(text);
        findings_error(scope->findings, "/spec/runStrategy", "%s", message);
        return;
    }
    if (!appliance_check_receives(scope->objects))
        findings_error(scope->findings, "/spec/runStrategy", "%s", appliance_check_receiver_rule);
}

/* Whether parameters give the volumes, or the name of one of them. */
static bool are_open(const json_t *volumes)
{
    if (json_is_string(volumes))
        return true;
    for (size_t i = 0; i < json_array_size(volumes); i++) {
        const json_t *volume = json_array_get(volumes, i);
        const char *name = appliance_check_name(volume);
        if (json_is_string(volume) || (name != NULL && appliance_check_is_open(name)))
            return true;
    }
    return false;
}

void appliance_check(const struct appliance_source *source, const json_t *vm,
    struct appliance_objects *objects, struct appliance_report *report)
{
    struct findings *findings = appliance_source_findings(source, report);
    const json_t *volumes = machine_value(vm, APPLIANCE_VOLUMES);
    schema_find_faults(&appliance_vm_schema, vm, "", findings);
    struct appliance_check_scope scope = {
        .source = source,
        .objects = objects,
        .findings = findings,
        .spec = json_object_get(vm, "spec"),
        .templates = appliance_check_list(findings, vm, APPLIANCE_TEMPLATES, "templates"),
        .volumes = appliance_check_list(findings, vm, APPLIANCE_VOLUMES, "volumes"),
        .disks = appliance_check_list(findings, vm, APPLIANCE_DISKS, "disks"),
        .filesystems = appliance_check_list(findings, vm, APPLIANCE_FILESYSTEMS, "file systems"),
    };
    /* of what is too long, or no list, nothing is known */
    scope.open_volumes = (volumes != NULL && scope.volumes == NULL) || are_open(volumes);
    check_kind(vm, findings);
    check_name(&scope, vm);
    check_run_strategy(&scope);
    appliance_check_matchers(&scope);
    appliance_check_templates(&scope);
    appliance_check_volumes(&scope);
    appliance_check_disks(&scope);
    appliance_check_filesystems(&scope);
    appliance_check_interfaces(&scope, vm);
    appliance_misplaced_check(vm, findings);
}

bool appliance_check_hides_memory(const struct findings *findings)
{
    static const char domain[] = "/spec/template/spec/domain";
    static const char devices[] = "/spec/template/spec/domain/devices";
    static const char *const instancetype[] = {"instancetype"};
    for (size_t i = 0; i < findings->count; i++) {
        const char *pointer = findings->items[i].pointer;
        const char *member = text_starts_with(pointer, "/spec/") ? pointer + strlen("/spec/") : "";
        bool is_type = text_starts_with(member, "instancetype") ||
                       suggest_nearest(member, instancetype, 1) != NULL;
        bool is_domain = text_starts_with(pointer, domain) && !text_starts_with(pointer, devices);
        bool is_above = text_starts_with(domain, pointer); /* as of a spec that is missing */
        if (findings->items[i].severity == FINDING_ERROR && (is_type || is_domain || is_above))
            return true;
    }
    return false;
}

bool appliance_check_memory(
    const struct appliance_source *source, const json_t *vm, struct appliance_report *report)
{
    static const char *const pointers[] = {"/spec/instancetype",
        "/spec/template/spec/domain/memory/guest",
        "/spec/template/spec/domain/memory/hugepages/pageSize",
        "/spec/template/spec/domain/resources/requests/memory",
        "/spec/template/spec/domain/resources/limits/memory"};
    struct findings *findings = appliance_source_findings(source, report);
    const json_t *domain = machine_value(vm, "/spec/template/spec/domain");
    auto_free char *label = json_pointer_join("/metadata/labels", APPLIANCE_INSTANCETYPE_LABEL);
    bool found = machine_value(source->object->value, label) != NULL;
    for (size_t i = 0; i < ARRAY_SIZE(pointers); i++)
        found = found || machine_value(vm, pointers[i]) != NULL;
    /* what is no object may be a parameter's */
    if (found || !json_is_object(domain) || appliance_check_hides_memory(findings))
        return true;
    findings_error(findings, "/spec/template/spec/domain",
        "has no memory: set memory.guest, spec.instancetype, or the DataSource's label %s",
        APPLIANCE_INSTANCETYPE_LABEL);
    return false;
}
