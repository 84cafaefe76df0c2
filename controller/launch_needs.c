/* The step of a launch that asks the API server whether what the pod refers to is there. */
#include <stdlib.h>
#include <utstring.h>

#include "controller/launch_work.h"
#include "controller/launcher_pod.h"

/* One thing that is asked for. */
struct controller_launch_need {
    struct controller_launch_work *work;
    const struct kube_resource *resource;
    char *name; /* owned */
    struct kube_call *call; /* or NULL: it was answered */
    bool missing;
};

void controller_launch_drop_needs(struct controller_launch_work *work)
{
    for (size_t i = 0; i < work->need_count; i++) {
        if (work->needs[i].call != NULL)
            kube_call_cancel(work->needs[i].call);
        free(work->needs[i].name);
    }
    free(steal(&work->needs));
    work->need_count = work->needs_waiting = 0;
}

/* "ConfigMap a, PersistentVolumeClaim b". Owned by the caller; NULL when nothing is missing. */
static char *list_missing(const struct controller_launch_work *work)
{
    UT_string list;
    utstring_init(&list);
    for (size_t i = 0; i < work->need_count; i++) {
        const struct controller_launch_need *need = &work->needs[i];
        if (need->missing)
            utstring_printf(&list, "%s%s %s", utstring_len(&list) > 0 ? ", " : "",
                need->resource->kind, need->name);
    }
    if (utstring_len(&list) > 0)
        return utstring_body(&list);
    utstring_done(&list);
    return NULL;
}

static void all_answered(struct controller_launch_work *work)
{
    auto_free char *missing = list_missing(work);
    controller_launch_drop_needs(work);
    work->needs_done(work, missing, NULL);
}

static void need_answered(void *user, const struct kube_answer *answer)
{
    struct controller_launch_need *need = user;
    struct controller_launch_work *work = need->work;
    need->call = NULL;
    need->missing = answer->failure != NULL && answer->failure->reason == KUBE_NOT_FOUND;
    if (answer->failure == NULL && need->resource == &kube_persistent_volume_claims)
        json_object_set(work->claims, need->name, answer->body);
    if (answer->failure != NULL && !need->missing) {
        controller_launch_drop_needs(work);
        work->needs_done(work, NULL, answer->failure);
    } else if (--work->needs_waiting == 0) {
        all_answered(work);
    }
}

static void ask(
    struct controller_launch_work *work, const struct kube_resource *resource, char **names)
{
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        struct controller_launch_need *need = &work->needs[work->need_count++];
        need->work = work;
        need->resource = resource;
        need->name = xstrdup(names[i]);
        struct kube_request request = {
            .verb = KUBE_GET,
            .resource = resource,
            .namespace = work->namespace,
            .name = need->name,
        };
        need->call = kube_call_start(work->launch->options.client, &request, need_answered, need);
        work->needs_waiting++;
    }
}

static size_t count(char **names)
{
    size_t length = 0;
    while (names != NULL && names[length] != NULL)
        length++;
    return length;
}

void controller_launch_check_needs(
    struct controller_launch_work *work, controller_launch_needs_done *done)
{
    struct controller_needs needs = {0};
    controller_needs_of(work->machine, work->list, &needs);
    work->needs_done = done;
    work->claims = json_object();
    work->needs = xcalloc(count(needs.config_maps) + count(needs.claims) + 1, sizeof(*work->needs));
    ask(work, &kube_config_maps, needs.config_maps);
    ask(work, &kube_persistent_volume_claims, needs.claims);
    controller_needs_clear(&needs);
    if (work->needs_waiting == 0)
        all_answered(work);
}
