#include "appliance/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

static bool is_about(const struct appliance_text *text, const struct appliance_object *object,
    const char *annotation)
{
    if (text->object != object || (text->annotation == NULL) != (annotation == NULL))
        return false;
    return annotation == NULL || streq(text->annotation, annotation);
}

static struct appliance_text *text_about(
    struct appliance_report *report, const struct appliance_object *object, const char *annotation)
{
    /* what was asked for last is asked for most often */
    for (size_t i = report->count; i > 0; i--) {
        if (is_about(report->texts[i - 1], object, annotation))
            return report->texts[i - 1];
    }
    struct appliance_text *text = xcalloc(1, sizeof(*text));
    text->object = object;
    xstrset(&text->annotation, annotation);
    report->texts =
        xreallocarray(report->texts, report->count + 1, sizeof(struct appliance_text *));
    report->texts[report->count++] = text;
    return text;
}

struct findings *appliance_report_about(
    struct appliance_report *report, const struct appliance_object *object, const char *annotation)
{
    return &text_about(report, object, annotation)->findings;
}

void appliance_report_set_bare(
    struct appliance_report *report, const struct appliance_object *object, const char *annotation)
{
    text_about(report, object, annotation)->bare = true;
}

size_t appliance_report_errors(const struct appliance_report *report)
{
    size_t errors = 0;
    for (size_t i = 0; i < report->count; i++)
        errors += report->texts[i]->findings.errors;
    return errors;
}

struct yaml_place appliance_text_place(
    const struct appliance_text *text, const struct finding *finding)
{
    const struct appliance_object *object = text->object;
    if (object == NULL || object->document == NULL)
        return (struct yaml_place){0};
    auto_free char *whole =
        xasprintf("%s%s", object->pointer, text->annotation == NULL ? finding->pointer : "");
    if (text->annotation == NULL)
        return yaml_place_of(object->document, whole);
    auto_free char *annotations = xasprintf("%s/metadata/annotations", whole);
    auto_free char *annotation = json_pointer_join(annotations, text->annotation);
    if (finding->fault.line > 0)
        return yaml_place_of_byte(object->document, annotation, finding->fault.byte);
    const char *inner = finding->pointer;
    if (text->bare && text_starts_with(inner, "/spec"))
        inner += strlen("/spec");
    return yaml_place_inside(object->document, annotation, inner);
}

char *appliance_text_path(const struct appliance_text *text, const struct finding *finding)
{
    auto_free char *path = finding_path(finding->pointer);
    const struct appliance_object *object = text->object;
    const char *separator = path[0] != '\0' ? ": " : "";
    if (object == NULL)
        return steal(&path);
    if (text->annotation != NULL)
        return xasprintf("%s%s%s", text->annotation, separator, path);
    auto_free char *name = text_printable(object->name, strlen(object->name), strlen(object->name));
    return xasprintf("%s %s%s%s", appliance_kind_name(object->kind), name, separator, path);
}

/* A finding as a sentence with its path. Owned by the caller. */
static char *describe(const void *user, const struct finding *finding)
{
    auto_free char *path = appliance_text_path(user, finding);
    return xasprintf("%s%s%s", path, path[0] != '\0' ? ": " : "", finding->message);
}

int appliance_report_to_error(const struct appliance_report *report, struct error **err)
{
    struct findings all = {0};
    for (size_t i = 0; i < report->count; i++) {
        const struct findings *some = &report->texts[i]->findings;
        for (size_t k = 0; k < some->count; k++) {
            if (some->items[k].severity != FINDING_ERROR)
                continue;
            auto_free char *sentence = describe(report->texts[i], &some->items[k]);
            findings_error(&all, "", "%s", sentence);
        }
        all.errors += findings_left_out(some, FINDING_ERROR);
    }
    int result = findings_to_error(&all, NULL, NULL, err);
    findings_clear(&all);
    return result;
}

void appliance_report_clear(struct appliance_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        findings_clear(&report->texts[i]->findings);
        free(report->texts[i]->annotation);
        free(report->texts[i]);
    }
    free(report->texts);
    *report = (struct appliance_report){0};
}
