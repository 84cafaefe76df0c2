#include "controller/appliance/completion.h"

#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "appliance/merge.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/text.h"
#include "base/unused.h"
#include "controller/appliance/annotation.h"
#include "controller/appliance/authorization.h"
#include "controller/appliance/findings.h"
#include "controller/appliance/gather.h"
#include "controller/appliance/patch.h"
#include "controller/appliance/rights.h"
#include "controller/metrics.h"
#include "controller/webhook/verdict.h"

enum {
    MOST_GENERATED_BYTES = 58, /* of generateName, before its suffix. Source: Kubernetes,
                                  apiserver/pkg/storage/names */
    SUFFIX = 5,
    MOST_PATCH_BYTES = 2 << 20, /* of the text of a patch */
};

static const char unverified[] =
    ", and hook-controller cannot verify who asks: API servers show it no certificate "
    "(--client-ca-file; docs/appliances.md, \"Rights\")";

/* One review in progress. */
struct completion {
    struct controller_completions *completions;
    struct http_request *request; /* to be answered */
    double began; /* clock_seconds */
    struct controller_admission admission; /* owned */
    struct controller_verdict verdict; /* owned */
    struct controller_annotation from; /* borrowed from the admission */
    char *field; /* the path of the annotation; owned */
    json_t *user_info; /* owned */
    json_t *reader; /* the UserInfo of whom the right to read is asked for; owned */
    char *who; /* he, in words; owned */
    char *name, *source_namespace, *source_name, *nonce; /* owned */
    const char *namespace; /* borrowed from the admission */
    struct controller_gather *gather; /* owned; or NULL */
    struct controller_rights *rights; /* owned; or NULL */
    json_t *completed; /* the VM; owned; or NULL */
    json_t *patch; /* owned; or NULL */
    struct ev_timer deadline;
    struct completion *prev, *next;
};

struct controller_completions {
    struct controller_completions_options options;
    struct completion *all; /* in progress; owned */
    size_t count;
};

static void completion_free(struct completion *completion)
{
    DL_DELETE(completion->completions->all, completion);
    completion->completions->count--;
    ev_timer_stop(EV_DEFAULT_ & completion->deadline);
    controller_rights_free(completion->rights);
    controller_gather_free(completion->gather);
    controller_verdict_clear(&completion->verdict);
    controller_admission_clear(&completion->admission);
    json_decref(completion->user_info);
    json_decref(completion->reader);
    free(completion->who);
    json_decref(completion->completed);
    json_decref(completion->patch);
    free(completion->field);
    free(completion->name);
    free(completion->source_namespace);
    free(completion->source_name);
    free(completion->nonce);
    free(completion);
}

/* Answers with the verdict, and frees the completion. */
static void answer(struct completion *completion)
{
    auto_json json_t *review =
        controller_verdict_respond(&completion->verdict, &completion->admission, completion->patch);
    char *text = json_write(review);
    controller_metrics_review(CONTROLLER_COMPLETE_MACHINES, completion->verdict.outcome,
        clock_seconds() - completion->began);
    http_request_answer(completion->request, 200, "application/json", text, strlen(text));
    completion_free(completion);
}

static void deny(struct completion *completion, enum error_class class, const char *message)
{
    controller_verdict_deny(&completion->verdict, class, text_or(completion->field, ""), message);
}

static void deny_and_answer(
    struct completion *completion, enum error_class class, const char *message)
{
    deny(completion, class, message);
    answer(completion);
}

/* The authorization of the completed VM. Owned by the caller. */
static char *authorize(
    const struct completion *completion, const struct controller_gathered *gathered)
{
    const struct controller_key *key = completion->completions->options.key;
    const json_t *source = gathered->data_source->value;
    auto_free char *vm = xasprintf("%s/%s", completion->namespace, completion->name);
    auto_free char *data_source =
        xasprintf("%s/%s", completion->source_namespace, completion->source_name);
    auto_free char *objects = controller_authorization_objects(gathered->completion.objects, key);
    auto_free char *denied = controller_gather_denied(completion->gather);
    const struct controller_authorization authorization = {
        .vm = vm,
        .data_source = data_source,
        .uid = (char *)kube_uid(source),
        .version = (char *)kube_resource_version(source),
        .user = (char *)text_or(json_get_string(completion->user_info, "username"), ""),
        .nonce = completion->nonce,
        .denied = denied,
        .objects = objects,
        .time = time(NULL),
    };
    return controller_authorization_write(&authorization, key);
}

/* Says where a generated password is found. */
static void tell_password(
    struct completion *completion, const struct appliance_completion *completed)
{
    size_t i = 0;
    json_t *object = NULL;
    json_array_foreach (completed->objects, i, object) {
        if (completed->password == NULL ||
            !streq(text_or(json_get_string(object, "kind"), ""), "Secret"))
            continue;
        auto_free char *text = xasprintf("the VM gets a password of its own, in the userdata of "
                                         "the Secret %s/%s",
            completion->namespace, kube_name(object));
        controller_verdict_warn(&completion->verdict, text);
        return;
    }
}

/* Makes the patch: the VM, with its authorization, which also says that it has been completed. */
static void make_patch(struct completion *completion)
{
    const struct controller_gathered *gathered = controller_gather_result(completion->gather);
    json_t *metadata = json_object_get(completion->completed, "metadata");
    const char *key = text_starts_with(completion->from.key, APPLIANCE_OTHER_PREFIX)
                          ? CONTROLLER_APPLIANCE_OTHER_AUTHORIZATION
                          : CONTROLLER_APPLIANCE_AUTHORIZATION;
    auto_free char *authorization = authorize(completion, gathered);
    if (strlen(authorization) > CONTROLLER_AUTHORIZATION_MAX_BYTES) {
        deny(completion, ERROR_INPUT,
            "too much is to be noted of who may read what: the name of the user is too long, or "
            "the "
            "DataSource refers to too much that he may not read");
        return;
    }
    json_object_set_new(json_object_get(metadata, "annotations"), key, json_string(authorization));
    tell_password(completion, &gathered->completion);
    completion->patch =
        controller_appliance_patch(completion->admission.object, completion->completed);
    completion->verdict.outcome = CONTROLLER_REVIEW_PATCHED;
    if (json_dumpb(completion->patch, NULL, 0, JSON_COMPACT) > MOST_PATCH_BYTES)
        deny(completion, ERROR_INPUT, "the completed VM is too large");
}

static void on_rights(void *user)
{
    struct completion *completion = user;
    if (!controller_verdict_is_denied(&completion->verdict))
        make_patch(completion);
    answer(completion);
}

static void ask_for_rights(struct completion *completion)
{
    const struct controller_gathered *gathered = controller_gather_result(completion->gather);
    const struct controller_rights_options options = {
        .access = completion->completions->options.access,
        .user_info = completion->user_info,
        .namespace = completion->namespace,
        .service_account = controller_rights_account(completion->completed),
        .rights = gathered->completion.rights,
        .count = gathered->completion.right_count,
        .verdict = &completion->verdict,
        .field = completion->field,
        .done = on_rights,
        .user = completion,
    };
    completion->rights = controller_rights_new(&options);
    if (completion->rights == NULL)
        on_rights(completion);
}

static void on_gathered(void *user)
{
    struct completion *completion = user;
    const struct controller_gathered *gathered = controller_gather_result(completion->gather);
    if (gathered->error != NULL) {
        auto_free char *message = xasprintf("DataSource %s/%s: %s", completion->source_namespace,
            completion->source_name, gathered->error->message);
        deny_and_answer(completion, gathered->error->class, message);
        return;
    }
    controller_findings_take(&completion->verdict, &gathered->report);
    if (gathered->completion.vm == NULL)
        controller_verdict_deny_anyway(&completion->verdict);
    if (controller_verdict_is_denied(&completion->verdict)) {
        answer(completion);
        return;
    }
    completion->completed = appliance_merge(completion->admission.object, gathered->completion.vm);
    ask_for_rights(completion);
}

static void on_deadline(UNUSED struct ev_loop *loop, struct ev_timer *timer, UNUSED int events)
{
    struct completion *completion = timer->data;
    deny_and_answer(completion, ERROR_TIMEOUT,
        "the API server has not answered in time what it takes to complete the VM: try again");
}

/* The name of the VM, owned by the caller: its disks have names that begin with it, so that the API
 * server cannot be left to generate it. NULL: it has none. */
static char *name_of(const json_t *object)
{
    const json_t *metadata = json_object_get(object, "metadata");
    const char *name = json_get_string(metadata, "name");
    const char *prefix = json_get_string(metadata, "generateName");
    const struct appliance_random random = {0};
    char suffix[SUFFIX + 1];
    if (name != NULL && name[0] != '\0')
        return xstrdup(name);
    if (prefix == NULL || prefix[0] == '\0')
        return NULL;
    appliance_random_name(&random, SUFFIX, suffix);
    return xasprintf("%.*s%s", MOST_GENERATED_BYTES, prefix, suffix);
}

/* Sets for whom the right to read is asked. Without verification that is any user, so that who
 * pretends to be another learns nothing.
 * Source: Kubernetes, "Authenticating", the group system:authenticated. */
static void set_reader(struct completion *completion)
{
    if (completion->completions->options.verified) {
        completion->reader = json_incref(completion->user_info);
        completion->who = xasprintf(
            "%s may not", text_or(json_get_string(completion->user_info, "username"), ""));
        return;
    }
    completion->reader =
        json_pack("{s:s, s:[s]}", "username", "hookline:anyone", "groups", "system:authenticated");
    completion->who = xstrdup("not every authenticated user may");
}

/* Whether as many VMs of the namespace are being completed as may be, with this one. */
static bool is_crowded(const struct completion *completion)
{
    const struct completion *other = NULL;
    size_t count = 0;
    DL_FOREACH (completion->completions->all, other)
        count += other->gather != NULL && streq(other->namespace, completion->namespace);
    return count >= CONTROLLER_COMPLETIONS_MOST_OF_ONE;
}

/* Begins to complete a VM that asks for it. */
static void complete(struct completion *completion)
{
    const struct controller_completions_options *shared = &completion->completions->options;
    auto_error struct error *err = NULL;
    completion->namespace =
        text_or(json_get_string(completion->admission.request, "namespace"), "");
    completion->name = name_of(completion->admission.object);
    if (completion->name == NULL) {
        controller_verdict_deny(&completion->verdict, ERROR_INPUT, "metadata.name", "is required");
        answer(completion);
    } else if (controller_annotation_read_from(completion->from.text, completion->namespace,
                   &completion->source_namespace, &completion->source_name, &err) < 0) {
        deny_and_answer(completion, ERROR_INPUT, err->message);
    } else if (!controller_key_ready(shared->key)) {
        deny_and_answer(completion, ERROR_REMOTE,
            "hook-controller has not read the Secret with its key yet: try again");
    } else if (is_crowded(completion)) {
        deny_and_answer(completion, ERROR_REMOTE,
            "hook-controller completes as many VMs of this namespace at once as it can: try again");
    } else {
        set_reader(completion);
        completion->nonce = controller_authorization_nonce();
        const struct controller_gather_options options = {
            .client = shared->client,
            .access = shared->access,
            .stock = shared->stock,
            .key = shared->key,
            .user_info = completion->reader,
            .at_home = shared->verified,
            .who = completion->who,
            .hint = shared->verified ? "" : unverified,
            .namespace = completion->namespace,
            .name = completion->name,
            .source_namespace = completion->source_namespace,
            .source_name = completion->source_name,
            .nonce = completion->nonce,
            .done = on_gathered,
            .user = completion,
        };
        completion->gather = controller_gather_new(&options);
    }
}

/* A VM that has an authorization is a copy of one that was completed, such as KubeVirt makes when it
 * clones or restores: it is left as it is, without the authorization, which is another's. */
static void leave_copy(struct completion *completion, const char *key)
{
    auto_free char *text = xasprintf("%s is another VM's: this one is not completed, and gets no "
                                     "Secrets; remove the annotation to have it completed",
        key);
    controller_verdict_warn(&completion->verdict, text);
    completion->patch = controller_appliance_unpatch(key);
    completion->verdict.outcome = CONTROLLER_REVIEW_PATCHED;
    answer(completion);
}

/* Whether the user is KubeVirt's controller, which creates VMs for others: clones, restored VMs, and
 * those of pools. What it may read says nothing about them.
 * Source: KubeVirt, virt-operator/resource/generate/rbac/controller.go. */
static bool is_kubevirts(const struct completion *completion)
{
    const char *user = text_or(json_get_string(completion->user_info, "username"), "");
    return text_starts_with(user, "system:serviceaccount:") &&
           text_ends_with(user, ":kubevirt-controller");
}

/* The kind of the object that controls a VM; NULL: none does. Borrowed. */
static const char *controlling_kind(const json_t *object)
{
    size_t i = 0;
    json_t *owner = NULL;
    json_array_foreach (json_pointer_get(object, "/metadata/ownerReferences"), i, owner) {
        if (json_is_true(json_object_get(owner, "controller")))
            return text_or(json_get_string(owner, "kind"), "");
    }
    return NULL;
}

/* Decides about a VM that asks to be completed. */
static void decide_to_complete(struct completion *completion)
{
    const char *kind = controlling_kind(completion->admission.object);
    if (kind == NULL && is_kubevirts(completion)) {
        answer(completion);
    } else if (kind != NULL) {
        auto_free char *message =
            xasprintf("a VM that a %s creates is not completed, because nobody "
                      "knows for whom: write the completed VM there (hookctl "
                      "appliance create)",
                kind);
        deny_and_answer(completion, ERROR_POLICY, message);
    } else {
        complete(completion);
    }
}

/* Decides what is to be done with a VM that was read. */
static void decide(struct completion *completion)
{
    const json_t *annotations =
        json_pointer_get(completion->admission.object, "/metadata/annotations");
    struct controller_annotation authorization = {NULL, NULL};
    auto_error struct error *err = NULL;
    if (controller_annotation_find(annotations, CONTROLLER_APPLIANCE_FROM,
            CONTROLLER_APPLIANCE_OTHER_FROM, &completion->from, &err) < 0 ||
        controller_annotation_find(annotations, CONTROLLER_APPLIANCE_AUTHORIZATION,
            CONTROLLER_APPLIANCE_OTHER_AUTHORIZATION, &authorization, &err) < 0) {
        completion->field = xstrdup("metadata.annotations");
        deny_and_answer(completion, ERROR_INPUT, err->message);
        return;
    }
    const char *key = text_or(completion->from.key, CONTROLLER_APPLIANCE_FROM);
    completion->field = xasprintf("metadata.annotations[%s]", key);
    if (authorization.text != NULL)
        leave_copy(completion, authorization.key);
    else if (completion->from.text == NULL ||
             controller_annotation_is_complete(completion->admission.object))
        answer(completion);
    else
        decide_to_complete(completion);
}

/* Whether the request creates a VM. */
static bool is_creation(const struct controller_admission *admission)
{
    const char *subresource = json_get_string(admission->request, "subResource");
    return streq(admission->operation, "CREATE") && streq(admission->kind, "VirtualMachine") &&
           streq(admission->group, "kubevirt.io") && text_or(subresource, "")[0] == '\0';
}

/* Reads the object and the user. Returns 0, or -1 with an input error. */
static int read_request(struct completion *completion, struct error **err)
{
    static const char *const keep[] = {"/request/object", NULL};
    if (controller_admission_read_objects(&completion->admission, keep, err) < 0)
        return -1;
    completion->user_info = controller_admission_read_user(&completion->admission, err);
    return completion->user_info != NULL ? 0 : -1;
}

static void begin(struct completion *completion)
{
    auto_error struct error *err = NULL;
    if (!is_creation(&completion->admission))
        answer(completion);
    else if (completion->completions->count > CONTROLLER_COMPLETIONS_MOST)
        deny_and_answer(completion, ERROR_REMOTE,
            "hook-controller completes as many VMs at once as it can: try again");
    else if (read_request(completion, &err) < 0)
        deny_and_answer(completion, ERROR_INPUT, err->message);
    else
        decide(completion);
}

void controller_completions_review(
    struct controller_completions *completions, struct http_request *request)
{
    static const double seconds = CONTROLLER_COMPLETION_MS / 1000.0;
    struct completion *completion = xcalloc(1, sizeof(*completion));
    auto_error struct error *err = NULL;
    struct bytes body = {NULL, 0};
    completion->completions = completions;
    completion->request = request;
    completion->began = clock_seconds();
    controller_verdict_init(
        &completion->verdict, "%zu more warnings; hookctl appliance check shows all");
    DL_APPEND(completions->all, completion);
    completions->count++;
    ev_timer_init(&completion->deadline, on_deadline, 0.0, 0.0);
    completion->deadline.data = completion;
    ev_now_update(EV_DEFAULT);
    ev_timer_set(&completion->deadline, seconds, 0.0);
    ev_timer_start(EV_DEFAULT_ & completion->deadline);
    body.data = http_request_body(request, &body.length);
    if (controller_admission_read(&completion->admission, body, &err) == 0) {
        begin(completion);
        return;
    }
    controller_metrics_review(CONTROLLER_COMPLETE_MACHINES, CONTROLLER_REVIEW_BAD_REQUEST, 0.0);
    char *text = xasprintf("%s\n", err->message);
    http_request_answer(request, 400, NULL, text, strlen(text));
    completion_free(completion);
}

struct controller_completions *controller_completions_new(
    const struct controller_completions_options *options)
{
    struct controller_completions *completions = xcalloc(1, sizeof(*completions));
    completions->options = *options;
    return completions;
}

void controller_completions_free(struct controller_completions *completions)
{
    if (completions == NULL)
        return;
    while (completions->all != NULL)
        deny_and_answer(completions->all, ERROR_REMOTE, "hook-controller is shutting down");
    free(completions);
}
