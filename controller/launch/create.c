/* The step of a launch that makes the pod: drafts it, POSTs it, and knows its own again. */
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "controller/launch/work.h"
#include "controller/launch/pod.h"

static void refuse(struct controller_launch_work *work, const char *reason, const char *message,
    enum controller_launch_result result)
{
    struct controller_obstacle obstacle = {.reason = reason, .message = message};
    controller_launch_write_status(work, NULL, &obstacle, result);
}

/* An error with its path below a prefix. */
static char *describe(const void *prefix, const struct finding *finding)
{
    auto_free char *text = finding_text(finding);
    return xasprintf("%s%s", (const char *)prefix, text);
}

/* All errors among the findings in one line, as Events and logs have them. */
static void refuse_findings(struct controller_launch_work *work, const char *reason,
    const char *prefix, struct findings *findings)
{
    auto_error struct error *err = NULL;
    findings_to_error(findings, describe, prefix, &err);
    findings_clear(findings);
    refuse(work, reason, err != NULL ? err->message : "", LAUNCH_REFUSED);
}

/* The status follows when the watch shows the pod: behind the VMIs that wait for theirs. */
static void pod_made(struct controller_launch_work *work)
{
    auto_free char *name = controller_pod_name(work->machine);
    log_write(LOG_INFO, json_pack("{s:s, s:s}", "vmi", work->key, "pod", name),
        "created the launcher pod");
    kube_event(work->launch->options.events, &kube_virtual_machine_instances, work->machine,
        KUBE_EVENT_NORMAL, "SuccessfulCreate", "Created launcher pod %s", name);
    controller_launch_finish(work, LAUNCH_OK);
}

/* A pod of the name is there: made by an earlier try, or by a leader before us, or a stranger's. */
static void other_pod_read(void *user, const struct kube_answer *answer)
{
    struct controller_launch_work *work = user;
    work->call = NULL;
    if (answer->failure != NULL) {
        controller_launch_fail(work, "reading the launcher pod that is there", answer->failure);
    } else if (controller_launch_owns(work->machine, answer->body)) {
        controller_launch_write_status(work, answer->body, NULL, LAUNCH_OK);
    } else {
        auto_free char *message = xasprintf(
            "there is a pod %s already, and it does not belong to this VirtualMachineInstance",
            kube_name(answer->body));
        refuse(work, "PodCreationFailed", message, LAUNCH_RETRY_LATER);
    }
}

static void read_other_pod(struct controller_launch_work *work)
{
    auto_free char *name = controller_pod_name(work->machine);
    struct kube_request request = {.verb = KUBE_GET, .resource = &kube_pods, .name = name};
    controller_launch_call(work, &request, other_pod_read);
}

static void pod_answered(void *user, const struct kube_answer *answer)
{
    struct controller_launch_work *work = user;
    const struct kube_failure *failure = answer->failure;
    work->call = NULL;
    if (failure == NULL) {
        pod_made(work);
        return;
    }
    switch (failure->reason) {
    case KUBE_ALREADY_EXISTS:
        read_other_pod(work);
        return;
    case KUBE_FORBIDDEN: /* a quota, which may have room again soon */
    case KUBE_NOT_FOUND: /* something the pod refers to */
        refuse(work, "PodCreationFailed", failure->message, LAUNCH_RETRY);
        return;
    case KUBE_INVALID:
    case KUBE_BAD_REQUEST:
    case KUBE_TOO_LARGE:
    case KUBE_OTHER: /* what a webhook denied */
        refuse(work, "PodCreationFailed", failure->message, LAUNCH_RETRY_LATER);
        return;
    default:
        controller_launch_fail(work, "creating the launcher pod", failure);
    }
}

static void make_pod(struct controller_launch_work *work)
{
    const struct controller_launch_options *options = &work->launch->options;
    const char *fault = NULL;
    const struct controller_pod_input input = {
        .machine = work->machine,
        .template_ = options->pod_template(options->user, &fault),
        .claims = work->claims,
        .list = work->list,
        .policy = options->policy(options->user),
        .settings = options->settings,
    };
    if (fault != NULL) {
        refuse(work, "InvalidPodTemplate", fault, LAUNCH_REFUSED);
        return;
    }
    struct findings findings = {0};
    auto_json json_t *pod = controller_pod_make(&input, &findings);
    if (pod == NULL) {
        refuse_findings(work, "InvalidMachine", "", &findings);
        return;
    }
    findings_clear(&findings);
    struct kube_request request = {
        .verb = KUBE_CREATE,
        .resource = &kube_pods,
        .body = pod,
        .no_body = true, /* the watch brings it */
    };
    controller_launch_call(work, &request, pod_answered);
}

static void needs_known(
    struct controller_launch_work *work, const char *missing, const struct kube_failure *failure)
{
    if (failure != NULL) {
        controller_launch_fail(work, "looking for what the VMI needs", failure);
    } else if (missing != NULL) {
        auto_free char *message =
            xasprintf("not found in namespace %s: %s; the launcher pod is made when all are there",
                work->namespace, missing);
        refuse(work, "MissingDependency", message, LAUNCH_RETRY);
    } else {
        make_pod(work);
    }
}

/* Reads the sidecars of the VMI. Returns false when it has been refused. */
static bool read_annotation(struct controller_launch_work *work)
{
    const struct controller_launch_options *options = &work->launch->options;
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
        refuse_findings(work, "InvalidAnnotation", prefix, &findings);
        return false;
    }
    findings_clear(&findings);
    return true;
}

static void machine_read(void *user, const struct kube_answer *answer)
{
    struct controller_launch_work *work = user;
    work->call = NULL;
    if (answer->failure != NULL && answer->failure->reason != KUBE_NOT_FOUND) {
        controller_launch_fail(work, "reading the VMI", answer->failure);
        return;
    }
    /* gone, or going, or another of the same name: the watch will tell */
    if (answer->failure != NULL || !streq(kube_uid(work->machine), kube_uid(answer->body)) ||
        json_pointer_get(answer->body, "/metadata/deletionTimestamp") != NULL) {
        controller_launch_finish(work, LAUNCH_OK);
        return;
    }
    json_decref(work->machine);
    work->machine = json_incref(answer->body);
    if (!controller_launch_needs_pod(work->machine)) /* the cache was behind */
        controller_launch_finish(work, LAUNCH_RETRY);
    else if (read_annotation(work))
        controller_launch_check_needs(work, needs_known);
}

void controller_launch_create(struct controller_launch_work *work)
{
    work->creates = true;
    if (work->launch->creating++ == 0)
        kube_events_hold(work->launch->options.events);
    struct kube_request request = {
        .verb = KUBE_GET,
        .resource = &kube_virtual_machine_instances,
        .name = work->name,
    };
    controller_launch_call(work, &request, machine_read);
}
