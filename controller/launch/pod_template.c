#include "controller/launch/pod_template.h"

#include <string.h>

#include "annotations/sidecar.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "controller/launch/pod_input.h"

/* How two values of one member become one. Members that are not listed: the template's. */
enum merging {
    REPLACE,
    MEMBERS, /* objects: member by member, in the same way */
    MEMBERS_REPLACED, /* objects: member by member, whose values are replaced */
    ITEMS, /* lists: an item takes the place of the one with the same key, or comes last */
    ITEMS_MEMBERS, /* the same, but that the two items are merged */
    APPEND, /* lists: the template's come last */
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

/* A list whose items have names, and what they may have beside one. */
struct item_list {
    const char *member;
    const char *const *fields; /* NULL: not looked at */
    size_t count;
};

static const char *const template_fields[] = {"metadata", "spec"};
static const char *const metadata_fields[] = {"annotations", "labels"};
static const char *const spec_fields[] = {"activeDeadlineSeconds", "affinity",
    "automountServiceAccountToken", "containers", "dnsConfig", "dnsPolicy", "enableServiceLinks",
    "hostAliases", "hostIPC", "hostNetwork", "hostPID", "hostUsers", "hostname", "imagePullSecrets",
    "initContainers", "nodeName", "nodeSelector", "os", "overhead", "preemptionPolicy", "priority",
    "priorityClassName", "readinessGates", "resourceClaims", "resources", "restartPolicy",
    "runtimeClassName", "schedulerName", "schedulingGates", "securityContext", "serviceAccount",
    "serviceAccountName", "setHostnameAsFQDN", "shareProcessNamespace", "subdomain",
    "terminationGracePeriodSeconds", "tolerations", "topologySpreadConstraints", "volumes"};
static const char *const container_fields[] = {"args", "command", "env", "envFrom", "image",
    "imagePullPolicy", "lifecycle", "livenessProbe", "name", "ports", "readinessProbe",
    "resizePolicy", "resources", "restartPolicy", "securityContext", "startupProbe", "stdin",
    "stdinOnce", "terminationMessagePath", "terminationMessagePolicy", "tty", "volumeDevices",
    "volumeMounts", "workingDir"};

static const struct item_list spec_lists[] = {
    {"containers", container_fields, ARRAY_SIZE(container_fields)},
    {"initContainers", container_fields, ARRAY_SIZE(container_fields)},
    {"volumes", NULL, 0},
    {"imagePullSecrets", NULL, 0},
};

static bool is_set(const json_t *value)
{
    return value != NULL && !json_is_null(value);
}

/* Refuses members that look like a slip of one of the names; others may be of a newer Kubernetes,
 * unless the names are all there are. */
static void check_members(const json_t *object, const char *pointer, const char *const *names,
    size_t count, bool closed, struct findings *findings)
{
    const char *member = NULL;
    json_t *value = NULL;
    json_object_foreach ((json_t *)object, member, value) {
        const char *nearest = suggest_nearest(member, names, count);
        if (text_index(member, names, count) >= 0 || (!closed && nearest == NULL))
            continue;
        auto_free char *place = json_pointer_join(pointer, member);
        auto_free char *list = text_list_all(names, count);
        if (nearest != NULL)
            findings_error(findings, place, "is not a known field (did you mean \"%s\"?)", nearest);
        else
            findings_error(findings, place, "is not a known field; known here: %s", list);
    }
}

/* Whether value, which is set, is an object. */
static bool check_object(const json_t *value, const char *pointer, struct findings *findings)
{
    if (json_is_object(value))
        return true;
    findings_error(findings, pointer, "must be an object, not %s", json_kind(value));
    return false;
}

/* Checks labels or annotations: strings, none of them the controller's. */
static void check_strings(const json_t *metadata, const char *member, const char *const *ours,
    size_t count, struct findings *findings)
{
    const json_t *strings = json_object_get(metadata, member);
    auto_free char *pointer = xasprintf("/metadata/%s", member);
    const char *key = NULL;
    json_t *value = NULL;
    if (!is_set(strings) || !check_object(strings, pointer, findings))
        return;
    json_object_foreach ((json_t *)strings, key, value) {
        auto_free char *place = json_pointer_join(pointer, key);
        if (!json_is_string(value))
            findings_error(findings, place, "must be a string, not %s", json_kind(value));
        if (text_index(key, ours, count) >= 0)
            findings_error(findings, place, "is set by the controller, for each VMI its own");
    }
}

static void check_metadata(const json_t *metadata, struct findings *findings)
{
    static const char *const labels[] = {"kubevirt.io", "kubevirt.io/created-by",
        "vm.kubevirt.io/name", "vmi.kubevirt.io/id", CONTROLLER_LAUNCH_LABEL};
    static const char *const annotations[] = {
        ANNOTATIONS_KEY_KUBEVIRT, ANNOTATIONS_KEY_HOOKLINE, CONTROLLER_MACHINE_ANNOTATION};
    static const char pointer[] = "/metadata";
    if (!is_set(metadata) || !check_object(metadata, pointer, findings))
        return;
    check_members(metadata, pointer, metadata_fields, ARRAY_SIZE(metadata_fields), true, findings);
    check_strings(metadata, "labels", labels, ARRAY_SIZE(labels), findings);
    check_strings(metadata, "annotations", annotations, ARRAY_SIZE(annotations), findings);
}

static void check_item(const json_t *list, size_t index, const char *pointer,
    const struct item_list *kind, struct findings *findings)
{
    const json_t *item = json_array_get(list, index);
    auto_free char *place = json_pointer_index(pointer, index);
    auto_free char *name_place = json_pointer_join(place, "name");
    if (!check_object(item, place, findings))
        return;
    const json_t *given = json_object_get(item, "name");
    const char *name = json_string_value(given);
    if (is_set(given) && name == NULL) {
        findings_error(findings, name_place, "must be a string, not %s", json_kind(given));
        return;
    }
    if (name == NULL || name[0] == '\0') {
        findings_error(findings, name_place, "is required");
        return;
    }
    for (size_t i = 0; i < index; i++) {
        const char *other = json_get_string(json_array_get(list, i), "name");
        if (other != NULL && streq(other, name))
            findings_error(findings, name_place, "is the name of another item already: %s", name);
    }
    if (kind->fields == NULL)
        return;
    if (text_starts_with(name, "hook-sidecar-"))
        findings_error(findings, name_place, "must not be %s: hook sidecars have such names", name);
    check_members(item, place, kind->fields, kind->count, false, findings);
}

static void check_list(const json_t *spec, const struct item_list *kind, struct findings *findings)
{
    const json_t *list = json_object_get(spec, kind->member);
    auto_free char *pointer = xasprintf("/spec/%s", kind->member);
    if (!is_set(list))
        return;
    if (!json_is_array(list)) {
        findings_error(findings, pointer, "must be an array of objects, not %s", json_kind(list));
        return;
    }
    for (size_t i = 0; i < json_array_size(list); i++)
        check_item(list, i, pointer, kind, findings);
}

static void check_spec(const json_t *spec, struct findings *findings)
{
    static const char pointer[] = "/spec";
    if (!is_set(spec) || !check_object(spec, pointer, findings))
        return;
    check_members(spec, pointer, spec_fields, ARRAY_SIZE(spec_fields), false, findings);
    for (size_t i = 0; i < ARRAY_SIZE(spec_lists); i++)
        check_list(spec, &spec_lists[i], findings);
    const json_t *policy = json_object_get(spec, "restartPolicy");
    if (is_set(policy) && !streq(text_or(json_string_value(policy), ""), "Never")) {
        findings_error(
            findings, "/spec/restartPolicy", "must be Never: a VMI is one run of its machine");
    }
}

void controller_pod_template_check(const json_t *template_, struct findings *findings)
{
    if (!check_object(template_, "", findings))
        return;
    check_members(template_, "", template_fields, ARRAY_SIZE(template_fields), true, findings);
    check_metadata(json_object_get(template_, "metadata"), findings);
    check_spec(json_object_get(template_, "spec"), findings);
}

/* What findings are about. */
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

/* The place in list of the item with the same key, or its size. */
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
    /* what was for the program that it replaces */
    if (is_set(json_object_get(from, "command"))) {
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
