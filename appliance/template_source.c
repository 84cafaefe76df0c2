#include "appliance/template_source.h"

#include <string.h>

#include "appliance/disk_source.h"
#include "appliance/outline.h"
#include "appliance/references.h"
#include "base/json.h"
#include "base/text.h"

#define TEMPLATES "/spec/dataVolumeTemplates"
#define VOLUMES "/spec/template/spec/volumes"
#define LABEL_PREFIX "instancetype.kubevirt.io/default-"

/* The VM of a golden image: one disk. New reference. */
static json_t *golden_vm(void)
{
    static const char name[] = "rootdisk";
    return json_pack("{s:{s:[{s:{s:s}, s:{}}], s:{s:{s:{s:{}}, s:[{s:s, s:{s:s}}]}}}}", "spec",
        "dataVolumeTemplates", "metadata", "name", name, "spec", "template", "spec", "domain",
        "devices", "volumes", "name", name, "dataVolume", "name", name);
}

/* What completion would fill in: the DataSource as the source, its namespace, storage. */
static void write_out_template(json_t *template, const struct appliance_object *data_source)
{
    json_t *spec = json_object_get(template, "spec");
    if (!json_is_object(spec)) {
        spec = json_object();
        json_object_set_new(template, "spec", spec);
    }
    json_t *reference = json_object_get(spec, "sourceRef");
    if (json_object_get(spec, "source") == NULL && reference == NULL)
        json_object_set_new(spec, "sourceRef",
            json_pack("{s:s, s:s, s:s}", "kind", "DataSource", "name", data_source->name,
                "namespace", data_source->namespace));
    else if (json_is_object(reference) && json_get_string(reference, "namespace") == NULL)
        json_object_set_new(reference, "namespace", json_string(data_source->namespace));
    if (json_object_get(spec, "storage") == NULL && json_object_get(spec, "pvc") == NULL)
        json_object_set_new(spec, "storage", json_object());
}

/* "root-${NAME}" for a fixed name of a disk; the VMs of a template must not share it. */
static void name_disks(json_t *vm, const char *parameter)
{
    size_t index = 0;
    json_t *one = NULL;
    auto_json json_t *renamed = json_object();
    json_array_foreach (json_pointer_get(vm, TEMPLATES), index, one) {
        json_t *metadata = json_object_get(one, "metadata");
        const char *name = json_get_string(metadata, "name");
        if (name == NULL || strstr(name, "${") != NULL)
            continue;
        auto_free char *unique = xasprintf("%s-${%s}", name, parameter);
        json_object_set_new(renamed, name, json_string(unique));
        json_object_set_new(metadata, "name", json_string(unique));
    }
    json_array_foreach (json_pointer_get(vm, VOLUMES), index, one) {
        const char *key = NULL;
        json_t *owner = appliance_outline_claim(one, &key);
        json_t *name = owner != NULL ? json_object_get(renamed, json_get_string(owner, key)) : NULL;
        if (name != NULL)
            json_object_set(owner, key, name);
    }
}

/* Sets the VM's instance type or preference to the DataSource's default, if it says nothing. */
static void write_out_type(json_t *vm, const json_t *labels, const char *role, const char *kind)
{
    json_t *spec = json_object_get(vm, "spec");
    auto_free char *key = xasprintf(LABEL_PREFIX "%s", role);
    auto_free char *kind_key = xasprintf(LABEL_PREFIX "%s-kind", role);
    const char *name = json_get_string(labels, key);
    if (name == NULL || json_object_get(spec, role) != NULL)
        return;
    json_object_set_new(spec, role,
        json_pack(
            "{s:s, s:s}", "kind", text_or(json_get_string(labels, kind_key), kind), "name", name));
}

/* Whether the boilerplate says itself how many processors or how much memory there are: then the
 * label's instance type is not used. */
static bool has_sizes(const json_t *vm)
{
    static const char *const pointers[] = {"/cpu/cores", "/cpu/sockets", "/cpu/threads",
        "/memory/guest", "/memory/hugepages", "/resources/requests/cpu",
        "/resources/requests/memory", "/resources/limits/cpu", "/resources/limits/memory"};
    const json_t *domain = json_pointer_get(vm, "/spec/template/spec/domain");
    for (size_t i = 0; i < ARRAY_SIZE(pointers); i++) {
        if (json_pointer_get(domain, pointers[i]) != NULL)
            return true;
    }
    return false;
}

/* Labels or annotations of an object that are not those of an appliance or of kubectl; NULL if there
 * are none. New reference. */
static json_t *plain_members(const json_t *value, const char *pointer)
{
    json_t *out = json_object();
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach (json_pointer_get(value, pointer), key, member) {
        if (!text_starts_with(key, APPLIANCE_PREFIX) &&
            !text_starts_with(key, APPLIANCE_OTHER_PREFIX) &&
            !streq(key, "kubectl.kubernetes.io/last-applied-configuration"))
            json_object_set(out, key, member);
    }
    if (json_object_size(out) > 0)
        return out;
    json_decref(out);
    return NULL;
}

/* Adds labels and annotations to metadata. */
static void copy_metadata(json_t *metadata, const json_t *value)
{
    static const char *const members[][2] = {
        {"labels", "/metadata/labels"}, {"annotations", "/metadata/annotations"}};
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        json_t *found = plain_members(value, members[i][1]);
        json_t *own = json_object_get(metadata, members[i][0]);
        if (found != NULL && own != NULL)
            json_object_update(own, found);
        else if (found != NULL)
            json_object_set(metadata, members[i][0], found);
        json_decref(found);
    }
}

/* Writes out what completion knows. */
static void write_out(const struct appliance_source *source, json_t *vm, const char *parameter)
{
    const json_t *labels = json_pointer_get(source->object->value, "/metadata/labels");
    json_t *spec = json_object_get(vm, "spec");
    size_t index = 0;
    json_t *template = NULL;
    name_disks(vm, parameter);
    json_array_foreach (json_pointer_get(vm, TEMPLATES), index, template)
        write_out_template(template, source->object);
    if (!has_sizes(vm))
        write_out_type(vm, labels, "instancetype", "VirtualMachineClusterInstancetype");
    write_out_type(vm, labels, "preference", "VirtualMachineClusterPreference");
    if (json_object_get(spec, "running") == NULL && json_object_get(spec, "runStrategy") == NULL)
        json_object_set_new(spec, "runStrategy", json_string("Always"));
}

/* The parameter of the VMs' names, which appliances have without declaring it. Owned by the
 * caller. */
static char *name_parameter(const struct appliance_source *source, json_t *parameters)
{
    static const char name[] = "NAME";
    if (appliance_references_declaration(parameters, name) != NULL)
        return xstrdup(name);
    auto_free char *generate = xasprintf("%s-[a-z0-9]{5}", source->object->name);
    return appliance_template_add_name(parameters, NULL, generate);
}

json_t *appliance_template_of_source(const struct appliance_source *source,
    const struct appliance_template_request *request, struct appliance_report *report)
{
    const struct appliance_object *object = source->object;
    auto_json json_t *boilerplate = source->vm != NULL ? json_incref(source->vm) : golden_vm();
    auto_json json_t *vm = appliance_outline_make(boilerplate);
    auto_json json_t *parameters =
        source->parameters != NULL ? json_deep_copy(source->parameters) : json_array();
    if (!json_is_object(json_object_get(vm, "spec"))) {
        findings_error(appliance_source_findings(source, report), "/spec", "is required");
        return NULL;
    }
    auto_free char *parameter = name_parameter(source, parameters);
    auto_free char *reference = xasprintf("${%s}", parameter);
    json_t *metadata = json_pack("{s:s}", "name", reference);
    json_object_update_missing(metadata, json_object_get(vm, "metadata"));
    json_t *out =
        json_pack("{s:O, s:O, s:o, s:O}", "apiVersion", json_object_get(vm, "apiVersion"), "kind",
            json_object_get(vm, "kind"), "metadata", metadata, "spec", json_object_get(vm, "spec"));
    write_out(source, out, parameter);
    json_t *template = appliance_template_make(text_or(request->namespace, object->namespace),
        text_or(request->name, object->name), out, steal(&parameters));
    const char *message = json_get_string(
        json_pointer_get(object->value, "/metadata/annotations"), APPLIANCE_MESSAGE_KEY);
    copy_metadata(json_object_get(template, "metadata"), object->value);
    if (message != NULL)
        json_object_set_new(json_object_get(template, "spec"), "message", json_string(message));
    return template;
}

json_t *appliance_template_bare_source(const struct appliance_object *data_source)
{
    json_t *out = json_pack("{s:s, s:s, s:{s:s, s:s}, s:O*}", "apiVersion",
        "cdi.kubevirt.io/v1beta1", "kind", "DataSource", "metadata", "name", data_source->name,
        "namespace", data_source->namespace, "spec", json_object_get(data_source->value, "spec"));
    copy_metadata(json_object_get(out, "metadata"), data_source->value);
    return out;
}

/* What the root disk of a VM is made from: a template's spec. Borrowed, or NULL. */
static const json_t *root_spec(const json_t *vm)
{
    const char *root = appliance_outline_root(vm);
    const json_t *volume =
        root != NULL ? json_item_named(json_pointer_get(vm, VOLUMES), root, NULL) : NULL;
    const char *key = NULL;
    const json_t *owner = appliance_outline_claim(volume, &key);
    const json_t *template =
        owner != NULL ? appliance_outline_template(vm, json_get_string(owner, key), NULL) : NULL;
    return json_object_get(template, "spec");
}

/* The DataSource that the root disk refers to: its namespace (NULL: that of the template) and name;
 * false: it refers to none. Borrowed. */
static bool root_reference(const json_t *vm, const char **namespace, const char **name)
{
    const json_t *reference = json_object_get(root_spec(vm), "sourceRef");
    *namespace = json_get_string(reference, "namespace");
    *name = json_get_string(reference, "name");
    return *name != NULL && strstr(*name, "${") == NULL &&
           (*namespace == NULL || strstr(*namespace, "${") == NULL);
}

/* The source of a new DataSource: what the template's root disk is made from. New reference. */
static json_t *new_source(const struct appliance_object *template, const json_t *vm,
    const char *asked, struct findings *findings)
{
    static const char *const kinds[] = {"pvc", "snapshot"};
    const char *namespace = NULL;
    const char *name = NULL;
    auto_error struct error *error = NULL;
    if (asked != NULL) {
        json_t *source = appliance_disk_source_parse(asked, &error);
        if (source == NULL)
            findings_error(findings, "", "%s", error->message);
        return source;
    }
    if (root_reference(vm, &namespace, &name))
        return json_pack("{s:{s:s, s:s}}", "dataSource", "name", name, "namespace",
            text_or(namespace, template->namespace));
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        const json_t *source = json_object_get(json_object_get(root_spec(vm), "source"), kinds[i]);
        if (json_is_object(source) && !appliance_references_are_in(source, NULL))
            return json_pack("{s:{s:s, s:s}}", kinds[i], "name",
                text_or(json_get_string(source, "name"), ""), "namespace",
                text_or(json_get_string(source, "namespace"), template->namespace));
    }
    findings_warning(findings, "/spec/virtualMachine" TEMPLATES,
        "the root disk is not made from a claim, a snapshot or a DataSource: the new DataSource is "
        "about nothing yet (name what it is about: --source pvc/NAMESPACE/NAME)");
    return json_object();
}

/* What is made: a DataSource that is there, or a new one. */
struct target {
    const struct appliance_object *existing; /* or NULL */
    const char *namespace;
    const char *name;
};

static struct target choose_target(const struct appliance_object *template, const json_t *vm,
    struct appliance_objects *objects, const struct appliance_template_request *request)
{
    struct target target = {
        .namespace = text_or(request->namespace, template->namespace),
        .name = text_or(request->name, template->name),
    };
    const char *namespace = NULL;
    const char *name = NULL;
    if (request->name == NULL && root_reference(vm, &namespace, &name)) {
        namespace = text_or(namespace, template->namespace);
        target.existing = appliance_objects_find(objects, APPLIANCE_DATA_SOURCE, namespace, name);
        if (target.existing != NULL) {
            target.namespace = target.existing->namespace;
            target.name = target.existing->name;
            return target;
        }
    }
    target.existing =
        appliance_objects_find(objects, APPLIANCE_DATA_SOURCE, target.namespace, target.name);
    return target;
}

/* Writes out the namespace that a sourceRef means in a template, where it means another one in the
 * appliance. */
static void write_out_namespaces(json_t *vm, const char *from, const char *to)
{
    size_t index = 0;
    json_t *template = NULL;
    if (streq(from, to))
        return;
    json_array_foreach (json_pointer_get(vm, TEMPLATES), index, template) {
        json_t *reference = json_pointer_get(template, "/spec/sourceRef");
        if (json_is_object(reference) && json_get_string(reference, "namespace") == NULL)
            json_object_set_new(reference, "namespace", json_string(from));
    }
}

/* Drops the name of the VM, which an appliance's user chooses; the parameter that it is becomes
 * NAME, which appliances have without declaring it. */
static void drop_name(json_t *vm, json_t *parameters, struct findings *findings)
{
    json_t *metadata = json_object_get(vm, "metadata");
    auto_free char *name = NULL;
    xstrset(&name, json_get_string(metadata, "name"));
    json_object_del(metadata, "name");
    json_object_del(metadata, "namespace");
    if (json_object_size(metadata) == 0)
        json_object_del(vm, "metadata");
    if (name == NULL)
        return;
    size_t length = strlen(name);
    auto_free char *key = text_starts_with(name, "${") && name[length - 1] == '}'
                              ? xstrndup(name + 2, length - 3)
                              : NULL;
    size_t index = 0;
    if (key == NULL || json_item_named(parameters, key, &index) == NULL) {
        findings_warning(findings, "/spec/virtualMachine/metadata/name",
            "is dropped: an appliance's user names the VM");
        return;
    }
    if (!streq(key, "NAME") && appliance_references_declaration(parameters, "NAME") != NULL)
        return; /* NAME has another meaning here: both stay, and the user gives both */
    json_array_remove(parameters, index);
    appliance_references_rename(vm, key, "NAME");
}

/* "root" of "root-${NAME}", which name_disks wrote. */
static void unname_disks(json_t *vm)
{
    static const char end[] = "-${NAME}";
    size_t index = 0;
    json_t *one = NULL;
    json_array_foreach (json_pointer_get(vm, TEMPLATES), index, one) {
        json_t *metadata = json_object_get(one, "metadata");
        const char *name = json_get_string(metadata, "name");
        if (name == NULL || !text_ends_with(name, end))
            continue;
        auto_free char *plain = xstrndup(name, strlen(name) - strlen(end));
        if (strstr(plain, "${") == NULL && plain[0] != '\0')
            json_object_set_new(metadata, "name", json_string(plain));
    }
    json_array_foreach (json_pointer_get(vm, VOLUMES), index, one) {
        const char *key = NULL;
        json_t *owner = appliance_outline_claim(one, &key);
        const char *name = owner != NULL ? json_get_string(owner, key) : NULL;
        if (name == NULL || !text_ends_with(name, end))
            continue;
        auto_free char *plain = xstrndup(name, strlen(name) - strlen(end));
        if (appliance_outline_template(vm, plain, NULL) != NULL)
            json_object_set_new(owner, key, json_string(plain));
    }
}

/* The DataSource before its annotations. New reference; NULL with an error. */
static json_t *make_target(const struct target *target, const struct appliance_object *template,
    const json_t *vm, const char *asked, struct findings *findings)
{
    const char *namespace = NULL;
    const char *name = NULL;
    if (target->existing != NULL)
        return appliance_template_bare_source(target->existing);
    if (asked == NULL && root_reference(vm, &namespace, &name) && streq(name, target->name) &&
        streq(text_or(namespace, template->namespace), target->namespace)) {
        findings_error(findings, "/spec/virtualMachine" TEMPLATES,
            "the root disk is made from the DataSource %s/%s, which is not among the files: give "
            "its manifest with -f, or name another DataSource to make",
            target->namespace, target->name);
        return NULL;
    }
    json_t *source = new_source(template, vm, asked, findings);
    if (source == NULL)
        return NULL;
    return json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:o}}", "apiVersion", "cdi.kubevirt.io/v1beta1",
        "kind", "DataSource", "metadata", "name", target->name, "namespace", target->namespace,
        "spec", "source", source);
}

json_t *appliance_template_to_source(const struct appliance_object *template,
    struct appliance_objects *objects, const struct appliance_template_request *request,
    struct appliance_report *report)
{
    struct findings *findings = appliance_report_about(report, template, NULL);
    const json_t *written = json_pointer_get(template->value, "/spec/virtualMachine");
    const json_t *declared = json_pointer_get(template->value, "/spec/parameters");
    if (!json_is_object(json_object_get(written, "spec"))) {
        findings_error(findings, "/spec/virtualMachine", "must be a VirtualMachine with a spec");
        return NULL;
    }
    auto_json json_t *vm = appliance_outline_make(written);
    auto_json json_t *parameters =
        json_is_array(declared) ? json_deep_copy(declared) : json_array();
    struct target target = choose_target(template, vm, objects, request);
    auto_json json_t *out = make_target(&target, template, vm, request->source, findings);
    if (out == NULL)
        return NULL;
    drop_name(vm, parameters, findings);
    unname_disks(vm);
    write_out_namespaces(vm, template->namespace, target.namespace);
    json_t *metadata = json_object_get(out, "metadata");
    copy_metadata(metadata, template->value);
    json_t *annotations = json_object_get(metadata, "annotations");
    if (annotations == NULL) {
        annotations = json_object();
        json_object_set_new(metadata, "annotations", annotations);
    }
    appliance_outline_annotate(
        annotations, APPLIANCE_PREFIX "vm-spec", vm, "/spec/virtualMachine", findings);
    if (json_array_size(parameters) > 0)
        appliance_outline_annotate(
            annotations, APPLIANCE_PREFIX "parameters", parameters, "/spec/parameters", findings);
    const char *message = json_get_string(json_object_get(template->value, "spec"), "message");
    if (message != NULL)
        json_object_set_new(annotations, APPLIANCE_MESSAGE_KEY, json_string(message));
    return appliance_report_errors(report) == 0 ? steal(&out) : NULL;
}
