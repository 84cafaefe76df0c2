#include "annotations/draft.h"

#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

/* A copy of one level of parent's member, put in its place. */
static json_t *copy_member(json_t *parent, const char *key)
{
    json_t *copy = json_copy(json_object_get(parent, key));
    json_object_set_new(parent, key, copy);
    return copy;
}

int annotations_draft_init(
    struct annotations_draft *draft, const json_t *pod, struct findings *findings)
{
    *draft = (struct annotations_draft){.findings = findings};
    const json_t *spec = json_object_get(pod, "spec");
    if (!json_is_object(spec) || !json_is_array(json_object_get(spec, "containers"))) {
        annotations_draft_error(draft, ANNOTATIONS_POD, NULL,
            "there is no list spec.containers; a virt-launcher pod has one");
        return -1;
    }
    /* json_copy takes no const value, and changes nothing */
    draft->pod = json_copy((json_t *)pod);
    draft->spec = copy_member(draft->pod, "spec");
    draft->containers = copy_member(draft->spec, "containers");
    draft->compute = annotations_draft_container(draft, "compute");
    if (draft->compute == NULL) {
        annotations_draft_error(draft, ANNOTATIONS_POD, NULL,
            "it has no container named compute; sidecars go into virt-launcher pods only");
        return -1;
    }
    draft->compute_mounts = annotations_draft_list(draft, draft->compute, "volumeMounts");
    draft->volumes = annotations_draft_list(draft, draft->spec, "volumes");
    if (draft->compute_mounts == NULL || draft->volumes == NULL)
        return -1;
    draft->guaranteed = annotations_pod_is_guaranteed(draft->spec, draft->compute);
    draft->security_context =
        annotations_security_context(draft->spec, draft->compute, &draft->root);
    return 0;
}

void annotations_draft_clear(struct annotations_draft *draft)
{
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
            draft, ANNOTATIONS_POD, NULL, "%s is %s; it has to be a list", what, json_kind(list));
        return NULL;
    }
    list = json_array();
    json_object_set_new(parent, key, list);
    return list;
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

long annotations_sidecar_number(const json_t *container)
{
    static const char prefix[] = "hook-sidecar-";
    long number = -1;
    const char *name = json_get_string(container, "name");
    if (name == NULL || !text_starts_with(name, prefix))
        return -1;
    return text_parse_int(name + strlen(prefix), 0, INT32_MAX, &number) ? number : -1;
}

bool annotations_container_has_env(const json_t *container, const char *name)
{
    return json_item_named(json_object_get(container, "env"), name, NULL) != NULL;
}

/* Where a flag stands. */
struct flag_place {
    const char *list; /* "args" or "command" */
    size_t index; /* of the argument that holds the value; one past the end when it lacks */
    bool joined; /* that argument is "--flag=value" */
};

static bool find_flag(const json_t *container, const char *flag, struct flag_place *place)
{
    static const char *const lists[] = {"args", "command"};
    size_t length = strlen(flag);
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        const json_t *list = json_object_get(container, lists[i]);
        for (size_t k = 0; k < json_array_size(list); k++) {
            const char *word = json_string_value(json_array_get(list, k));
            if (word == NULL || strncmp(word, flag, length) != 0)
                continue;
            bool joined = word[length] == '=';
            if (!joined && word[length] != '\0')
                continue;
            *place = (struct flag_place){lists[i], joined ? k : k + 1, joined};
            return true;
        }
    }
    return false;
}

const char *annotations_flag_get(const json_t *container, const char *flag)
{
    struct flag_place place;
    if (!find_flag(container, flag, &place))
        return NULL;
    const json_t *list = json_object_get(container, place.list);
    const char *word = json_string_value(json_array_get(list, place.index));
    if (word == NULL)
        return "";
    return place.joined ? word + strlen(flag) + 1 : word;
}

void annotations_flag_set(
    struct annotations_draft *draft, json_t *container, const char *flag, size_t value)
{
    struct flag_place place = {.list = "args"};
    const char *old = annotations_flag_get(container, flag);
    auto_free char *text = xasprintf("%zu", value);
    if (old != NULL && streq(old, text))
        return;
    bool there = find_flag(container, flag, &place);
    json_t *list = annotations_draft_list(draft, container, place.list);
    if (list == NULL)
        return;
    if (!there) {
        json_array_append_new(list, json_string(flag));
        place.index = json_array_size(list);
    }
    json_t *word = place.joined ? json_sprintf("%s=%zu", flag, value) : json_string_nocheck(text);
    if (place.index < json_array_size(list))
        json_array_set_new(list, place.index, word);
    else
        json_array_append_new(list, word);
}
