#include "cli/check.h"

#include <stdlib.h>
#include <string.h>

#include "annotations/parse.h"
#include "base/json.h"
#include "base/text.h"

/* The keys that the annotation may have. */
struct keys {
    const char *names[2];
    size_t count;
};

static struct keys keys_of(const struct cli_check_options *options)
{
    if (options->annotation_key != NULL)
        return (struct keys){{options->annotation_key}, 1};
    return (struct keys){{ANNOTATIONS_KEY_KUBEVIRT, ANNOTATIONS_KEY_HOOKLINE}, 2};
}

/* A message about the value at a pointer within the object, followed by what set the value, if it
 * is not the object's own. Owned by the caller. */
static char *explain(const struct cli_object *object, const char *pointer, const char *message)
{
    auto_free char *vmi = cli_object_vmi_pointer(object, "");
    bool is_within = text_starts_with(pointer, vmi);
    return machine_origins_message(
        is_within ? object->origins : NULL, pointer + (is_within ? strlen(vmi) : 0), message);
}

/* Adds a finding about the value at a pointer within the object. */
static void report_at(struct cli_report *report, const struct cli_object *object,
    const char *pointer, enum finding_severity severity, const char *message)
{
    auto_free char *path = finding_path(pointer);
    const struct cli_report_place place = {
        .file = object->file,
        .place = cli_object_place(object, pointer),
        .path = path,
        .object = object,
    };
    auto_free char *explained = explain(object, pointer, message);
    cli_report_add(report, severity, ERROR_INPUT, &place, "%s", explained);
}

/* Warns of the annotation where KubeVirt does not look for it. */
static void check_misplaced(
    const struct cli_object *object, const struct keys *keys, struct cli_report *report)
{
    const char *const *pointers = cli_kind_misplaced_pointers(object->kind);
    auto_free char *right = finding_path(cli_kind_annotations_pointer(object->kind));
    auto_free char *message = xasprintf("KubeVirt does not copy annotations from here to the "
                                        "virtual machine instance: move it to %s",
        right);
    for (; *pointers != NULL; pointers++) {
        const json_t *annotations = json_pointer_get(object->value, *pointers);
        for (size_t i = 0; i < keys->count; i++) {
            auto_free char *pointer = json_pointer_join(*pointers, keys->names[i]);
            if (json_object_get(annotations, keys->names[i]) != NULL)
                report_at(report, object, pointer, FINDING_WARNING, message);
        }
    }
}

/* Whether both the domain and the name of a key are near those of a known one. */
static bool is_nearly(const char *key, const char *known)
{
    const char *slash = strchr(key, '/');
    const char *known_slash = strchr(known, '/');
    const char *known_name = known_slash != NULL ? known_slash + 1 : known;
    if (suggest_nearest(slash != NULL ? slash + 1 : key, &known_name, 1) == NULL)
        return false;
    if (slash == NULL || known_slash == NULL)
        return true;
    auto_free char *domain = xstrndup(key, (size_t)(slash - key));
    auto_free char *known_domain = xstrndup(known, (size_t)(known_slash - known));
    const char *domains[] = {known_domain};
    return suggest_nearest(domain, domains, 1) != NULL;
}

/* The known key that a misspelt one stands for, or NULL. */
static const char *key_meant(const char *key, const struct keys *keys)
{
    const char *meant = NULL;
    if (streq(key, ANNOTATIONS_KEY_KUBEVIRT) || streq(key, ANNOTATIONS_KEY_HOOKLINE))
        return NULL;
    for (size_t i = keys->count; i-- > 0;) {
        if (streq(key, keys->names[i]))
            return NULL;
        if (is_nearly(key, keys->names[i]))
            meant = keys->names[i];
    }
    return meant;
}

/* Warns of annotations with a misspelt key. */
static void check_misspelt(const struct cli_object *object, const char *annotations_pointer,
    const json_t *annotations, const struct keys *keys, struct cli_report *report)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach ((json_t *)annotations, key, value) {
        const char *meant = key_meant(key, keys);
        if (meant == NULL)
            continue;
        auto_free char *pointer = json_pointer_join(annotations_pointer, key);
        auto_free char *message =
            xasprintf("nothing reads an annotation of this name (did you mean \"%s\"?)", meant);
        report_at(report, object, pointer, FINDING_WARNING, message);
    }
}

/* The place of a finding; annotation is the pointer of the annotation in its object, NULL for a
 * bare array. An annotation that was applied is at the place where it would be. */
static struct yaml_place place_of(
    const struct cli_object *object, const char *annotation, const struct finding *finding)
{
    if (annotation == NULL)
        return yaml_place_of(object->document, finding->pointer);
    auto_free char *vmi = cli_object_vmi_pointer(object, "");
    auto_free char *in_document = xasprintf("%s%s", object->pointer, annotation);
    if (machine_origins_has(object->origins, annotation + strlen(vmi)))
        return yaml_place_of(object->document, in_document);
    if (finding->fault.line > 0)
        return yaml_place_of_byte(object->document, in_document, finding->fault.byte);
    return yaml_place_inside(object->document, in_document, finding->pointer);
}

void cli_check_report(const struct cli_object *object, const char *annotation_key,
    const struct findings *findings, struct cli_report *report)
{
    const char *annotations_pointer = cli_kind_annotations_pointer(object->kind);
    bool has_key = annotations_pointer != NULL && annotation_key != NULL;
    auto_free char *annotation =
        has_key ? json_pointer_join(annotations_pointer, annotation_key) : NULL;
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        auto_free char *inner = finding_path(finding->pointer);
        auto_free char *path = xasprintf("%s%s", has_key ? annotation_key : "", inner);
        const struct cli_report_place place = {
            .file = object->file,
            .place = place_of(object, annotation, finding),
            .path = path[0] != '\0' ? path : NULL,
            .object = object,
        };
        auto_free char *message = explain(object, text_or(annotation, ""), finding->message);
        cli_report_add(report, finding->severity, finding->class, &place, "%s", message);
    }
    struct cli_report_place rest = {.file = object->file, .object = object};
    rest.path = has_key ? annotation_key : NULL;
    if (findings->count > 0)
        rest.place = place_of(object, annotation, &findings->items[findings->count - 1]);
    cli_report_add_left_out(report, &rest, findings);
}

void cli_check_report_below(const struct cli_object *object, const char *pointer,
    const struct findings *findings, struct cli_report *report)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        auto_free char *whole = xasprintf("%s%s", pointer, finding->pointer);
        report_at(report, object, whole, finding->severity, finding->message);
    }
    auto_free char *path = finding_path(pointer);
    const struct cli_report_place rest = {
        .file = object->file,
        .place = cli_object_place(object, pointer),
        .path = path[0] != '\0' ? path : NULL,
        .object = object,
    };
    cli_report_add_left_out(report, &rest, findings);
}

/* Finds the annotation of an object. Returns its text, owned by the caller, and its key; or NULL if
 * it has none or an error went to the report. */
static char *find_text(const struct cli_object *object, const struct cli_check_options *options,
    const char **key, struct cli_report *report)
{
    const char *annotations_pointer = cli_kind_annotations_pointer(object->kind);
    if (annotations_pointer == NULL)
        return json_dumps(object->value, JSON_COMPACT);
    const struct keys keys = keys_of(options);
    check_misplaced(object, &keys, report);
    const json_t *annotations = json_pointer_get(object->value, annotations_pointer);
    if (annotations == NULL || json_is_null(annotations))
        return NULL;
    if (!json_is_object(annotations)) {
        auto_free char *message =
            xasprintf("must be an object of strings, not %s", json_kind(annotations));
        report_at(report, object, annotations_pointer, FINDING_ERROR, message);
        return NULL;
    }
    check_misspelt(object, annotations_pointer, annotations, &keys, report);
    struct findings findings = {0};
    const char *text = annotations_find(annotations, options->annotation_key, key, &findings);
    cli_check_report_below(object, annotations_pointer, &findings, report);
    findings_clear(&findings);
    return text != NULL ? xstrdup(text) : NULL;
}

static struct annotations_list *parse(const struct cli_object *object,
    const struct cli_check_options *options, const char *key, const char *text,
    struct cli_report *report)
{
    struct findings findings = {0};
    const struct annotations_options parse_options = {
        .strict = options->strict,
        .policy = options->policy,
        .namespace = object->namespace,
    };
    struct annotations_list *list =
        annotations_parse(text, strlen(text), &parse_options, &findings);
    cli_check_report(object, key, &findings, report);
    findings_clear(&findings);
    report->annotations++;
    return list;
}

struct annotations_list *cli_check_object(const struct cli_object *object,
    const struct cli_check_options *options, const char **key, struct cli_report *report)
{
    const char *found_key = NULL;
    size_t first = report->count;
    size_t errors = report->errors;
    struct annotations_list *list = NULL;
    auto_free char *text = find_text(object, options, &found_key, report);
    if (text != NULL)
        list = parse(object, options, found_key, text, report);
    else if (errors == report->errors)
        list = xcalloc(1, sizeof(*list));
    cli_report_sort(report, first);
    if (key != NULL)
        *key = found_key;
    return list;
}
