#include "appliance/source.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "appliance/parameters.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml_value.h"

#define ANNOTATIONS "/metadata/annotations"
#define VM_VERSION "kubevirt.io/v1"

/* What an appliance has in annotations, without the prefix. */
static const char *const names[] = {"vm-spec", "parameters"};
enum { VM_SPEC, PARAMETERS };

static const char *const prefixes[] = {APPLIANCE_PREFIX, APPLIANCE_OTHER_PREFIX};

/* The members of a VirtualMachine; those of a bare spec are what else is there. */
static const char *const vm_members[] = {"apiVersion", "kind", "metadata", "spec", "status"};

/* A DataSource that is being read. */
struct reading {
    struct appliance_source *source;
    struct appliance_report *report;
    struct findings *about; /* the DataSource */
    const json_t *annotations;
    const char *keys[ARRAY_SIZE(names)]; /* of the annotations that are there; borrowed */
};

/* The prefix of ours that a key has, in any letter case, or NULL. */
static const char *prefix_of(const char *key)
{
    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
        if (strncasecmp(key, prefixes[i], strlen(prefixes[i])) == 0)
            return prefixes[i];
    }
    return NULL;
}

/* Whether both keys begin with the same prefix. */
static bool has_same_prefix(const char *a, const char *b)
{
    return text_starts_with(a, APPLIANCE_PREFIX) == text_starts_with(b, APPLIANCE_PREFIX);
}

/* A key that is ours, or looks like it. */
static void read_key(struct reading *reading, const char *key)
{
    const char *slash = strrchr(key, '/');
    const char *own_prefix = prefix_of(key);
    const char *name = own_prefix != NULL ? key + strlen(own_prefix) : NULL;
    auto_free char *pointer = json_pointer_join(ANNOTATIONS, key);
    if (name == NULL && slash != NULL && text_index(slash + 1, names, ARRAY_SIZE(names)) >= 0) {
        auto_free char *prefix = xstrndup(key, (size_t)(slash + 1 - key));
        if (suggest_nearest(prefix, prefixes, 1) != NULL)
            findings_warning(reading->about, pointer,
                "is not an annotation of an appliance (did you mean \"" APPLIANCE_PREFIX "%s\"?)",
                slash + 1);
        return;
    }
    if (name == NULL)
        return;
    int index = text_index(name, names, ARRAY_SIZE(names));
    bool exact =
        text_starts_with(key, APPLIANCE_PREFIX) || text_starts_with(key, APPLIANCE_OTHER_PREFIX);
    if (index >= 0 && exact) {
        reading->keys[index] = key;
        return;
    }
    const char *nearest = suggest_nearest(name, names, ARRAY_SIZE(names));
    if (nearest != NULL)
        findings_error(reading->about, pointer,
            "is not an annotation of an appliance (did you mean \"%s%s\"?)", own_prefix, nearest);
    else
        findings_warning(reading->about, pointer,
            "is not known, and ignored; known are %svm-spec and parameters", own_prefix);
}

/* Notes which annotations are there. */
static void find_annotations(struct reading *reading)
{
    const char *key = NULL;
    json_t *value = NULL;
    const char *first = NULL;
    json_object_foreach ((json_t *)reading->annotations, key, value) { /* changes nothing */
        read_key(reading, key);
        bool ours = false;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
            ours = ours || reading->keys[i] == key;
        if (!ours)
            continue;
        if (first == NULL)
            first = key;
        if (has_same_prefix(first, key))
            continue;
        auto_free char *pointer = json_pointer_join(ANNOTATIONS, key);
        findings_error(reading->about, pointer,
            "has another prefix than \"%s\": use one of the two for both", first);
    }
}

/* The value of an annotation's YAML, or NULL with an error. New reference. */
static json_t *read_yaml(struct reading *reading, const char *key)
{
    const json_t *text = json_object_get(reading->annotations, key);
    auto_free char *pointer = json_pointer_join(ANNOTATIONS, key);
    size_t length = json_string_length(text);
    if (!json_is_string(text)) {
        findings_error(reading->about, pointer,
            "must be a string with a YAML document (write \"|\" before it), not %s",
            json_kind(text));
        return NULL;
    }
    if (length > APPLIANCE_MAX_BYTES) {
        findings_error(reading->about, pointer, "has %zu bytes; at most %d are allowed", length,
            APPLIANCE_MAX_BYTES);
        return NULL;
    }
    json_t *parsed = reading->source->object->parsed;
    if (json_object_get(parsed, key) != NULL)
        return json_incref(json_object_get(parsed, key));
    struct findings *findings =
        appliance_report_about(reading->report, reading->source->object, key);
    struct error *error = NULL;
    struct json_fault fault;
    json_t *value =
        yaml_value_read(json_string_value(text), length, APPLIANCE_MAX_DEPTH, &fault, &error);
    if (value == NULL)
        findings_add_fault(findings, "", &fault, error);
    else
        json_object_set(parsed, key, value);
    return value;
}

/* Whether a root is the spec itself: it has a template, and no spec. */
static bool is_bare(const json_t *root)
{
    return json_object_get(root, "template") != NULL && json_object_get(root, "spec") == NULL;
}

/* A VirtualMachine with the members of root, or with a spec of them. New reference. */
static json_t *make_vm(const json_t *root, bool bare)
{
    json_t *vm = json_pack("{s:s, s:s, s:{}}", "apiVersion", VM_VERSION, "kind",
        appliance_kind_name(APPLIANCE_VM), "metadata");
    json_t *spec = bare ? json_object() : NULL;
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach ((json_t *)root, key, value) { /* changes nothing */
        bool is_outer = !bare || text_index(key, vm_members, ARRAY_SIZE(vm_members)) >= 0;
        bool given = !json_is_null(value) || json_object_get(vm, key) == NULL;
        if (given)
            json_object_set(is_outer ? vm : spec, key, value);
    }
    if (spec != NULL)
        json_object_set_new(vm, "spec", spec);
    return vm;
}

/* Returns 0, or -1 with errors. */
static int read_vm(struct reading *reading)
{
    struct appliance_source *source = reading->source;
    const char *key = reading->keys[VM_SPEC];
    if (key == NULL)
        return 0;
    source->vm_key = xstrdup(key);
    auto_json json_t *root = read_yaml(reading, source->vm_key);
    if (root == NULL)
        return -1;
    struct findings *findings = appliance_source_findings(source, reading->report);
    if (!json_is_object(root)) {
        findings_error(findings, "", "must be a VirtualMachine (apiVersion, kind, spec), not %s",
            json_kind(root));
        return -1;
    }
    bool bare = is_bare(root);
    source->vm = make_vm(root, bare);
    if (bare) {
        appliance_report_set_bare(reading->report, source->object, source->vm_key);
        findings_warning(
            findings, "/spec", "is taken as the spec of a VirtualMachine: put it below \"spec:\"");
    }
    return 0;
}

/* Returns 0, or -1 with errors. */
static int read_parameters(struct reading *reading)
{
    struct appliance_source *source = reading->source;
    const char *key = reading->keys[PARAMETERS];
    if (key == NULL)
        return 0;
    source->parameters_key = xstrdup(key);
    auto_json json_t *root = read_yaml(reading, source->parameters_key);
    if (root == NULL)
        return -1;
    struct findings *findings = appliance_source_parameter_findings(source, reading->report);
    if (!json_is_array(root)) {
        findings_error(
            findings, "", "must be a list of parameters (- name: …), not %s", json_kind(root));
        return -1;
    }
    source->parameters = steal(&root);
    appliance_parameters_check(source->parameters, findings);
    return 0;
}

int appliance_source_read(struct appliance_source *source, const struct appliance_object *object,
    struct appliance_report *report)
{
    *source = (struct appliance_source){.object = object};
    struct reading reading = {
        .source = source,
        .report = report,
        .about = appliance_report_about(report, object, NULL),
    };
    const json_t *metadata = json_object_get(object->value, "metadata");
    reading.annotations = json_object_get(metadata, "annotations");
    if (reading.annotations != NULL && !json_is_null(reading.annotations) &&
        !json_is_object(reading.annotations)) {
        findings_error(reading.about, ANNOTATIONS, "must be an object, not %s",
            json_kind(reading.annotations));
        return -1;
    }
    find_annotations(&reading);
    if (reading.keys[PARAMETERS] != NULL && reading.keys[VM_SPEC] == NULL) {
        auto_free char *pointer = json_pointer_join(ANNOTATIONS, reading.keys[PARAMETERS]);
        findings_warning(reading.about, pointer, "has no effect without a boilerplate");
    }
    int result = read_parameters(&reading);
    return read_vm(&reading) < 0 ? -1 : result;
}

struct findings *appliance_source_findings(
    const struct appliance_source *source, struct appliance_report *report)
{
    return appliance_report_about(report, source->object, source->vm_key);
}

struct findings *appliance_source_parameter_findings(
    const struct appliance_source *source, struct appliance_report *report)
{
    return appliance_report_about(report, source->object, source->parameters_key);
}

void appliance_source_clear(struct appliance_source *source)
{
    free(source->vm_key);
    free(source->parameters_key);
    json_decref(source->vm);
    json_decref(source->parameters);
    *source = (struct appliance_source){0};
}
