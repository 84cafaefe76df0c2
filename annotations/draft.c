#include "annotations/draft.h"

#include "annotations/index.h"
#include "annotations/qos.h"
#include "annotations/security.h"
#include "base/json.h"

/* Replaces a member of parent with a shallow copy, and returns the copy. */
static json_t *copy_member(json_t *parent, const char *key)
{
    json_t *copy = json_copy(json_object_get(parent, key));
    json_object_set_new(parent, key, copy);
    return copy;
}

/* Whether a list of the pod is not too long. */
static bool check_size(struct annotations_draft *draft, const json_t *list, const char *what)
{
    size_t count = json_array_size(list);
    if (count <= ANNOTATIONS_POD_ITEMS_MAX)
        return true;
    annotations_draft_error(draft, ANNOTATIONS_POD, NULL,
        "the pod is too complex: it has %zu %s; a pod that gets sidecars may have at most %d",
        count, what, ANNOTATIONS_POD_ITEMS_MAX);
    return false;
}

int annotations_draft_init(
    struct annotations_draft *draft, const json_t *pod, struct findings *findings)
{
    *draft = (struct annotations_draft){.findings = findings};
    const json_t *spec = json_object_get(pod, "spec");
    if (!json_is_object(spec) || !json_is_array(json_object_get(spec, "containers"))) {
        annotations_draft_error(draft, ANNOTATIONS_POD, NULL,
            "the pod has no list spec.containers; only virt-launcher pods can have sidecars");
        return -1;
    }
    if (!check_size(draft, json_object_get(spec, "containers"), "containers") ||
        !check_size(draft, json_object_get(spec, "volumes"), "volumes"))
        return -1;
    /* json_copy does not take a const value, but changes nothing */
    draft->pod = json_copy((json_t *)pod);
    draft->spec = copy_member(draft->pod, "spec");
    draft->containers = copy_member(draft->spec, "containers");
    draft->compute = annotations_draft_container(draft, "compute");
    if (draft->compute == NULL) {
        annotations_draft_error(draft, ANNOTATIONS_POD, NULL,
            "the pod has no container named compute; only virt-launcher pods can have sidecars");
        return -1;
    }
    int status = annotations_draft_mounts(draft, draft->compute, &draft->compute_mounts);
    draft->volumes = annotations_draft_list(draft, draft->spec, "volumes");
    if (status < 0 || draft->volumes == NULL)
        return -1;
    draft->volume_names = annotations_index_names(draft->volumes);
    draft->required_volumes = json_object();
    draft->guaranteed = annotations_qos_is_guaranteed(draft->spec, draft->compute);
    draft->security_context =
        annotations_security_context(draft->spec, draft->compute, &draft->root, findings);
    return draft->security_context != NULL ? 0 : -1;
}

void annotations_draft_clear(struct annotations_draft *draft)
{
    annotations_draft_mounts_clear(&draft->compute_mounts);
    json_decref(draft->volume_names);
    json_decref(draft->required_volumes);
    json_decref(draft->pod);
    json_decref(draft->security_context);
    *draft = (struct annotations_draft){0};
}

void annotations_draft_error(
    struct annotations_draft *draft, long sidecar, const char *field, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    auto_free char *message = xvasprintf(format, args);
    va_end(args);
    auto_free char *pointer =
        sidecar == ANNOTATIONS_POD ? xstrdup("/pod") : xasprintf("/%ld/%s", sidecar, field);
    findings_error(draft->findings, pointer, "%s", message);
}

json_t *annotations_draft_list(struct annotations_draft *draft, json_t *parent, const char *key)
{
    json_t *list = json_object_get(parent, key);
    if (json_is_array(list))
        return copy_member(parent, key);
    if (list != NULL && !json_is_null(list)) {
        const char *container = json_get_string(parent, "name");
        auto_free char *what = container != NULL ? xasprintf("%s of container %s", key, container)
                                                 : xasprintf("spec.%s", key);
        annotations_draft_error(
            draft, ANNOTATIONS_POD, NULL, "%s is %s; it must be a list", what, json_kind(list));
        return NULL;
    }
    list = json_array();
    json_object_set_new(parent, key, list);
    return list;
}

int annotations_draft_mounts(
    struct annotations_draft *draft, json_t *container, struct annotations_mounts *mounts)
{
    *mounts = (struct annotations_mounts){.container = container};
    mounts->list = annotations_draft_list(draft, container, "volumeMounts");
    mounts->places = annotations_index_places(mounts->list);
    return mounts->list != NULL ? 0 : -1;
}

void annotations_draft_mounts_clear(struct annotations_mounts *mounts)
{
    json_decref(mounts->places);
    *mounts = (struct annotations_mounts){0};
}

json_t *annotations_draft_container(struct annotations_draft *draft, const char *name)
{
    size_t index = 0;
    json_t *container = json_item_named(draft->containers, name, &index);
    if (container == NULL)
        return NULL;
    json_t *copy = json_copy(container);
    json_array_set_new(draft->containers, index, copy);
    return copy;
}

void annotations_draft_insert(json_t *list, json_t *take_item, const char *before)
{
    size_t index = 0;
    if (before != NULL && json_item_named(list, before, &index) != NULL)
        json_array_insert_new(list, index, take_item);
    else
        json_array_append_new(list, take_item);
}
