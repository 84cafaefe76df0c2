#include "controller/launch/pod_template.h"

#include <string.h>

#include "annotations/sidecar.h"
#include "base/json.h"
#include "base/schema.h"
#include "base/text.h"
#include "base/unused.h"
#include "base/yaml.h"
#include "controller/launch/pod_input.h"

/* How the pod's value of a member is merged with the template's. Members that are not listed are
 * replaced. */
enum merging {
    REPLACE,
    MEMBERS, /* objects: merged member by member */
    MEMBERS_REPLACED, /* objects: members are added or replaced */
    ITEMS, /* lists: an item replaces the one with the same key, or is appended */
    ITEMS_MEMBERS, /* the same, but the two items are merged */
    APPEND, /* lists: the template's items are appended */
};

static const struct {
    const char *member;
    enum merging merging;
    const char *key; /* of items */
} rules[] = {
    {"metadata", MEMBERS, NULL},
    {"labels", MEMBERS_REPLACED, NULL},
    {"annotations", MEMBERS_REPLACED, NULL},
    {"spec", MEMBERS, NULL},
    {"nodeSelector", MEMBERS_REPLACED, NULL},
    {"affinity", MEMBERS, NULL},
    {"nodeAffinity", MEMBERS_REPLACED, NULL},
    {"podAffinity", MEMBERS_REPLACED, NULL},
    {"podAntiAffinity", MEMBERS_REPLACED, NULL},
    {"securityContext", MEMBERS, NULL},
    {"capabilities", MEMBERS_REPLACED, NULL},
    {"resources", MEMBERS, NULL},
    {"limits", MEMBERS_REPLACED, NULL},
    {"requests", MEMBERS_REPLACED, NULL},
    {"tolerations", APPEND, NULL},
    {"topologySpreadConstraints", APPEND, NULL},
    {"args", APPEND, NULL},
    {"containers", ITEMS_MEMBERS, "name"},
    {"initContainers", ITEMS_MEMBERS, "name"},
    {"volumes", ITEMS, "name"},
    {"imagePullSecrets", ITEMS, "name"},
    {"env", ITEMS, "name"},
    {"volumeMounts", ITEMS, "mountPath"},
    {"volumeDevices", ITEMS, "devicePath"},
};

/* Checks that the labels or annotations have no key that the controller sets. */
static bool check_keys(const json_t *map, const char *const *ours, size_t count,
    const char *pointer, struct findings *findings)
{
    size_t errors = findings->errors;
    const char *key = NULL;
    json_t *value = NULL;
    /* json_object_foreach does not take a const object, but changes nothing */
    json_object_foreach ((json_t *)map, key, value) {
        if (text_index(key, ours, count) < 0)
            continue;
        auto_free char *place = json_pointer_join(pointer, key);
        findings_error(findings, place, "is set by the controller for each VMI: leave it out");
    }
    return findings->errors == errors;
}

static bool check_labels(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    static const char *const ours[] = {"kubevirt.io", "kubevirt.io/created-by",
        "vm.kubevirt.io/name", "vmi.kubevirt.io/id", CONTROLLER_LAUNCH_LABEL};
    return check_keys(value, ours, ARRAY_SIZE(ours), pointer, findings);
}

static bool check_annotations(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    static const char *const ours[] = {
        ANNOTATIONS_KEY_KUBEVIRT, ANNOTATIONS_KEY_HOOKLINE, CONTROLLER_MACHINE_ANNOTATION};
    return check_keys(value, ours, ARRAY_SIZE(ours), pointer, findings);
}

/* Checks that no two items have the same name. */
static bool check_items(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    size_t errors = findings->errors;
    auto_json json_t *seen = json_object();
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *name = json_get_string(json_array_get(value, i), "name");
        if (name == NULL || name[0] == '\0')
            continue;
        if (json_object_get(seen, name) == NULL) {
            json_object_set_new(seen, name, json_true());
            continue;
        }
        auto_free char *place = xasprintf("%s/%zu/name", pointer, i);
        findings_error(findings, place, "is already the name of another item: %s", name);
    }
    return findings->errors == errors;
}

static bool check_container_name(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    const char *name = json_string_value(value);
    if (!text_starts_with(name, "hook-sidecar-"))
        return true;
    findings_error(
        findings, pointer, "must not be %s: such names are reserved for hook sidecars", name);
    return false;
}

static bool check_restart_policy(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    if (streq(text_or(json_string_value(value), ""), "Never"))
        return true;
    findings_error(findings, pointer, "must be Never: a VMI runs its machine only once");
    return false;
}

#define ANY .kind = SCHEMA_ANY
#define NAME .kind = SCHEMA_STRING, .required = true
#define LIST .kind = SCHEMA_OBJECTS, .open = true, .check = check_items
/* clang-format off: tables */
/* A list of containers, and the fields of a container. */
#define CONTAINERS(list)                                                                           \
    {.path = (list), LIST}, {.path = list "[].args", ANY}, {.path = list "[].command", ANY},       \
        {.path = list "[].env", ANY}, {.path = list "[].envFrom", ANY},                            \
        {.path = list "[].image", ANY}, {.path = list "[].imagePullPolicy", ANY},                  \
        {.path = list "[].lifecycle", ANY}, {.path = list "[].livenessProbe", ANY},                \
        {.path = list "[].name", NAME, .check = check_container_name},                             \
        {.path = list "[].ports", ANY}, {.path = list "[].readinessProbe", ANY},                   \
        {.path = list "[].resizePolicy", ANY}, {.path = list "[].resources", ANY},                 \
        {.path = list "[].restartPolicy", ANY}, {.path = list "[].securityContext", ANY},          \
        {.path = list "[].startupProbe", ANY}, {.path = list "[].stdin", ANY},                     \
        {.path = list "[].stdinOnce", ANY}, {.path = list "[].terminationMessagePath", ANY},       \
        {.path = list "[].terminationMessagePolicy", ANY}, {.path = list "[].tty", ANY},           \
        {.path = list "[].volumeDevices", ANY}, {.path = list "[].volumeMounts", ANY},             \
    {                                                                                              \
        .path = list "[].workingDir", ANY                                                          \
    }

/* A newer Kubernetes may have other fields, so pods, containers and lists are open. */
static const struct schema_field fields[] = {
    {.path = "metadata", .kind = SCHEMA_OBJECT},
    {.path = "metadata.annotations", .kind = SCHEMA_MAP, .check = check_annotations},
    {.path = "metadata.labels", .kind = SCHEMA_MAP, .check = check_labels},
    {.path = "spec", .kind = SCHEMA_OBJECT, .open = true},
    {.path = "spec.activeDeadlineSeconds", ANY},
    {.path = "spec.affinity", ANY},
    {.path = "spec.automountServiceAccountToken", ANY},
    CONTAINERS("spec.containers"),
    {.path = "spec.dnsConfig", ANY},
    {.path = "spec.dnsPolicy", ANY},
    {.path = "spec.enableServiceLinks", ANY},
    {.path = "spec.hostAliases", ANY},
    {.path = "spec.hostIPC", ANY},
    {.path = "spec.hostNetwork", ANY},
    {.path = "spec.hostPID", ANY},
    {.path = "spec.hostUsers", ANY},
    {.path = "spec.hostname", ANY},
    {.path = "spec.imagePullSecrets", LIST},
    {.path = "spec.imagePullSecrets[].name", NAME},
    CONTAINERS("spec.initContainers"),
    {.path = "spec.nodeName", ANY},
    {.path = "spec.nodeSelector", ANY},
    {.path = "spec.os", ANY},
    {.path = "spec.overhead", ANY},
    {.path = "spec.preemptionPolicy", ANY},
    {.path = "spec.priority", ANY},
    {.path = "spec.priorityClassName", ANY},
    {.path = "spec.readinessGates", ANY},
    {.path = "spec.resourceClaims", ANY},
    {.path = "spec.resources", ANY},
    {.path = "spec.restartPolicy", ANY, .check = check_restart_policy},
    {.path = "spec.runtimeClassName", ANY},
    {.path = "spec.schedulerName", ANY},
    {.path = "spec.schedulingGates", ANY},
    {.path = "spec.securityContext", ANY},
    {.path = "spec.serviceAccount", ANY},
    {.path = "spec.serviceAccountName", ANY},
    {.path = "spec.setHostnameAsFQDN", ANY},
    {.path = "spec.shareProcessNamespace", ANY},
    {.path = "spec.subdomain", ANY},
    {.path = "spec.terminationGracePeriodSeconds", ANY},
    {.path = "spec.tolerations", ANY},
    {.path = "spec.topologySpreadConstraints", ANY},
    {.path = "spec.volumes", LIST},
    {.path = "spec.volumes[].name", NAME},
    {.path = NULL},
};
/* clang-format on */

static const struct schema schema = {.fields = fields};

void controller_pod_template_check(const json_t *template_, struct findings *findings)
{
    json_decref(schema_check(&schema, template_, "", findings));
}

/* The document that findings are about. */
struct source {
    const char *name;
    const struct yaml_document *document;
};

static char *describe(const void *user, const struct finding *finding)
{
    const struct source *source = user;
    struct yaml_place place = yaml_place_of(source->document, finding->pointer);
    auto_free char *text = finding_text(finding);
    return xasprintf("%s:%zu:%zu: %s", source->name, place.line, place.column, text);
}

json_t *controller_pod_template_parse(const char *name, const char *text, struct error **err)
{
    struct yaml_stream stream = {0};
    struct findings findings = {0};
    json_t *template_ = NULL;
    if (yaml_parse(name, text, strlen(text), &stream, err) < 0)
        return NULL;
    const struct source source = {.name = name, .document = stream.documents};
    if (stream.count == 1)
        controller_pod_template_check(stream.documents[0].root, &findings);
    if (stream.count > 1)
        error_set(err, ERROR_INPUT, "%s: must be one pod template, not %zu", name, stream.count);
    else if (findings_to_error(&findings, describe, &source, err) == 0)
        template_ = stream.count == 1 ? json_incref(stream.documents[0].root) : json_object();
    findings_clear(&findings);
    yaml_stream_clear(&stream);
    return template_;
}

static void merge_members(json_t *into, const json_t *from);

/* Returns the index in list of the item with the same key, or the list's size. */
static size_t find_item(const json_t *list, const json_t *item, const char *key)
{
    const json_t *value = json_object_get(item, key);
    size_t index = 0;
    json_t *other = NULL;
    json_array_foreach (list, index, other) {
        if (value != NULL && json_equal(json_object_get(other, key), value))
            return index;
    }
    return json_array_size(list);
}

static void merge_items(json_t *into, const json_t *from, const char *key, bool members)
{
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach (from, index, item) {
        size_t place = find_item(into, item, key);
        if (place == json_array_size(into))
            json_array_append(into, item);
        else if (members)
            merge_members(json_array_get(into, place), item);
        else
            json_array_set(into, place, item);
    }
}

static void merge_member(json_t *into, const char *member, json_t *value)
{
    size_t rule = 0;
    while (rule < ARRAY_SIZE(rules) && !streq(rules[rule].member, member))
        rule++;
    enum merging merging = rule < ARRAY_SIZE(rules) ? rules[rule].merging : REPLACE;
    json_t *there = json_object_get(into, member);
    if (there == NULL || json_typeof(there) != json_typeof(value))
        merging = REPLACE;
    switch (merging) {
    case REPLACE:
        json_object_set(into, member, value);
        break;
    case MEMBERS:
        merge_members(there, value);
        break;
    case MEMBERS_REPLACED:
        json_object_update(there, value);
        break;
    case ITEMS:
    case ITEMS_MEMBERS:
        merge_items(there, value, rules[rule].key, merging == ITEMS_MEMBERS);
        break;
    case APPEND:
        json_array_extend(there, value);
        break;
    }
}

static void merge_members(json_t *into, const json_t *from)
{
    const char *member = NULL;
    json_t *value = NULL;
    /* these were for the command that is replaced */
    const json_t *command = json_object_get(from, "command");
    if (command != NULL && !json_is_null(command)) {
        json_object_del(into, "args");
        json_object_del(into, "startupProbe");
    }
    json_object_foreach ((json_t *)from, member, value) {
        if (!json_is_null(value))
            merge_member(into, member, value);
    }
}

void controller_pod_template_apply(json_t *pod, const json_t *template_)
{
    merge_members(pod, template_);
}
