#include "controller/appliance/findings.h"

#include "base/memory.h"

/* The message, with its place in a text that does not parse. Owned by the caller. */
static char *finding_message(const struct finding *finding)
{
    const struct json_fault *fault = &finding->fault;
    return fault->line > 0
               ? xasprintf("line %zu, column %zu: %s", fault->line, fault->column, finding->message)
               : xstrdup(finding->message);
}

static void take_text(struct controller_verdict *verdict, const struct appliance_text *text)
{
    const struct findings *findings = &text->findings;
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        auto_free char *path = appliance_text_path(text, finding);
        auto_free char *message = finding_message(finding);
        auto_free char *said = xasprintf("%s%s%s", path, path[0] != '\0' ? ": " : "", message);
        if (finding->severity == FINDING_ERROR)
            controller_verdict_deny(verdict, finding->class, path, message);
        else
            controller_verdict_warn(verdict, said);
    }
    verdict->more_causes += findings_left_out(findings, FINDING_ERROR);
    verdict->unsaid += findings_left_out(findings, FINDING_WARNING);
}

void controller_findings_take(
    struct controller_verdict *verdict, const struct appliance_report *report)
{
    for (size_t i = 0; i < report->count; i++)
        take_text(verdict, report->texts[i]);
}
