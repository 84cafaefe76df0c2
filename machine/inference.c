#include "machine/inference.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"
#include "machine/value.h"

struct inference {
    const json_t *vm;
    const char *namespace; /* of the VM */
    const char *label;
    struct machine_known *known;
    struct machine_inferred *out;
};

static enum machine_inference not_inferred(struct inference *inference, char *take_message)
{
    inference->out->message = take_message;
    return MACHINE_NOT_INFERRED;
}

/* Finds an object. NULL with the failure, unless optional. */
static const struct machine_known_object *find(struct inference *inference, enum machine_kind kind,
    const char *namespace, const char *name, bool optional)
{
    const struct machine_known_object *found =
        machine_known_find(inference->known, kind, namespace, name);
    if (found != NULL || optional)
        return found;
    auto_free char *name_shown = machine_known_shown(name);
    auto_free char *namespace_shown = machine_known_shown(namespace);
    inference->out->message = xasprintf("the %s \"%s\" of namespace %s is not in the files, so "
                                        "nothing can be inferred from it (add what \"kubectl get "
                                        "%s %s -n %s -o yaml\" prints)",
        machine_kind_name(kind), name_shown, namespace_shown, machine_kind_plural(kind), name_shown,
        namespace_shown);
    return NULL;
}

/* `the PersistentVolumeClaim "c" (dv.yaml:5:7: metadata)`, for a JSON Pointer within the object.
 * Owned by the caller. */
static char *say(
    enum machine_kind kind, const struct machine_known_object *object, const char *pointer)
{
    auto_free char *name =
        machine_known_shown(machine_string(machine_known_value(object), "/metadata/name"));
    auto_free char *place = machine_known_place(object, pointer);
    return xasprintf("the %s \"%s\" (%s)", machine_kind_name(kind), name, place);
}

static enum machine_inference from_labels(
    struct inference *inference, enum machine_kind kind, const struct machine_known_object *object)
{
    const json_t *labels = machine_value(machine_known_value(object), "/metadata/labels");
    auto_free char *kind_label = xasprintf("%s-kind", inference->label);
    inference->out->name = json_get_string(labels, inference->label);
    inference->out->kind = json_get_string(labels, kind_label);
    if (inference->out->name == NULL) {
        auto_free char *said = say(kind, object, "/metadata");
        return not_inferred(inference, xasprintf("%s has no label %s", said, inference->label));
    }
    auto_free char *pointer = json_pointer_join("/metadata/labels", inference->label);
    inference->out->source = say(kind, object, pointer);
    if (inference->out->name[0] != '\0')
        return MACHINE_INFERRED;
    inference->out->message =
        xasprintf("%s has an empty label, not a name", inference->out->source);
    return MACHINE_INFERENCE_FAILED;
}

static enum machine_inference from_object(
    struct inference *inference, enum machine_kind kind, const char *namespace, const char *name)
{
    const struct machine_known_object *object = find(inference, kind, namespace, name, false);
    return object != NULL ? from_labels(inference, kind, object) : MACHINE_INFERENCE_FAILED;
}

/* From a source of data: {"pvc": {name, namespace}} or {"snapshot": …}. without is the failure if
 * it is neither. */
static enum machine_inference from_source(
    struct inference *inference, const json_t *source, const char *without)
{
    static const struct {
        const char *pointer;
        enum machine_kind kind;
    } kinds[] = {{"/pvc", MACHINE_KIND_CLAIM}, {"/snapshot", MACHINE_KIND_SNAPSHOT}};
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        const json_t *of = machine_value(source, kinds[i].pointer);
        const char *name = machine_string(of, "/name");
        const char *namespace = machine_string(of, "/namespace");
        if (name != NULL)
            return from_object(
                inference, kinds[i].kind, text_or(namespace, inference->namespace), name);
    }
    return not_inferred(inference, xstrdup(without));
}

static enum machine_inference from_data_source(
    struct inference *inference, const char *namespace, const char *name)
{
    const struct machine_known_object *object =
        find(inference, MACHINE_KIND_DATA_SOURCE, namespace, name, false);
    if (object == NULL)
        return MACHINE_INFERENCE_FAILED;
    enum machine_inference result = from_labels(inference, MACHINE_KIND_DATA_SOURCE, object);
    if (result != MACHINE_NOT_INFERRED)
        return result;
    const json_t *source = machine_value(machine_known_value(object), "/spec/source");
    if (machine_value(source, "/pvc") == NULL && machine_value(source, "/snapshot") == NULL)
        return MACHINE_NOT_INFERRED;
    xstrset(&inference->out->message, NULL);
    return from_source(inference, source, "its DataSource has a source without a name");
}

/* From the spec of a DataVolume or of its template. */
static enum machine_inference from_spec(struct inference *inference, const json_t *spec)
{
    static const char unsupported[] =
        "its DataVolume is not made from a claim, a VolumeSnapshot or a DataSource";
    const json_t *source = machine_value(spec, "/source");
    const json_t *reference = machine_value(spec, "/sourceRef");
    const char *kind = machine_string(reference, "/kind");
    const char *name = machine_string(reference, "/name");
    const char *namespace = machine_string(reference, "/namespace");
    if (machine_value(source, "/pvc") != NULL || machine_value(source, "/snapshot") != NULL)
        return from_source(inference, source, unsupported);
    if (name == NULL || kind == NULL)
        return not_inferred(inference, xstrdup(unsupported));
    if (streq(kind, "DataSource"))
        return from_data_source(inference, text_or(namespace, inference->namespace), name);
    auto_free char *shown = machine_known_shown(kind);
    return not_inferred(inference,
        xasprintf("the sourceRef of its DataVolume has the kind %s, not DataSource", shown));
}

/* The spec of the VM's own template of a DataVolume, or NULL. */
static const json_t *template_spec(const json_t *vm, const char *name)
{
    const json_t *templates = machine_value(vm, "/spec/dataVolumeTemplates");
    for (size_t i = 0; i < json_array_size(templates); i++) {
        const json_t *template = json_array_get(templates, i);
        const char *found = machine_string(template, "/metadata/name");
        if (found != NULL && streq(found, name))
            return machine_value(template, "/spec");
    }
    return NULL;
}

static enum machine_inference from_data_volume(struct inference *inference, const char *name)
{
    const json_t *spec = template_spec(inference->vm, name);
    if (spec != NULL)
        return from_spec(inference, spec);
    const char *namespace = inference->namespace;
    const struct machine_known_object *object =
        find(inference, MACHINE_KIND_DATA_VOLUME, namespace, name, true);
    if (object == NULL) /* CDI removes the DataVolume when its claim is filled */
        return from_object(inference, MACHINE_KIND_CLAIM, namespace, name);
    enum machine_inference result = from_labels(inference, MACHINE_KIND_DATA_VOLUME, object);
    if (result != MACHINE_NOT_INFERRED)
        return result;
    xstrset(&inference->out->message, NULL);
    return from_spec(inference, machine_value(machine_known_value(object), "/spec"));
}

static enum machine_inference from_volume(struct inference *inference, const char *name)
{
    const json_t *volumes = machine_value(inference->vm, "/spec/template/spec/volumes");
    const json_t *volume = machine_item_named(volumes, name);
    const char *claim = machine_string(volume, "/persistentVolumeClaim/claimName");
    const char *data_volume = machine_string(volume, "/dataVolume/name");
    if (volume == NULL) {
        auto_free char *shown = machine_known_shown(name);
        inference->out->message = xasprintf("there is no volume \"%s\"", shown);
        return MACHINE_INFERENCE_FAILED;
    }
    if (claim != NULL)
        return from_object(inference, MACHINE_KIND_CLAIM, inference->namespace, claim);
    if (data_volume != NULL)
        return from_data_volume(inference, data_volume);
    auto_free char *shown = machine_known_shown(name);
    return not_inferred(
        inference, xasprintf("the volume \"%s\" is neither a claim nor a DataVolume", shown));
}

enum machine_inference machine_infer(const json_t *vm, const char *namespace, const char *volume,
    const char *label, struct machine_known *known, struct machine_inferred *out)
{
    *out = (struct machine_inferred){0};
    struct inference inference = {
        .vm = vm,
        .namespace = namespace,
        .label = label,
        .known = known,
        .out = out,
    };
    return from_volume(&inference, volume);
}

void machine_inferred_clear(struct machine_inferred *inferred)
{
    free(inferred->source);
    free(inferred->message);
    *inferred = (struct machine_inferred){0};
}
