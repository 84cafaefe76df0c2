#include "controller/launch/create.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "controller/launch/machine.h"
#include "controller/launch/pod.h"
#include "controller/launch/pod_owner.h"
#include "controller/launch/status.h"

/* An error, its path prefixed. */
static char *describe(const void *prefix, const struct finding *finding)
{
    auto_free char *text = finding_text(finding);
    return xasprintf("%s%s", (const char *)prefix, text);
}

/* Refuses with all errors among the findings in one line, for Events and logs. */
static enum controller_launch_step refuse_findings(struct controller_launch_work *work,
    const char *reason, const char *prefix, struct findings *findings)
{
    auto_error struct error *err = NULL;
    findings_to_error(findings, describe, prefix, &err);
    findings_clear(findings);
    return controller_launch_status_refuse(
        work, reason, err != NULL ? err->message : "", LAUNCH_REFUSED);
}

/* Reads the sidecars of the VMI. */
static enum controller_launch_step read_annotation(struct controller_launch_work *work)
{
    const struct controller_launch_options *options = &work->shared->options;
    struct findings findings = {0};
    const char *key = NULL;
    const char *text = annotations_find(json_pointer_get(work->machine, "/metadata/annotations"),
        options->settings->annotation_key, &key, &findings);
    if (text != NULL || findings.errors == 0) {
        struct annotations_options how = {
            .strict = options->settings->strict,
            .policy = options->policy(options->user),
            .namespace = work->namespace,
        };
        work->list =
            annotations_parse(text_or(text, ""), strlen(text_or(text, "")), &how, &findings);
    }
    if (work->list == NULL) {
        auto_free char *prefix = key == NULL ? xstrdup("metadata.annotations")
                                             : xasprintf("metadata.annotations[%s]", key);
        return refuse_findings(work, "InvalidAnnotation", prefix, &findings);
    }
    findings_clear(&findings);
    return LAUNCH_CHECK_NEEDS;
}

static enum controller_launch_step machine_read(
    struct controller_launch_work *work, const struct kube_answer *answer)
{
    /* what cannot be read within the budget of lib/kube/list.h stays so until it is changed */
    if (answer->failure != NULL && answer->failure->reason == KUBE_TOO_LARGE)
        return controller_launch_status_refuse(
            work, "InvalidMachine", answer->failure->message, LAUNCH_REFUSED);
    if (answer->failure != NULL && answer->failure->reason != KUBE_NOT_FOUND)
        return controller_launch_work_fail(work, "reading the VMI", answer->failure);
    /* deleted, being deleted, or replaced: the watch will tell */
    if (answer->failure != NULL || !streq(kube_uid(work->machine), kube_uid(answer->body)) ||
        json_pointer_get(answer->body, "/metadata/deletionTimestamp") != NULL)
        return controller_launch_work_finish(work, LAUNCH_OK);
    json_decref(work->machine);
    work->machine = json_incref(answer->body);
    if (!controller_machine_needs_pod(work->machine)) /* the cache was behind */
        return controller_launch_work_finish(work, LAUNCH_RETRY);
    return read_annotation(work);
}

enum controller_launch_step controller_launch_create_read_machine(
    struct controller_launch_work *work)
{
    controller_launch_work_creates(work);
    struct kube_request request = {
        .verb = KUBE_GET,
        .resource = &kube_virtual_machine_instances,
        .name = work->name,
    };
    return controller_launch_work_call(work, &request, machine_read);
}

/* The status is written when the watch shows the pod, after VMIs that still wait for a pod. */
static enum controller_launch_step pod_made(struct controller_launch_work *work)
{
    auto_free char *name = controller_pod_name(work->machine);
    log_write(LOG_INFO, json_pack("{s:s, s:s}", "vmi", work->key, "pod", name),
        "created the launcher pod");
    kube_event(work->shared->options.events, &kube_virtual_machine_instances, work->machine,
        KUBE_EVENT_NORMAL, "SuccessfulCreate", "Created launcher pod %s", name);
    return controller_launch_work_finish(work, LAUNCH_OK);
}

static enum controller_launch_step pod_answered(
    struct controller_launch_work *work, const struct kube_answer *answer)
{
    static const char reason[] = "PodCreationFailed";
    const struct kube_failure *failure = answer->failure;
    if (failure == NULL)
        return pod_made(work);
    switch (failure->reason) {
    case KUBE_ALREADY_EXISTS:
        return LAUNCH_READ_OTHER_POD;
    case KUBE_FORBIDDEN: /* a quota, which may have room again soon */
    case KUBE_NOT_FOUND: /* something the pod refers to */
        return controller_launch_status_refuse(work, reason, failure->message, LAUNCH_RETRY);
    case KUBE_INVALID:
    case KUBE_BAD_REQUEST:
    case KUBE_TOO_LARGE:
    case KUBE_OTHER: /* denied by a webhook */
        return controller_launch_status_refuse(work, reason, failure->message, LAUNCH_RETRY_LATER);
    default:
        return controller_launch_work_fail(work, "creating the launcher pod", failure);
    }
}

enum controller_launch_step controller_launch_create_pod(struct controller_launch_work *work)
{
    const struct controller_launch_options *options = &work->shared->options;
    const char *fault = NULL;
    const struct controller_pod_input input = {
        .machine = work->machine,
        .template_ = options->pod_template(options->user, &fault),
        .claims = work->claims,
        .list = work->list,
        .policy = options->policy(options->user),
        .settings = options->settings,
    };
    if (fault != NULL)
        return controller_launch_status_refuse(work, "InvalidPodTemplate", fault, LAUNCH_REFUSED);
    struct findings findings = {0};
    auto_json json_t *pod = controller_pod_make(&input, &findings);
    if (pod == NULL)
        return refuse_findings(work, "InvalidMachine", "", &findings);
    findings_clear(&findings);
    struct kube_request request = {
        .verb = KUBE_CREATE,
        .resource = &kube_pods,
        .body = pod,
        .no_body = true, /* the watch delivers it */
    };
    return controller_launch_work_call(work, &request, pod_answered);
}

static enum controller_launch_step other_pod_read(
    struct controller_launch_work *work, const struct kube_answer *answer)
{
    if (answer->failure != NULL)
        return controller_launch_work_fail(
            work, "reading the existing launcher pod", answer->failure);
    if (controller_pod_owner_is(answer->body, work->machine))
        return controller_launch_status(work, answer->body, NULL, LAUNCH_OK);
    auto_free char *message =
        xasprintf("pod %s already exists, and does not belong to this VirtualMachineInstance",
            kube_name(answer->body));
    return controller_launch_status_refuse(work, "PodCreationFailed", message, LAUNCH_RETRY_LATER);
}

enum controller_launch_step controller_launch_create_read_other(struct controller_launch_work *work)
{
    auto_free char *name = controller_pod_name(work->machine);
    struct kube_request request = {.verb = KUBE_GET, .resource = &kube_pods, .name = name};
    return controller_launch_work_call(work, &request, other_pod_read);
}
