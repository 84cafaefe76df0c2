#include "appliance/complete.h"

#include <stdlib.h>
#include <string.h>

#include "annotations/names.h"
#include "appliance/boilerplate.h"
#include "appliance/check.h"
#include "appliance/claims.h"
#include "appliance/credentials.h"
#include "appliance/draft.h"
#include "appliance/identity.h"
#include "appliance/parameters.h"
#include "appliance/repair.h"
#include "appliance/run_strategy.h"
#include "appliance/types.h"
#include "appliance/volumes.h"
#include "base/json.h"
#include "base/text.h"

enum { NAME_MAX_BYTES = 63 };

/* Checks the name of the VM, or of its namespace; this one has no dots. Returns whether it is one. */
static bool check_name(
    struct appliance_draft *draft, const char *name, const char *noun, bool has_dots)
{
    size_t length = strlen(name);
    auto_free char *shown = text_printable(name, length, ANNOTATIONS_NAME_MAX);
    if (length > NAME_MAX_BYTES)
        appliance_draft_say_request(draft, FINDING_ERROR,
            "the name of the %s has %zu characters, at most %d are allowed: \"%s\"", noun, length,
            NAME_MAX_BYTES, shown);
    else if (!annotations_name_is_dns_subdomain(name) || (!has_dots && strchr(name, '.') != NULL))
        appliance_draft_say_request(draft, FINDING_ERROR,
            "the name of the %s must be lower-case letters, digits%s hyphens%s, not \"%s\"", noun,
            has_dots ? "," : " and", has_dots ? " and dots" : "", shown);
    else
        return true;
    return false;
}

/* Returns whether the names are right. */
static bool check_request(struct appliance_draft *draft)
{
    const struct appliance_request *request = draft->request;
    const char *strategy = request->run_strategy;
    bool is_named = check_name(draft, request->name, "VM", true);
    is_named = check_name(draft, request->namespace, "namespace", false) && is_named;
    if (strategy == NULL || appliance_run_strategy_is_valid(strategy))
        return is_named;
    if (streq(strategy, APPLIANCE_WAIT_AS_RECEIVER)) {
        if (!appliance_check_receives(draft->objects))
            appliance_draft_say_request(
                draft, FINDING_ERROR, "the run strategy %s", appliance_check_receiver_rule);
        return is_named;
    }
    auto_free char *refused = appliance_run_strategy_refuse(strategy);
    appliance_draft_say_request(draft, FINDING_ERROR, "the run strategy %s", refused);
    return is_named;
}

/* Replaces the parameters in the VM. Returns 0, or -1 with errors: then of a value, or of a
 * reference, of which all are looked at either way. */
static int substitute(struct appliance_draft *draft)
{
    const struct appliance_source *source = draft->source;
    const struct appliance_request *request = draft->request;
    struct appliance_report *report = draft->report;
    struct findings *about = appliance_source_parameter_findings(source, report);
    auto_json json_t *values = appliance_parameters_values(source->parameters, request->parameters,
        request->name, &request->random, about, appliance_report_about(report, NULL, NULL));
    if (values != NULL)
        draft->out->generated =
            appliance_parameters_generated(source->parameters, request->parameters, values);
    int result = source->vm == NULL ? 0
                                    : appliance_parameters_substitute(draft->vm, source->parameters,
                                          values, appliance_source_findings(source, report));
    return values != NULL ? result : -1;
}

/* running, the older field, becomes runStrategy. */
static void set_run_strategy(struct appliance_draft *draft)
{
    json_t *spec = appliance_draft_get(draft, "/spec");
    const json_t *running = json_object_get(spec, "running");
    const char *strategy = json_get_string(spec, "runStrategy");
    if (strategy == NULL || strategy[0] == '\0')
        strategy = json_is_false(running) ? "Halted" : "Always";
    if (draft->request->run_strategy != NULL)
        strategy = draft->request->run_strategy;
    json_object_set_new(spec, "runStrategy", json_string(strategy));
    json_object_del(spec, "running");
}

/* Says what a completion says of a VM with errors: all is told at once. What that makes of the VM
 * is of no use. */
static void say_rest(const struct appliance_draft *draft)
{
    struct appliance_request request = *draft->request;
    struct appliance_draft rest = *draft;
    request.ssh_keys = NULL; /* they may have no place */
    rest.request = &request;
    appliance_identity_drop(&rest);
    appliance_volumes_complete(&rest);
    appliance_credentials_complete(&rest);
}

/* Repairs and checks. is_read: all annotations could be read. Returns 0, or -1 with errors. */
static int prepare(struct appliance_draft *draft, struct appliance_types *types, bool is_read)
{
    const struct appliance_source *source = draft->source;
    struct appliance_report *report = draft->report;
    appliance_check_source(source, draft->objects, report);
    bool is_named = check_request(draft);
    draft->is_whole = is_read && substitute(draft) == 0;
    if (source->vm != NULL) {
        if (draft->request->repair)
            appliance_repair(draft->vm, appliance_source_findings(source, report));
        appliance_check(source, draft->vm, draft->objects, report);
    }
    if (draft->vm == NULL)
        return -1;
    appliance_types_choose(draft, types);
    if (draft->is_whole && appliance_report_errors(report) == 0)
        return 0;
    if (!appliance_check_hides_memory(appliance_source_findings(source, report)))
        appliance_types_check_memory(draft);
    if (is_named)
        say_rest(draft);
    return -1;
}

static int complete(struct appliance_draft *draft, bool is_read)
{
    struct appliance_types types;
    if (prepare(draft, &types, is_read) < 0)
        return -1;
    appliance_identity_drop(draft);
    appliance_identity_give(draft);
    set_run_strategy(draft);
    appliance_volumes_complete(draft);
    appliance_claims_complete(draft);
    appliance_credentials_complete(draft);
    appliance_types_infer(draft);
    appliance_types_check(draft, &types);
    appliance_volumes_find_rights(draft);
    return appliance_report_errors(draft->report) == 0 ? 0 : -1;
}

void appliance_complete_check(const struct appliance_source *source,
    struct appliance_objects *objects, struct appliance_report *report)
{
    const struct appliance_request request = {.name = "vm"};
    struct appliance_types types;
    auto_json json_t *needed = json_object();
    struct appliance_completion out = {.objects = json_array()};
    if (source->vm != NULL)
        out.vm = json_deep_copy(source->vm);
    else if (source->vm_key == NULL)
        out.vm = appliance_boilerplate_make(request.name);
    struct appliance_draft draft = {
        .source = source,
        .request = &request,
        .objects = objects,
        .report = report,
        .vm = out.vm,
        .needed = needed,
        .out = &out,
    };
    if (draft.vm != NULL) {
        appliance_types_choose(&draft, &types);
        appliance_credentials_complete(&draft);
    }
    appliance_completion_clear(&out);
}

int appliance_complete(const struct appliance_object *data_source,
    struct appliance_objects *objects, const struct appliance_request *request,
    struct appliance_completion *out, struct appliance_report *report)
{
    struct appliance_source source = {0};
    *out = (struct appliance_completion){.objects = json_array()};
    int result = appliance_source_read(&source, data_source, report);
    struct appliance_draft draft = {
        .source = &source,
        .request = request,
        .objects = objects,
        .report = report,
        .needed = json_object(),
        .out = out,
    };
    source.repaired = request->repair;
    if (source.vm != NULL)
        out->vm = json_deep_copy(source.vm);
    else if (source.vm_key == NULL)
        out->vm = appliance_boilerplate_make(request->name);
    draft.vm = out->vm;
    result = complete(&draft, result == 0);
    json_decref(draft.needed);
    appliance_source_clear(&source);
    if (result < 0)
        appliance_completion_clear(out);
    return result;
}

/* Overwrites the strings of an object that nobody else refers to. */
static void wipe(json_t *object)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach (object, key, value) {
        if (json_is_string(value))
            explicit_bzero((char *)json_string_value(value), json_string_length(value));
    }
}

void appliance_completion_clear(struct appliance_completion *completion)
{
    size_t i = 0;
    const json_t *object = NULL;
    json_array_foreach (completion->objects, i, object) {
        if (object->refcount > 1)
            continue; /* somebody else has it, too */
        wipe(json_object_get(object, "stringData"));
        wipe(json_object_get(object, "data"));
    }
    wipe(completion->generated);
    json_decref(completion->generated);
    json_decref(completion->objects);
    json_decref(completion->vm);
    for (i = 0; i < completion->right_count; i++)
        free(completion->rights[i].namespace);
    free(completion->rights);
    if (completion->password != NULL)
        free_secret(completion->password, strlen(completion->password));
    *completion = (struct appliance_completion){0};
}
