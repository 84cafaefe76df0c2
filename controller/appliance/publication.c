#include "controller/appliance/publication.h"

#include <string.h>

#include "appliance/check.h"
#include "appliance/parameters.h"
#include "appliance/source.h"
#include "base/json.h"
#include "base/text.h"
#include "controller/appliance/annotation.h"
#include "controller/appliance/findings.h"
#include "controller/webhook/admission.h"
#include "controller/webhook/verdict.h"

static const char *const prefixes[] = {APPLIANCE_PREFIX, APPLIANCE_OTHER_PREFIX};

bool controller_publication_concerns(const char *body, size_t length)
{
    const struct controller_admission admission = {.body = {body, length}};
    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
        if (controller_admission_mentions(&admission, prefixes[i]))
            return true;
    }
    return false;
}

/* Whether an annotation of the object is written: by a CREATE, or an UPDATE that changes it. */
static bool is_written(const struct controller_admission *admission, const char *key)
{
    static const char pointer[] = "/metadata/annotations";
    const json_t *after = json_object_get(json_pointer_get(admission->object, pointer), key);
    const json_t *before = json_object_get(json_pointer_get(admission->old_object, pointer), key);
    return after != NULL && (before == NULL || !json_equal(before, after));
}

/* Whether the request is about the object itself, and not on its way out. */
static bool is_of_interest(const struct controller_admission *admission)
{
    const char *subresource = json_get_string(admission->request, "subResource");
    bool writes = streq(admission->operation, "CREATE") || streq(admission->operation, "UPDATE");
    return writes && text_or(subresource, "")[0] == '\0';
}

/* Reads the parts of the objects at keep. Returns whether it could, and whether the object is not
 * being deleted. */
static bool read_objects(struct controller_admission *admission, struct controller_verdict *verdict,
    const char *const *keep)
{
    auto_error struct error *err = NULL;
    if (controller_admission_read_objects(admission, keep, &err) == 0)
        return json_pointer_get(admission->object, "/metadata/deletionTimestamp") == NULL;
    auto_free char *message = xasprintf("the object cannot be checked: %s", err->message);
    controller_verdict_deny(verdict, ERROR_INPUT, "", message);
    return false;
}

/* Checks all that a DataSource says, and nothing that it refers to. */
static void check_source(const struct appliance_object *object, struct appliance_objects *objects,
    struct appliance_report *report)
{
    struct appliance_source source = {0};
    if (appliance_source_read(&source, object, report) == 0 && source.vm != NULL) {
        appliance_parameters_substitute(
            source.vm, source.parameters, NULL, appliance_source_findings(&source, report));
        appliance_check(&source, source.vm, objects, report);
    }
    appliance_check_source_form(&source, report);
    appliance_source_clear(&source);
}

static void review_data_source(
    struct controller_admission *admission, struct controller_verdict *verdict)
{
    static const char *const keep[] = {
        "/request/object", "/request/oldObject/metadata/annotations", NULL};
    static const char *const keys[] = {CONTROLLER_APPLIANCE_VM, CONTROLLER_APPLIANCE_OTHER_VM,
        CONTROLLER_APPLIANCE_PARAMETERS, CONTROLLER_APPLIANCE_OTHER_PARAMETERS};
    bool written = false;
    if (!read_objects(admission, verdict, keep))
        return;
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        written = written || is_written(admission, keys[i]);
    if (!written)
        return;
    struct appliance_objects objects = {0};
    struct appliance_report report = {0};
    appliance_objects_add_read(&objects, json_incref((json_t *)admission->object));
    const json_t *metadata = json_object_get(admission->object, "metadata");
    const struct appliance_object *object = appliance_objects_find(&objects, APPLIANCE_DATA_SOURCE,
        text_or(json_get_string(metadata, "namespace"), "default"),
        text_or(json_get_string(metadata, "name"), ""));
    if (object != NULL)
        check_source(object, &objects, &report);
    verdict->outcome = CONTROLLER_REVIEW_VALID;
    controller_findings_take(verdict, &report);
    appliance_report_clear(&report);
    appliance_objects_clear(&objects);
}

/* Denies an UPDATE that adds or changes an annotation. */
static void keep_as_is(const struct controller_admission *admission,
    struct controller_verdict *verdict, const char *key, const char *why)
{
    if (!is_written(admission, key))
        return;
    auto_free char *field = xasprintf("metadata.annotations[%s]", key);
    controller_verdict_deny(verdict, ERROR_POLICY, field, why);
}

static void review_machine(
    struct controller_admission *admission, struct controller_verdict *verdict)
{
    static const char *const keep[] = {"/request/object/metadata/annotations",
        "/request/object/metadata/deletionTimestamp", "/request/oldObject/metadata/annotations",
        NULL};
    static const char from[] =
        "cannot be set or changed: a VM is made from a DataSource when it is "
        "created, and only then";
    static const char authorization[] = "is written by hook-controller when the VM is created";
    if (!streq(admission->operation, "UPDATE") || !read_objects(admission, verdict, keep))
        return;
    verdict->outcome = CONTROLLER_REVIEW_VALID;
    keep_as_is(admission, verdict, CONTROLLER_APPLIANCE_FROM, from);
    keep_as_is(admission, verdict, CONTROLLER_APPLIANCE_OTHER_FROM, from);
    keep_as_is(admission, verdict, CONTROLLER_APPLIANCE_AUTHORIZATION, authorization);
    keep_as_is(admission, verdict, CONTROLLER_APPLIANCE_OTHER_AUTHORIZATION, authorization);
}

typedef void review_function(
    struct controller_admission *admission, struct controller_verdict *verdict);

static json_t *review(const char *body, size_t length, review_function *function,
    enum controller_review_outcome *outcome, struct error **err)
{
    json_t *answer = NULL;
    struct controller_admission admission;
    struct controller_verdict verdict;
    const struct bytes bytes = {body, length};
    controller_verdict_init(&verdict, "%zu more warnings; hookctl appliance check shows all");
    *outcome = CONTROLLER_REVIEW_BAD_REQUEST;
    if (controller_admission_read(&admission, bytes, err) == 0) {
        if (is_of_interest(&admission) && controller_publication_concerns(body, length))
            function(&admission, &verdict);
        answer = controller_verdict_respond(&verdict, &admission, NULL);
        *outcome = verdict.outcome;
    }
    controller_verdict_clear(&verdict);
    controller_admission_clear(&admission);
    return answer;
}

static void review_any(struct controller_admission *admission, struct controller_verdict *verdict)
{
    if (streq(admission->kind, "DataSource") && streq(admission->group, "cdi.kubevirt.io"))
        review_data_source(admission, verdict);
    else if (streq(admission->kind, "VirtualMachine") && streq(admission->group, "kubevirt.io"))
        review_machine(admission, verdict);
}

json_t *controller_publication_review(
    const char *body, size_t length, enum controller_review_outcome *outcome, struct error **err)
{
    return review(body, length, review_any, outcome, err);
}

static void refuse(struct controller_admission *admission, struct controller_verdict *verdict)
{
    static const char *const keep[] = {"/request/object/metadata/annotations",
        "/request/object/metadata/labels", "/request/object/spec/template", NULL};
    static const char *const keys[] = {CONTROLLER_APPLIANCE_FROM, CONTROLLER_APPLIANCE_OTHER_FROM};
    if (!streq(admission->operation, "CREATE") || !streq(admission->kind, "VirtualMachine") ||
        !read_objects(admission, verdict, keep) ||
        controller_annotation_is_complete(admission->object))
        return;
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        auto_free char *field = xasprintf("metadata.annotations[%s]", keys[i]);
        if (is_written(admission, keys[i]))
            controller_verdict_deny(verdict, ERROR_POLICY, field,
                "hook-controller completes no VMs here: it runs without --appliances; hookctl "
                "appliance create does it");
    }
}

json_t *controller_publication_refuse(
    const char *body, size_t length, enum controller_review_outcome *outcome, struct error **err)
{
    return review(body, length, refuse, outcome, err);
}
