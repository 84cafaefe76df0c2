#include "controller/appliance/secrets.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/unused.h"
#include "controller/appliance/annotation.h"
#include "controller/appliance/authorization.h"
#include "controller/appliance/gather.h"
#include "controller/appliance/owned.h"
#include "controller/appliance/used.h"
#include "controller/metrics.h"
#include "kube/informer.h"
#include "kube/queue.h"

enum {
    RETRY_MIN_MS = 50,
    RETRY_MAX_MS = 15 * 1000,
    EXISTS_MS = 1000, /* before an object whose name is taken is tried again */
    MOST_CHANGED = 7, /* findings that something has changed: a cache may be behind for a moment */
    MOST_EXISTS = 6, /* before an Event says that a name is taken */
};

static const struct kube_resource machines = {
    "kubevirt.io", "v1", "virtualmachines", "VirtualMachine", true};

struct controller_secrets {
    struct controller_secrets_options options;
    struct kube_informer *informer; /* of VMs that were completed; owned */
    struct kube_queue *queue; /* of their keys; owned */
    struct controller_used used;
    struct work *works; /* in progress; owned */
    bool leads;
    time_t led_since; /* the time of day */
};

/* The work for one VM. */
struct work {
    struct controller_secrets *secrets;
    char *key, *namespace, *name; /* of the VM; owned */
    json_t *vm; /* pruned; owned */
    struct controller_authorization authorization; /* owned */
    char *source_namespace, *source_name; /* owned */
    struct controller_gather *gather; /* owned; or NULL */
    size_t index; /* of the object that is made now */
    char *taken; /* the first of them whose name something else has; owned; or NULL */
    struct kube_call *call; /* that makes the next one, or NULL */
    struct work *prev, *next;
};

static void work_free(struct work *work)
{
    DL_DELETE(work->secrets->works, work);
    if (work->call != NULL)
        kube_call_cancel(work->call);
    controller_gather_free(work->gather);
    controller_authorization_clear(&work->authorization);
    json_decref(work->vm);
    free(work->key);
    free(work->namespace);
    free(work->name);
    free(work->source_namespace);
    free(work->source_name);
    free(work->taken);
    free(work);
}

/* Ends the work for good, or until the VM changes. */
static void finish(struct work *work, const char *result)
{
    struct kube_queue *queue = work->secrets->queue;
    auto_free char *key = steal(&work->key);
    work_free(work);
    if (result != NULL)
        controller_metrics_appliance_secrets(result);
    kube_queue_done(queue, key);
}

static void retry(struct work *work, const char *result, int64_t at_least_ms)
{
    struct kube_queue *queue = work->secrets->queue;
    auto_free char *key = steal(&work->key);
    work_free(work);
    controller_metrics_appliance_secrets(result);
    kube_queue_failed(queue, key, at_least_ms);
}

static void tell(const struct work *work, const char *reason, const char *message)
{
    log_write(
        LOG_WARNING, json_pack("{s:s, s:s}", "vm", work->key, "reason", reason), "%s", message);
    kube_event(work->secrets->options.events, &machines, work->vm, KUBE_EVENT_WARNING, reason, "%s",
        message);
}

static void refuse(struct work *work, const char *why)
{
    auto_free char *message =
        xasprintf("no Secrets are made for this VM: its authorization is not valid: %s; create the "
                  "VM again with %s and without the authorization",
            why, CONTROLLER_APPLIANCE_FROM);
    tell(work, "ApplianceUnauthorized", message);
    finish(work, "refused");
}

/* What is known of the work; never NULL once it was claimed. */
static struct controller_use_state *state_of(struct work *work)
{
    return controller_used_claim(
        &work->secrets->used, work->authorization.nonce, kube_uid(work->vm));
}

/* What the Secrets are made of is not what was allowed, or a cache is behind. */
static void find_changed(struct work *work)
{
    struct controller_use_state *state = state_of(work);
    if (state != NULL && ++state->changed < MOST_CHANGED) {
        retry(work, "retry", 0);
        return;
    }
    auto_free char *message =
        xasprintf("no Secrets are made for this VM: the DataSource %s, or something that it refers "
                  "to, has changed since the VM was completed; delete the VM and create it again",
            work->authorization.data_source);
    tell(work, "ApplianceChanged", message);
    finish(work, "changed");
}

/* Something has the name of an object: what an earlier VM of the same name had, which will go; or
 * what somebody else has made, which stays as it is; or what an earlier leader has made. It is tried
 * again. */
static void wait_for_name(struct work *work)
{
    struct controller_use_state *state = state_of(work);
    time_t created = 0;
    bool ours = controller_owned_time(work->vm, &created) && created >= work->secrets->led_since;
    if (state != NULL && ++state->exists >= MOST_EXISTS && !state->told && ours) {
        auto_free char *message = xasprintf(
            "%s exists already, and is not made for this VM: delete it, and it is made again",
            work->taken);
        state->told = true;
        tell(work, "ApplianceNameTaken", message);
    }
    retry(work, "exists", EXISTS_MS);
}

static void find_made(struct work *work)
{
    struct controller_use_state *state = state_of(work);
    if (state != NULL)
        state->made = true;
    log_write(LOG_INFO, json_pack("{s:s, s:i}", "vm", work->key, "objects", (int)work->index),
        "made what the VM needs");
    kube_event(work->secrets->options.events, &machines, work->vm, KUBE_EVENT_NORMAL,
        "ApplianceCompleted", "Made the Secrets that the VM needs");
    finish(work, "made");
}

static void make_next(struct work *work);

/* The next object, or NULL: there are no more. Borrowed. */
static const json_t *next_object(const struct work *work)
{
    const struct controller_gathered *gathered = controller_gather_result(work->gather);
    return json_array_get(gathered->completion.objects, work->index);
}

/* What the next object is called, "Secret dev/web-cloudinitdisk". Owned by the caller. */
static char *next_name(const struct work *work)
{
    const json_t *object = next_object(work);
    return xasprintf("%s %s/%s", text_or(json_get_string(object, "kind"), ""), work->namespace,
        kube_name(object));
}

/* An object was made, or may have been, because the answer was lost. */
static void note_object(struct work *work, const char *what, bool made)
{
    struct controller_use_state *state = state_of(work);
    if (state == NULL)
        return;
    if (state->objects == NULL)
        state->objects = json_object();
    json_object_set_new(state->objects, what, json_boolean(made));
}

/* What is known of an object of that name: true, false if it may have been made, or NULL. */
static const json_t *known_object(struct work *work, const char *what)
{
    const struct controller_use_state *state = state_of(work);
    return state != NULL ? json_object_get(state->objects, what) : NULL;
}

static void on_made(void *user, const struct kube_answer *answer)
{
    struct work *work = user;
    const struct kube_failure *failure = answer->failure;
    auto_free char *what = next_name(work);
    bool exists = failure != NULL && failure->reason == KUBE_ALREADY_EXISTS;
    work->call = NULL;
    if (failure == NULL || exists) {
        if (failure == NULL || known_object(work, what) != NULL)
            note_object(work, what, true);
        else if (work->taken == NULL)
            work->taken = steal(&what);
        work->index++;
        make_next(work);
    } else if (failure->reason == KUBE_NOT_FOUND) { /* the namespace has gone */
        finish(work, NULL);
    } else {
        auto_free char *message = xasprintf("%s was not made: %s", what, failure->message);
        if (failure->code == 0)
            note_object(work, what, false);
        tell(work, "ApplianceFailed", message);
        retry(work, "retry", failure->code == 0 ? 0 : EXISTS_MS);
    }
}

static void make(struct work *work, const json_t *object)
{
    auto_json json_t *owned = controller_owned_make(object, work->vm);
    const struct kube_request request = {
        .verb = KUBE_CREATE,
        .resource = controller_owned_resource(object),
        .namespace = work->namespace,
        .body = owned,
        .field_manager = "hook-controller",
        .no_body = true,
    };
    work->call = kube_call_start(work->secrets->options.client, &request, on_made, work);
    controller_owned_wipe(owned);
}

/* Makes the next of the objects that are not there yet, or ends the work. */
static void make_next(struct work *work)
{
    const json_t *object = NULL;
    for (; (object = next_object(work)) != NULL; work->index++) {
        auto_free char *what = next_name(work);
        if (!json_is_true(known_object(work, what)))
            break;
    }
    if (object != NULL && controller_owned_resource(object) == NULL)
        find_changed(work);
    else if (object != NULL)
        make(work, object);
    else if (work->taken != NULL)
        wait_for_name(work);
    else
        find_made(work);
}

static void on_gathered(void *user)
{
    struct work *work = user;
    const struct controller_gathered *gathered = controller_gather_result(work->gather);
    const struct controller_key *key = work->secrets->options.key;
    if (gathered->error != NULL && gathered->error->class == ERROR_REMOTE) {
        retry(work, "retry", 0);
        return;
    }
    bool same = gathered->error == NULL && gathered->completion.vm != NULL &&
                streq(kube_uid(gathered->data_source->value), work->authorization.uid);
    auto_free char *code =
        same ? controller_authorization_objects(gathered->completion.objects, key) : NULL;
    if (!same || !streq(code, work->authorization.objects))
        find_changed(work);
    else
        make_next(work);
}

/* Checks what the VM's annotations say. Returns 0, or -1 with an error. */
static int check(struct work *work, const char *text, time_t created, struct error **err)
{
    struct controller_annotation from = {NULL, NULL};
    const json_t *annotations = json_pointer_get(work->vm, "/metadata/annotations");
    if (controller_authorization_read(
            &work->authorization, text, work->key, created, work->secrets->options.key, err) < 0 ||
        controller_annotation_find(annotations, CONTROLLER_APPLIANCE_FROM,
            CONTROLLER_APPLIANCE_OTHER_FROM, &from, err) < 0)
        return -1;
    if (from.text == NULL)
        return error_set(err, ERROR_INPUT, "the VM no longer says what it is made from");
    if (controller_annotation_read_from(
            from.text, work->namespace, &work->source_namespace, &work->source_name, err) < 0)
        return -1;
    auto_free char *source = xasprintf("%s/%s", work->source_namespace, work->source_name);
    if (!streq(source, work->authorization.data_source))
        return error_set(err, ERROR_POLICY, "it is for the DataSource %s, and %s is now %s",
            work->authorization.data_source, from.key, source);
    return 0;
}

static void gather(struct work *work)
{
    const struct controller_secrets_options *shared = &work->secrets->options;
    const struct controller_gather_options options = {
        .client = shared->client,
        .stock = shared->stock,
        .key = shared->key,
        .denied = work->authorization.denied,
        .namespace = work->namespace,
        .name = work->name,
        .source_namespace = work->source_namespace,
        .source_name = work->source_name,
        .nonce = work->authorization.nonce,
        .done = on_gathered,
        .user = work,
    };
    work->gather = controller_gather_new(&options);
}

/* Begins the work for a VM that has an authorization. */
static void begin(struct work *work, const char *text, time_t created)
{
    auto_error struct error *err = NULL;
    if (!controller_key_ready(work->secrets->options.key)) {
        retry(work, "retry", EXISTS_MS);
        return;
    }
    if (check(work, text, created, &err) < 0) {
        refuse(work, err->message);
        return;
    }
    const struct controller_use_state *state = state_of(work);
    if (state == NULL)
        refuse(work, "an earlier VM has used it");
    else if (state->made)
        finish(work, NULL);
    else
        gather(work);
}

static void work_on(void *user, const char *key)
{
    struct controller_secrets *secrets = user;
    const json_t *vm = kube_informer_get(secrets->informer, key);
    struct controller_annotation authorization = {NULL, NULL};
    const json_t *annotations = json_pointer_get(vm, "/metadata/annotations");
    time_t created = 0;
    if (vm == NULL ||
        controller_annotation_find(annotations, CONTROLLER_APPLIANCE_AUTHORIZATION,
            CONTROLLER_APPLIANCE_OTHER_AUTHORIZATION, &authorization, NULL) < 0 ||
        authorization.text == NULL || !controller_owned_time(vm, &created) ||
        time(NULL) - created > CONTROLLER_SECRETS_PATIENCE) {
        kube_queue_done(secrets->queue, key);
        return;
    }
    struct work *work = xcalloc(1, sizeof(*work));
    work->secrets = secrets;
    work->key = xstrdup(key);
    work->vm = json_incref((json_t *)vm);
    kube_key_split(key, &work->namespace, &work->name);
    DL_APPEND(secrets->works, work);
    begin(work, authorization.text, created);
}

static void on_change(void *user, const char *key, UNUSED const json_t *before, const json_t *after)
{
    const struct controller_secrets *secrets = user;
    if (secrets->leads && after != NULL)
        kube_queue_add(secrets->queue, key);
}

static void add(void *user, const char *key, UNUSED const json_t *vm)
{
    const struct controller_secrets *secrets = user;
    kube_queue_add(secrets->queue, key);
}

struct controller_secrets *controller_secrets_new(const struct controller_secrets_options *options)
{
    struct controller_secrets *secrets = xcalloc(1, sizeof(*secrets));
    const struct kube_queue_options queue = {
        .workers = CONTROLLER_SECRETS_WORKERS,
        .retry_min_ms = RETRY_MIN_MS,
        .retry_max_ms = RETRY_MAX_MS,
        .work = work_on,
        .user = secrets,
    };
    const struct kube_informer_options informer = {
        .resource = &machines,
        .label_selector = CONTROLLER_APPLIANCE_LABEL,
        .keep = controller_owned_kept,
        .on_change = on_change,
        .user = secrets,
    };
    secrets->options = *options;
    secrets->used.seconds = CONTROLLER_SECRETS_PATIENCE;
    secrets->queue = kube_queue_new(&queue);
    kube_queue_pause(secrets->queue);
    secrets->informer = kube_informer_new(options->client, &informer);
    return secrets;
}

void controller_secrets_lead(struct controller_secrets *secrets, bool leads)
{
    if (secrets->leads == leads)
        return;
    secrets->leads = leads;
    secrets->led_since = time(NULL);
    if (leads) {
        kube_informer_each(secrets->informer, add, secrets);
        kube_queue_resume(secrets->queue);
        return;
    }
    kube_queue_pause(secrets->queue);
    while (secrets->works != NULL)
        retry(secrets->works, "retry", 0);
}

void controller_secrets_free(struct controller_secrets *secrets)
{
    if (secrets == NULL)
        return;
    while (secrets->works != NULL)
        work_free(secrets->works);
    kube_informer_free(secrets->informer);
    kube_queue_free(secrets->queue);
    controller_used_clear(&secrets->used);
    free(secrets);
}

unsigned long controller_secrets_restarts(const struct controller_secrets *secrets)
{
    return kube_informer_restarts(secrets->informer);
}
