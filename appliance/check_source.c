#include "appliance/check_source.h"

#include <string.h>

#include "annotations/names.h"
#include "appliance/chain.h"
#include "base/json.h"
#include "base/schema.h"
#include "base/text.h"
#include "machine/value.h"

#define LABELS "/metadata/labels"
#define SOURCE "/spec/source"

enum { LONGEST_SHOWN = 100, MAX_LABEL = 63 };

/* A DataSource that is being checked. */
struct scope {
    const struct appliance_source *source;
    const struct appliance_object *object;
    struct appliance_objects *objects;
    struct appliance_report *report;
    struct findings *findings;
};

#define LINK(path)                                                                                 \
    {(path), .kind = SCHEMA_OBJECT}, {path ".name", .kind = SCHEMA_STRING, .required = true},      \
    {                                                                                              \
        path ".namespace", .kind = SCHEMA_STRING, .required = true                                 \
    }

static const struct schema_field fields[] = {
    {"apiVersion", .kind = SCHEMA_STRING},
    {"kind", .kind = SCHEMA_STRING},
    {"metadata", .kind = SCHEMA_OBJECT},
    {"metadata.annotations", .kind = SCHEMA_ANY}, /* read elsewhere */
    {"metadata.creationTimestamp", .kind = SCHEMA_STRING},
    {"metadata.deletionGracePeriodSeconds", .kind = SCHEMA_ANY},
    {"metadata.deletionTimestamp", .kind = SCHEMA_STRING},
    {"metadata.finalizers", .kind = SCHEMA_STRINGS},
    {"metadata.generateName", .kind = SCHEMA_STRING},
    {"metadata.generation", .kind = SCHEMA_ANY},
    {"metadata.labels", .kind = SCHEMA_MAP},
    {"metadata.managedFields", .kind = SCHEMA_ANY},
    {"metadata.name", .kind = SCHEMA_STRING},
    {"metadata.namespace", .kind = SCHEMA_STRING},
    {"metadata.ownerReferences", .kind = SCHEMA_ANY},
    {"metadata.resourceVersion", .kind = SCHEMA_STRING},
    {"metadata.selfLink", .kind = SCHEMA_STRING},
    {"metadata.uid", .kind = SCHEMA_STRING},
    {"spec", .kind = SCHEMA_OBJECT, .required = true},
    {"spec.source", .kind = SCHEMA_OBJECT, .required = true},
    LINK("spec.source.dataSource"),
    LINK("spec.source.pvc"),
    LINK("spec.source.snapshot"),
    {"status", .kind = SCHEMA_ANY},
    {.path = NULL},
};

static const struct schema schema = {.fields = fields};

static const char *const known_labels[] = {"instancetype.kubevirt.io/default-instancetype",
    "instancetype.kubevirt.io/default-instancetype-kind",
    "instancetype.kubevirt.io/default-preference",
    "instancetype.kubevirt.io/default-preference-kind"};

static const char *const link_members[] = {"pvc", "snapshot", "dataSource"};

static void check_name(const struct scope *scope)
{
    const char *name = scope->object->name;
    auto_free char *shown = text_printable(name, strlen(name), LONGEST_SHOWN);
    if (!annotations_name_is_dns_subdomain(name))
        findings_error(scope->findings, "/metadata/name",
            "must be lower-case letters, digits, hyphens and dots, with a letter or digit at both "
            "ends, not \"%s\"",
            shown);
}

/* Whether text is what Kubernetes takes as the value of a label. */
static bool is_label_value(const char *text)
{
    static const char ends[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t length = strlen(text);
    return length == 0 ||
           (length <= MAX_LABEL && strspn(text, all) == length && strchr(ends, text[0]) != NULL &&
               strchr(ends, text[length - 1]) != NULL);
}

static void check_label(const struct scope *scope, const char *key, const json_t *value)
{
    const char *text = json_string_value(value);
    bool known = text_index(key, known_labels, ARRAY_SIZE(known_labels)) >= 0;
    bool ours =
        text_starts_with(key, APPLIANCE_PREFIX) || text_starts_with(key, APPLIANCE_OTHER_PREFIX);
    auto_free char *pointer = json_pointer_join(LABELS, key);
    if ((known || ours) && text != NULL && !is_label_value(text)) {
        auto_free char *shown = text_printable(text, strlen(text), LONGEST_SHOWN);
        findings_error(scope->findings, pointer,
            "must be at most %d letters, digits, \"-\", \"_\" and \".\", with a letter or digit at "
            "both ends, not \"%s\"",
            MAX_LABEL, shown);
    }
    const char *prefix_end = strchr(key, '/');
    if (known || prefix_end == NULL)
        return;
    auto_free char *hint = suggest_hint(key, known_labels, ARRAY_SIZE(known_labels));
    bool same_prefix = strncmp(key, known_labels[0], strlen("instancetype.kubevirt.io/")) == 0;
    bool is_default = text_starts_with(prefix_end, "/default-");
    if (hint[0] != '\0' && (same_prefix || is_default))
        findings_warning(scope->findings, pointer, "is not a label that anything reads%s", hint);
    else if (text_starts_with(key, APPLIANCE_PREFIX "vm-spec") ||
             text_starts_with(key, APPLIANCE_OTHER_PREFIX "vm-spec"))
        findings_error(scope->findings, pointer, "is an annotation, not a label");
}

/* A label with a kind says nothing without the one with the name. */
static void check_kinds(const struct scope *scope, const json_t *labels)
{
    for (size_t i = 0; i + 1 < ARRAY_SIZE(known_labels); i += 2) {
        auto_free char *pointer = json_pointer_join(LABELS, known_labels[i + 1]);
        if (json_object_get(labels, known_labels[i + 1]) != NULL &&
            json_object_get(labels, known_labels[i]) == NULL)
            findings_warning(
                scope->findings, pointer, "has no effect without the label %s", known_labels[i]);
    }
}

static void check_labels(const struct scope *scope)
{
    const char *key = NULL;
    json_t *value = NULL;
    const json_t *labels = machine_value(scope->object->value, LABELS);
    json_object_foreach ((json_t *)labels, key, value) { /* changes nothing */
        check_label(scope, key, value);
    }
    check_kinds(scope, labels);
}

static void check_several_sources(const struct scope *scope)
{
    const json_t *source = machine_value(scope->object->value, SOURCE);
    const char *there[ARRAY_SIZE(link_members)];
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_SIZE(link_members); i++) {
        const json_t *value = json_object_get(source, link_members[i]);
        if (value != NULL && !json_is_null(value))
            there[count++] = link_members[i];
    }
    auto_free char *list = text_list_all(there, count);
    if (count > 1)
        findings_error(scope->findings, SOURCE, "has %zu sources, %s", count, list);
}

/* Checks that there is a source. Returns its member, or NULL with an error, or if there are
 * several. */
static const char *check_one_source(const struct scope *scope)
{
    enum appliance_kind kind = APPLIANCE_CLAIM;
    const json_t *source = machine_value(scope->object->value, SOURCE);
    const char *member = appliance_chain_member(source, &kind);
    /* what is no object is reported by the walk of the fields */
    if (json_is_object(source) && json_object_size(source) == 0)
        findings_error(
            scope->findings, SOURCE, "is empty: it needs one of pvc, snapshot and dataSource");
    return member;
}

/* Checks that the source leads to a claim or a snapshot. */
static void check_chain(const struct scope *scope, const char *member)
{
    struct appliance_chain chain;
    bool certain = true;
    auto_free char *pointer = xasprintf(SOURCE "/%s/name", member);
    appliance_chain_follow(scope->objects, scope->object->namespace, scope->object->name, &chain);
    auto_free char *fault = appliance_chain_fault(scope->objects, &chain, &certain);
    bool is_own = chain.end == APPLIANCE_CHAIN_OPEN && chain.last == scope->object; /* reported */
    if (fault != NULL && !is_own)
        findings_add(scope->findings, certain ? FINDING_ERROR : FINDING_WARNING, ERROR_INPUT,
            pointer, "%s", fault);
}

/* Checks the condition Ready; a file's DataSource need not have been in a cluster. */
static void check_ready(const struct scope *scope)
{
    const json_t *conditions = machine_value(scope->object->value, "/status/conditions");
    for (size_t i = 0; i < json_array_size(conditions); i++) {
        const json_t *condition = json_array_get(conditions, i);
        const char *type = machine_string(condition, "/type");
        const char *status = machine_string(condition, "/status");
        if (type == NULL || !streq(type, "Ready"))
            continue;
        if (status != NULL && streq(status, "True"))
            return;
        const char *why =
            text_or(machine_string(condition, "/message"), machine_string(condition, "/reason"));
        auto_free char *shown =
            why != NULL ? text_printable(why, strlen(why), LONGEST_SHOWN) : xstrdup("");
        auto_free char *pointer = xasprintf("/status/conditions/%zu", i);
        findings_error(scope->findings, pointer, "the DataSource is not ready%s%s",
            why != NULL ? ": " : "", shown);
        return;
    }
    if (scope->object->file == NULL)
        findings_warning(scope->findings, "/status", "CDI has not said yet whether it is ready");
}

/* Checks the references of an object that the DataSource owns. */
static bool check_owned(void *user, const struct appliance_object *object)
{
    const struct scope *scope = user;
    const json_t *references = machine_value(object->value, "/metadata/ownerReferences");
    for (size_t i = 0; i < json_array_size(references); i++) {
        const json_t *reference = json_array_get(references, i);
        if (!appliance_object_is_owner(reference, scope->object) ||
            machine_string(reference, "/uid") != NULL)
            continue;
        auto_free char *pointer = xasprintf("/metadata/ownerReferences/%zu/uid", i);
        findings_add(appliance_report_about(scope->report, object, NULL),
            scope->source->repaired ? FINDING_WARNING : FINDING_ERROR, ERROR_INPUT, pointer,
            "is required by the API server (appliance publish fills it in)");
    }
    return true;
}

static void check_form(const struct scope *scope)
{
    check_name(scope);
    check_labels(scope);
    check_several_sources(scope);
}

void appliance_check_source_form(
    const struct appliance_source *source, struct appliance_report *report)
{
    const struct scope scope = {
        .source = source,
        .object = source->object,
        .report = report,
        .findings = appliance_report_about(report, source->object, NULL),
    };
    check_form(&scope);
}

void appliance_check_source(const struct appliance_source *source,
    struct appliance_objects *objects, struct appliance_report *report)
{
    static const enum appliance_kind owned[] = {APPLIANCE_CLAIM, APPLIANCE_CONFIG_MAP,
        APPLIANCE_SECRET, APPLIANCE_SNAPSHOT, APPLIANCE_DATA_VOLUME};
    struct scope scope = {
        .source = source,
        .object = source->object,
        .objects = objects,
        .report = report,
        .findings = appliance_report_about(report, source->object, NULL),
    };
    if (source->object->file != NULL) /* an API server has checked the others */
        schema_find_faults(&schema, source->object->value, "", scope.findings);
    check_form(&scope);
    const char *member = check_one_source(&scope);
    if (member != NULL)
        check_chain(&scope, member);
    check_ready(&scope);
    for (size_t i = 0; i < ARRAY_SIZE(owned); i++)
        appliance_objects_each_owned(objects, owned[i], source->object, check_owned, &scope);
}
