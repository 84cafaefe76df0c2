#include "appliance/template.h"

#include <stdlib.h>
#include <string.h>

#include "appliance/outline.h"
#include "appliance/parameters.h"
#include "appliance/references.h"
#include "appliance/userdata.h"
#include "base/json.h"
#include "base/text.h"

#define TEMPLATES "/spec/dataVolumeTemplates"
#define VOLUMES "/spec/template/spec/volumes"

json_t *appliance_template_make(
    const char *namespace, const char *name, json_t *take_vm, json_t *take_parameters)
{
    json_t *spec = json_object();
    if (json_array_size(take_parameters) > 0)
        json_object_set(spec, "parameters", take_parameters);
    json_decref(take_parameters);
    json_object_set_new(spec, "virtualMachine", take_vm);
    return json_pack("{s:s, s:s, s:{s:s, s:s*}, s:o}", "apiVersion", "template.kubevirt.io/v1beta1",
        "kind", "VirtualMachineTemplate", "metadata", "name", name, "namespace", namespace, "spec",
        spec);
}

char *appliance_template_add_name(json_t *parameters, const char *value, const char *generate)
{
    auto_free char *name = xstrdup("NAME");
    for (int i = 1; appliance_references_declaration(parameters, name) != NULL; i++) {
        free(name);
        name = i == 1 ? xstrdup("VM_NAME") : xasprintf("VM_NAME_%d", i);
    }
    json_array_insert_new(parameters, 0,
        json_pack("{s:s, s:s, s:s*, s:s*, s:s*}", "name", name, "description",
            "Name of the virtual machine", "generate", generate != NULL ? "expression" : NULL,
            "from", generate, "value", value));
    return steal(&name);
}

/* "${NAME}-root" of "web1-root"; NULL if it does not begin with the VM's name. Owned by the
 * caller. */
static char *follow(const char *text, const char *vm_name, const char *parameter)
{
    size_t length = strlen(vm_name);
    if (strncmp(text, vm_name, length) != 0 || (text[length] != '\0' && text[length] != '-'))
        return NULL;
    return xasprintf("${%s}%s", parameter, text + length);
}

/* Where names of disks that are made with the VM begin with its name, they follow it. */
static void follow_disks(
    json_t *vm, const char *vm_name, const char *parameter, struct findings *findings)
{
    size_t index = 0;
    json_t *one = NULL;
    auto_json json_t *renamed = json_object();
    json_array_foreach (json_pointer_get(vm, TEMPLATES), index, one) {
        json_t *metadata = json_object_get(one, "metadata");
        const char *name = json_get_string(metadata, "name");
        auto_free char *followed = name != NULL ? follow(name, vm_name, parameter) : NULL;
        auto_free char *pointer = xasprintf(TEMPLATES "/%zu/metadata/name", index);
        if (followed != NULL) {
            json_object_set_new(renamed, name, json_string(followed));
            json_object_set_new(metadata, "name", json_string(followed));
        } else if (name != NULL && strstr(name, "${") == NULL) {
            findings_warning(findings, pointer,
                "does not begin with the VM's name: two VMs of the template in one namespace have "
                "a disk of the same name");
        }
    }
    json_array_foreach (json_pointer_get(vm, VOLUMES), index, one) {
        const char *key = NULL;
        json_t *owner = appliance_outline_claim(one, &key);
        json_t *followed =
            owner != NULL ? json_object_get(renamed, json_get_string(owner, key)) : NULL;
        if (followed != NULL)
            json_object_set(owner, key, followed);
    }
}

/* The host name follows the VM's name, or is a parameter of its own. */
static void follow_host_name(
    json_t *vm, const char *vm_name, const char *parameter, json_t *parameters)
{
    static const char own[] = "HOSTNAME";
    json_t *spec = json_pointer_get(vm, "/spec/template/spec");
    const char *name = json_get_string(spec, "hostname");
    if (name == NULL || name[0] == '\0' || strstr(name, "${") != NULL)
        return;
    bool is_vm = streq(name, vm_name);
    if (!is_vm && appliance_references_declaration(parameters, own) != NULL)
        return;
    if (!is_vm)
        json_array_append_new(parameters, json_pack("{s:s, s:s, s:s}", "name", own, "description",
                                              "Host name of the guest", "value", name));
    auto_free char *reference = xasprintf("${%s}", is_vm ? parameter : own);
    json_object_set_new(spec, "hostname", json_string(reference));
}

/* Warns of literal passwords in the user data of a volume. */
static void warn_of_passwords(const json_t *volume, size_t index, struct findings *findings)
{
    static const char *const keys[] = {"cloudInitNoCloud", "cloudInitConfigDrive"};
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        const char *text = json_get_string(json_object_get(volume, keys[i]), "userData");
        auto_free char *pointer = xasprintf(VOLUMES "/%zu/%s/userData", index, keys[i]);
        struct appliance_userdata userdata;
        bool has_password = false;
        if (text == NULL)
            continue;
        appliance_userdata_read(&userdata, text, NULL);
        for (size_t k = 0; k < userdata.password_count; k++)
            has_password =
                has_password || !appliance_userdata_is_reference(&userdata, &userdata.passwords[k]);
        appliance_userdata_clear(&userdata);
        if (has_password)
            findings_warning(findings, pointer,
                "has a literal password, which everyone who may read the template reads, and which "
                "all its VMs have");
    }
}

static void warn_of_all_passwords(const json_t *vm, struct findings *findings)
{
    size_t index = 0;
    json_t *volume = NULL;
    json_array_foreach (json_pointer_get(vm, VOLUMES), index, volume)
        warn_of_passwords(volume, index, findings);
}

/* Moves a member to the front of an object. */
static void put_first(json_t *object, const char *key, json_t *take_value)
{
    auto_json json_t *old = json_copy(object);
    json_object_clear(object);
    json_object_set_new(object, key, take_value);
    json_object_update_missing(object, old);
}

json_t *appliance_template_of_vm(const struct appliance_object *vm,
    const struct appliance_template_request *request, struct appliance_report *report)
{
    struct findings *findings = appliance_report_about(report, vm, NULL);
    auto_json json_t *outline = appliance_outline_make(vm->value);
    auto_json json_t *parameters = json_array();
    if (!request->with_identity)
        appliance_outline_drop_identity(outline, findings);
    json_t *metadata = json_object_get(outline, "metadata");
    json_object_del(metadata, "name");
    appliance_references_escape(outline, parameters);
    auto_free char *parameter = appliance_template_add_name(parameters, vm->name, NULL);
    auto_free char *reference = xasprintf("${%s}", parameter);
    put_first(metadata, "name", json_string(reference));
    follow_disks(outline, vm->name, parameter, findings);
    appliance_outline_follow_name(outline, vm->name, parameter);
    follow_host_name(outline, vm->name, parameter, parameters);
    warn_of_all_passwords(outline, findings);
    if (appliance_report_errors(report) > 0)
        return NULL;
    const char *own = json_get_string(json_object_get(vm->value, "metadata"), "namespace");
    return appliance_template_make(text_or(request->namespace, own),
        text_or(request->name, vm->name), steal(&outline), steal(&parameters));
}

/* The parameters and the VM of a template, which may be wrong. */
static json_t *read_template(
    const struct appliance_object *template, const json_t **parameters, struct findings *findings)
{
    const json_t *vm = json_pointer_get(template->value, "/spec/virtualMachine");
    *parameters = json_pointer_get(template->value, "/spec/parameters");
    if (json_is_null(*parameters))
        *parameters = NULL;
    if (!json_is_object(vm)) {
        findings_error(findings, "/spec/virtualMachine", "must be an object, not %s",
            vm != NULL ? json_kind(vm) : "absent");
        return NULL;
    }
    json_t *copy = json_deep_copy(vm);
    if (!json_is_object(json_object_get(copy, "metadata")))
        json_object_set_new(copy, "metadata", json_object());
    return copy;
}

/* Moves findings about a part of an object to the object itself. */
static void move_findings(struct findings *part, const char *pointer, struct findings *findings)
{
    for (size_t i = 0; i < part->count; i++) {
        const struct finding *one = &part->items[i];
        auto_free char *place = xasprintf("%s%s", pointer, one->pointer);
        findings_add(findings, one->severity, one->class, place, "%s", one->message);
    }
    findings_clear(part);
}

/* Replaces the parameters of a template's VM. Returns 0, or -1 with errors. */
static int process(const struct appliance_object *template, json_t *vm, const json_t *parameters,
    const struct appliance_template_request *request, struct appliance_report *report)
{
    struct findings *findings = appliance_report_about(report, template, NULL);
    struct findings of_parameters = {0};
    struct findings of_vm = {0};
    json_t *values = NULL;
    int result = parameters != NULL ? appliance_parameters_check(parameters, &of_parameters) : 0;
    if (result == 0)
        values = appliance_parameters_values(parameters, request->parameters, template->name,
            &request->random, &of_parameters, appliance_report_about(report, NULL, NULL));
    if (values != NULL)
        result = appliance_parameters_substitute(vm, parameters, values, &of_vm);
    move_findings(&of_parameters, "/spec/parameters", findings);
    move_findings(&of_vm, "/spec/virtualMachine", findings);
    json_decref(values);
    return values == NULL ? -1 : result;
}

/* The namespace of a template's VM: the one asked for, else what a parameter says, else that of the
 * template; NULL: none of them says. Owned by the caller. */
static char *vm_namespace(const struct appliance_object *template, const json_t *vm,
    const struct appliance_template_request *request)
{
    const char *written = json_get_string(
        json_pointer_get(template->value, "/spec/virtualMachine/metadata"), "namespace");
    bool is_reference = written != NULL && strstr(written, "${") != NULL;
    const char *own = json_get_string(json_object_get(vm, "metadata"), "namespace");
    const char *of_template =
        json_get_string(json_object_get(template->value, "metadata"), "namespace");
    char *namespace = NULL;
    xstrset(&namespace, text_or(request->namespace, is_reference ? own : of_template));
    return namespace;
}

json_t *appliance_template_to_vm(const struct appliance_object *template,
    const struct appliance_template_request *request, struct appliance_report *report)
{
    struct findings *findings = appliance_report_about(report, template, NULL);
    const json_t *parameters = NULL;
    auto_json json_t *vm = read_template(template, &parameters, findings);
    if (vm == NULL || process(template, vm, parameters, request, report) < 0)
        return NULL;
    auto_free char *namespace = vm_namespace(template, vm, request);
    auto_free char *name = NULL;
    xstrset(
        &name, text_or(request->name, json_get_string(json_object_get(vm, "metadata"), "name")));
    if (name == NULL || name[0] == '\0') {
        findings_error(findings, "/spec/virtualMachine/metadata/name",
            "is required: the template does not say what its VMs are called");
        return NULL;
    }
    json_object_set_new(json_object_get(vm, "metadata"), "name", json_string(name));
    json_t *out = appliance_outline_make(vm);
    json_t *metadata = json_object_get(out, "metadata");
    if (namespace != NULL)
        put_first(metadata, "namespace", json_string(namespace));
    put_first(metadata, "name", json_string(name));
    return out;
}
