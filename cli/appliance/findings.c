#include "cli/appliance/findings.h"

#include "base/text.h"
#include "machine/value.h"

/* Where the text is: its file, or the object in the cluster; "" for the request. Owned by the
 * caller. */
static char *origin_of(const struct appliance_text *text)
{
    const struct appliance_object *object = text->object;
    if (object == NULL)
        return xstrdup("");
    if (object->file != NULL)
        return xstrdup(object->file);
    return xasprintf(
        "%s%s%s", object->namespace, object->namespace[0] != '\0' ? "/" : "", object->name);
}

static void add_text(
    const struct appliance_text *text, const char *origin, struct cli_report *report)
{
    struct cli_report_place place = {.file = origin[0] != '\0' ? origin : NULL};
    for (size_t i = 0; i < text->findings.count; i++) {
        const struct finding *finding = &text->findings.items[i];
        auto_free char *path = appliance_text_path(text, finding);
        place.place = appliance_text_place(text, finding);
        place.path = path[0] != '\0' ? path : NULL;
        cli_report_add(report, finding->severity, finding->class, &place, "%s", finding->message);
    }
    place.path = text->annotation;
    cli_report_add_left_out(report, &place, &text->findings);
}

void cli_appliance_findings_add(const struct appliance_report *findings, struct cli_report *report)
{
    auto_free bool *done = xcalloc(findings->count + 1, sizeof(*done));
    for (size_t i = 0; i < findings->count; i++) {
        if (done[i])
            continue;
        size_t first = report->count;
        auto_free char *origin = origin_of(findings->texts[i]);
        for (size_t k = i; k < findings->count; k++) {
            auto_free char *other = origin_of(findings->texts[k]);
            if (!streq(origin, other))
                continue;
            add_text(findings->texts[k], origin, report);
            done[k] = true;
        }
        cli_report_sort(report, first);
    }
}

void cli_appliance_findings_add_vm(
    const json_t *vm, const struct findings *findings, struct cli_report *report)
{
    const char *name = text_or(machine_string(vm, "/metadata/name"), "");
    struct cli_report_place place = {0};
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        auto_free char *path = finding_path(finding->pointer);
        auto_free char *whole = xasprintf("VirtualMachine %s: %s", name, path);
        place.path = path[0] != '\0' ? whole : NULL;
        cli_report_add(report, finding->severity, finding->class, &place, "%s", finding->message);
    }
    place.path = NULL;
    cli_report_add_left_out(report, &place, findings);
}
