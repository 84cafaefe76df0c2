#include "appliance/publish.h"

#include <string.h>
#include <strings.h>

#include "appliance/disk_source.h"
#include "appliance/outline.h"
#include "appliance/publish_disks.h"
#include "appliance/publish_owned.h"
#include "appliance/publish_secrets.h"
#include "appliance/references.h"
#include "appliance/source.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml_value.h"

#define LABEL_PREFIX "instancetype.kubevirt.io/default-"

/* The annotation of an object, under either prefix; *key gets its key, static. Borrowed, or
 * NULL. */
static const char *find_annotation(
    const struct appliance_object *object, const char *const keys[2], const char **key)
{
    const json_t *annotations =
        object != NULL ? json_pointer_get(object->value, "/metadata/annotations") : NULL;
    for (size_t i = 0; i < 2; i++) {
        const char *text = json_get_string(annotations, keys[i]);
        *key = keys[i];
        if (text != NULL)
            return text;
    }
    *key = keys[0];
    return NULL;
}

static const char *const vm_keys[] = {APPLIANCE_PREFIX "vm-spec", APPLIANCE_OTHER_PREFIX "vm-spec"};
static const char *const parameters_keys[] = {
    APPLIANCE_PREFIX "parameters", APPLIANCE_OTHER_PREFIX "parameters"};

/* The parameters that an object declares: a new reference to an array; empty if it declares none,
 * or they cannot be read. */
static json_t *declared(const struct appliance_object *object)
{
    const char *key = NULL;
    struct json_fault fault;
    const char *text = find_annotation(object, parameters_keys, &key);
    json_t *found = text != NULL && strlen(text) <= APPLIANCE_MAX_BYTES
                        ? yaml_value_read(text, strlen(text), APPLIANCE_MAX_DEPTH, &fault, NULL)
                        : NULL;
    if (json_is_array(found))
        return found;
    json_decref(found);
    return json_array();
}

/* Adds the declarations of more to the parameters, but for those that are there. */
static void add_declarations(json_t *parameters, const json_t *more)
{
    size_t index = 0;
    json_t *one = NULL;
    json_array_foreach (more, index, one) {
        const char *name = json_get_string(one, "name");
        if (name != NULL && appliance_references_declaration(parameters, name) == NULL &&
            json_array_size(parameters) < APPLIANCE_MAX_PARAMETERS)
            json_array_append(parameters, one);
    }
}

static void make_boilerplate(struct appliance_publish_draft *draft)
{
    const struct appliance_object *object = draft->vm_object;
    auto_json json_t *of_source = declared(draft->existing);
    draft->parameters = declared(object);
    add_declarations(draft->parameters, of_source);
    draft->vm = appliance_outline_make(object->value);
    json_object_del(json_object_get(draft->vm, "metadata"), "name");
    appliance_outline_drop_identity(draft->vm, draft->findings);
    appliance_outline_drop_host_name(draft->vm, object->name, draft->findings);
    appliance_outline_drop_origin(draft->vm);
    appliance_publish_disks(draft);
    appliance_publish_secrets(draft);
    appliance_references_escape(draft->vm, draft->parameters);
    appliance_publish_passwords(draft);
    if (appliance_references_declaration(draft->parameters, "NAME") == NULL)
        appliance_outline_follow_name(draft->vm, object->name, "NAME");
    if (json_object_size(json_object_get(draft->vm, "metadata")) == 0)
        json_object_del(draft->vm, "metadata");
}

/* What the DataSource is about. New reference; NULL with an error. */
static json_t *choose_source(struct appliance_publish_draft *draft)
{
    auto_error struct error *error = NULL;
    const json_t *existing =
        draft->existing != NULL ? json_pointer_get(draft->existing->value, "/spec/source") : NULL;
    if (draft->request->source != NULL) {
        json_t *asked = appliance_disk_source_parse(draft->request->source, &error);
        if (asked == NULL)
            findings_error(
                appliance_report_about(draft->report, NULL, NULL), "", "%s", error->message);
        return asked;
    }
    if (json_object_size(existing) > 0)
        return json_deep_copy(existing);
    if (draft->source == NULL) {
        findings_error(draft->findings, "/spec/template/spec/volumes",
            "the VM has no disk of a claim: name what the DataSource is about (--source "
            "pvc/NAMESPACE/NAME)");
        return NULL;
    }
    findings_warning(draft->findings, "/spec/template/spec/volumes",
        "the DataSource is about the disk of this very VM, %s/%s: stop the VM and seal the disk, "
        "or "
        "name a sealed copy (--source pvc/NAMESPACE/NAME)",
        draft->vm_namespace, json_get_string(json_object_get(draft->source, "pvc"), "name"));
    return json_incref(draft->source);
}

/* Sets the label of an instance type or preference, and that of its kind where it is not the
 * cluster's. asked is NAME or KIND/NAME, or NULL. */
static void set_label(const struct appliance_publish_draft *draft, json_t *labels, const char *role,
    const char *asked)
{
    const json_t *matcher = json_object_get(json_object_get(draft->vm, "spec"), role);
    auto_free char *key = xasprintf(LABEL_PREFIX "%s", role);
    auto_free char *kind_key = xasprintf(LABEL_PREFIX "%s-kind", role);
    const char *slash = asked != NULL ? strchr(asked, '/') : NULL;
    auto_free char *kind =
        slash != NULL
            ? xstrndup(asked, (size_t)(slash - asked))
            : xstrdup(text_or(asked == NULL ? json_get_string(matcher, "kind") : NULL, ""));
    const char *name = slash != NULL   ? slash + 1
                       : asked != NULL ? asked
                                       : json_get_string(matcher, "name");
    if (name == NULL) /* such as import writes where the machine does not meet its requirements */
        name = json_get_string(json_pointer_get(draft->vm, "/metadata/labels"), key);
    if (name == NULL || (asked == NULL && appliance_references_are_in(matcher, NULL)))
        return;
    json_object_set_new(labels, key, json_string(name));
    if (kind[0] == '\0' || strncasecmp(kind, "VirtualMachineCluster", 21) == 0)
        json_object_del(labels, kind_key);
    else
        json_object_set_new(labels, kind_key, json_string(kind));
}

/* The metadata's labels or annotations of the DataSource as it is. New reference. */
static json_t *kept(const struct appliance_publish_draft *draft, const char *pointer)
{
    const json_t *old =
        draft->existing != NULL ? json_pointer_get(draft->existing->value, pointer) : NULL;
    return json_is_object(old) ? json_deep_copy(old) : json_object();
}

/* Drops declarations that nothing refers to. */
static void drop_unused(struct appliance_publish_draft *draft)
{
    for (size_t i = json_array_size(draft->parameters); i > 0; i--) {
        const char *name = json_get_string(json_array_get(draft->parameters, i - 1), "name");
        if (name != NULL && !appliance_references_are_in(draft->vm, name))
            json_array_remove(draft->parameters, i - 1);
    }
}

static void annotate_all(struct appliance_publish_draft *draft, json_t *annotations)
{
    const char *key = NULL;
    find_annotation(draft->existing, vm_keys, &key);
    bool is_other = streq(key, vm_keys[1]);
    drop_unused(draft);
    appliance_outline_annotate(annotations, key, draft->vm, "", draft->findings);
    json_object_del(annotations, parameters_keys[is_other]);
    if (json_array_size(draft->parameters) > 0)
        appliance_outline_annotate(
            annotations, parameters_keys[is_other], draft->parameters, "", draft->findings);
}

/* The DataSource. New reference; NULL with errors. */
static json_t *make_data_source(struct appliance_publish_draft *draft)
{
    const struct appliance_publish_request *request = draft->request;
    json_t *labels = kept(draft, "/metadata/labels");
    json_t *annotations = kept(draft, "/metadata/annotations");
    json_t *metadata = json_pack("{s:s, s:s, s:o, s:o}", "name", request->name, "namespace",
        request->namespace, "labels", labels, "annotations", annotations);
    auto_json json_t *out = json_pack("{s:s, s:s, s:o, s:{}}", "apiVersion",
        "cdi.kubevirt.io/v1beta1", "kind", "DataSource", "metadata", metadata, "spec");
    json_t *source = choose_source(draft);
    json_object_del(annotations, "kubectl.kubernetes.io/last-applied-configuration");
    set_label(draft, labels, "instancetype", request->instancetype);
    set_label(draft, labels, "preference", request->preference);
    if (draft->vm != NULL)
        annotate_all(draft, annotations);
    if (json_object_size(labels) == 0)
        json_object_del(metadata, "labels");
    if (json_object_size(annotations) == 0)
        json_object_del(metadata, "annotations");
    if (source == NULL)
        return NULL;
    json_object_set_new(json_object_get(out, "spec"), "source", source);
    return steal(&out);
}

int appliance_publish(const struct appliance_object *vm, struct appliance_objects *objects,
    const struct appliance_publish_request *request, struct appliance_publication *out,
    struct appliance_report *report)
{
    struct appliance_publish_draft draft = {
        .request = request,
        .objects = objects,
        .report = report,
        .existing = appliance_objects_find(
            objects, APPLIANCE_DATA_SOURCE, request->namespace, request->name),
        .vm_object = vm,
        .owned = json_array(),
        .owned_names = json_object(),
    };
    draft.vm_namespace = text_or(
        json_get_string(vm != NULL ? json_object_get(vm->value, "metadata") : NULL, "namespace"),
        request->namespace);
    draft.findings = appliance_report_about(report, vm != NULL ? vm : draft.existing, NULL);
    *out = (struct appliance_publication){0};
    if (vm != NULL)
        make_boilerplate(&draft);
    appliance_publish_own_existing(&draft);
    if (vm != NULL || draft.existing != NULL) {
        appliance_publish_say_owner(&draft);
        out->data_source = make_data_source(&draft);
    } else {
        findings_error(draft.findings, "",
            "there is no VirtualMachine to publish, and no DataSource %s/%s", request->namespace,
            request->name);
    }
    out->owned = draft.owned;
    json_decref(draft.owned_names);
    json_decref(draft.vm);
    json_decref(draft.parameters);
    json_decref(draft.source);
    return appliance_report_errors(report) == 0 ? 0 : -1;
}

void appliance_publication_clear(struct appliance_publication *publication)
{
    json_decref(publication->data_source);
    json_decref(publication->owned);
    *publication = (struct appliance_publication){0};
}
