#include "appliance/draft.h"

#include "base/json.h"
#include "base/text.h"

json_t *appliance_draft_get(const struct appliance_draft *draft, const char *pointer)
{
    json_t *value = json_pointer_get(draft->vm, pointer);
    return json_is_object(value) || json_is_array(value) ? value : NULL;
}

bool appliance_draft_is_elsewhere(const struct appliance_draft *draft)
{
    return !streq(draft->source->object->namespace, draft->request->namespace);
}

void appliance_draft_say(struct appliance_draft *draft, enum finding_severity severity,
    const char *pointer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    auto_free char *message = xvasprintf(format, args);
    va_end(args);
    bool has_boilerplate = draft->source->vm_key != NULL;
    findings_add(appliance_source_findings(draft->source, draft->report), severity, ERROR_INPUT,
        has_boilerplate ? pointer : "", "%s", message);
}

void appliance_draft_say_request(
    struct appliance_draft *draft, enum finding_severity severity, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    auto_free char *message = xvasprintf(format, args);
    va_end(args);
    findings_add(appliance_report_about(draft->report, NULL, NULL), severity, ERROR_INPUT, "", "%s",
        message);
}

void appliance_draft_need(struct appliance_draft *draft, const char *kind, const char *name,
    json_t *take_object, const char *pointer)
{
    auto_free char *key = xasprintf("%s/%s", kind, name);
    if (json_object_get(draft->needed, key) != NULL)
        appliance_draft_say(draft, FINDING_ERROR, pointer,
            "needs a %s \"%s\" of its own, but another one is to have that name: rename the volume",
            kind, name);
    json_object_set_new(draft->needed, key, json_true());
    json_t *made = json_pack("{s:s, s:s, s:{s:s, s:s}}", "apiVersion", "v1", "kind", kind,
        "metadata", "name", name, "namespace", draft->request->namespace);
    json_object_update_missing(made, take_object);
    json_decref(take_object);
    json_array_append_new(draft->out->objects, made);
}
