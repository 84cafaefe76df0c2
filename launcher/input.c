#include "launcher/input.h"

#include <stdlib.h>
#include <string.h>

#include "annotations/parse.h"
#include "base/file.h"
#include "base/json.h"
#include "base/json_go.h"
#include "base/log.h"
#include "base/text.h"
#include "machine/instance.h"

enum { MAX_BYTES = 16 << 20 }; /* of the file, which may hold many objects */

/* How to turn a finding's pointer into a place in a file. */
struct place {
    const char *file;
    const struct launcher_input *input; /* NULL: the file is the annotation alone */
    const char *annotation; /* pointer of the annotation that has the findings; NULL: the VMI */
    bool in_vm; /* they are about the VirtualMachine, not about the VMI in it */
};

/* Whether the annotation is one of the instance type or preference. */
static bool is_applied(const struct place *place)
{
    return machine_origins_has(&place->input->expansion.origins, place->annotation);
}

/* "vmi.yaml:12:3: spec.domain.cpu", owned by the caller. */
static char *describe_place(const struct place *place, const char *pointer)
{
    auto_free char *path = finding_path(pointer);
    if (place->input == NULL)
        return xasprintf("%s: %s", place->file, path);
    const struct yaml_document *document = place->input->document;
    auto_free char *outer =
        xasprintf("%s%s%s", place->input->pointer, place->in_vm ? "" : place->input->template,
            place->annotation != NULL ? place->annotation : pointer);
    /* an annotation that was applied is not in the document: its place is where it would be */
    bool is_inside = place->annotation != NULL && !is_applied(place);
    struct yaml_place where =
        is_inside ? yaml_place_inside(document, outer, pointer) : yaml_place_of(document, outer);
    auto_free char *before =
        place->annotation != NULL ? finding_path(place->annotation) : xstrdup("");
    return xasprintf("%s:%zu:%zu: %s%s", place->file, where.line, where.column, before, path);
}

static char *describe(const void *user, const struct finding *finding)
{
    const struct place *place = user;
    bool in_vmi = place->input != NULL && !place->in_vm;
    auto_free char *where = describe_place(place, finding->pointer);
    auto_free char *message =
        machine_origins_message(in_vmi ? &place->input->expansion.origins : NULL,
            text_or(place->annotation, finding->pointer), finding->message);
    return xasprintf("%s: %s", where, message);
}

static int report(const struct place *place, const struct findings *findings, struct error **err)
{
    size_t shown = 0;
    for (size_t i = 0; i < findings->count && shown < FINDINGS_SHOWN_MAX; i++) {
        if (findings->items[i].severity != FINDING_WARNING)
            continue;
        auto_free char *text = describe(place, &findings->items[i]);
        log_warning("%s", text);
        shown++;
    }
    if (shown < findings->warnings)
        log_warning("%s: and %zu more warnings", place->file, findings->warnings - shown);
    return findings_to_error(findings, describe, place, err);
}

int launcher_input_report(
    const struct launcher_input *input, const struct findings *findings, struct error **err)
{
    const struct place place = {.file = input->name, .input = input};
    return report(&place, findings, err);
}

/* The pointer of the VMI in an object: the root, or the template of a VirtualMachine; NULL for an
 * object of another kind. default_kind (or NULL) applies to an object without a "kind". */
static const char *vmi_pointer(const json_t *object, const char *default_kind)
{
    const char *kind = text_or(json_get_string(object, "kind"), default_kind);
    const char *version = json_get_string(object, "apiVersion");
    if (kind == NULL || (version != NULL && !text_starts_with(version, "kubevirt.io/")))
        return NULL;
    if (streq(kind, "VirtualMachineInstance"))
        return "";
    return streq(kind, "VirtualMachine") ? "/spec/template" : NULL;
}

/* Takes the value at pointer if it is a machine. Returns how many it is: 1 or 0. */
static size_t take(struct launcher_input *input, const struct yaml_document *document,
    const char *pointer, const json_t *value, const char *default_kind)
{
    const char *template = vmi_pointer(value, default_kind);
    if (template == NULL)
        return 0;
    input->document = document;
    xstrset(&input->pointer, pointer);
    input->template = template;
    return 1;
}

/* Takes a machine in the document, which may be a List of objects. Returns how many there are. */
static size_t take_all(struct launcher_input *input, const struct yaml_document *document)
{
    const char *kind = json_get_string(document->root, "kind");
    const json_t *items = json_object_get(document->root, "items");
    if (kind == NULL || !text_ends_with(kind, "List"))
        return take(input, document, "", document->root, NULL);
    /* the items of a typed list, as the API server sends it, need not name their kind */
    auto_free char *item_kind = xstrndup(kind, strlen(kind) - strlen("List"));
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(items); i++) {
        auto_free char *pointer = json_pointer_index("/items", i);
        count += take(input, document, pointer, json_array_get(items, i), item_kind);
    }
    return count;
}

static int choose(struct launcher_input *input, struct error **err)
{
    size_t count = 0;
    for (size_t i = 0; i < input->stream.count; i++) {
        const struct yaml_document *document = &input->stream.documents[i];
        machine_known_add(&input->known, input->name, document);
        count += take_all(input, document);
    }
    if (count == 1)
        return 0;
    return error_set(err, ERROR_INPUT,
        count == 0 ? "%s has no VirtualMachineInstance or VirtualMachine"
                   : "%s has more than one VirtualMachineInstance or VirtualMachine",
        input->name);
}

/* Applies the instance type and preference of a VirtualMachine. */
static int expand(struct launcher_input *input, struct error **err)
{
    struct findings findings = {0};
    if (input->template[0] == '\0')
        return 0;
    const struct place place = {.file = input->name, .input = input, .in_vm = true};
    const json_t *vm = json_pointer_get(input->document->root, input->pointer);
    const char *namespace = json_get_string(json_object_get(vm, "metadata"), "namespace");
    machine_expand(vm, text_or(namespace, "default"), MACHINE_FOR_LAUNCH, &input->known,
        &input->expansion, &findings);
    int result = report(&place, &findings, err);
    findings_clear(&findings);
    return result;
}

/* Sets the VMI: the object itself, or the template with the VirtualMachine's name and namespace. */
static int make_vmi(struct launcher_input *input, struct error **err)
{
    const json_t *object = input->expansion.vm != NULL
                               ? input->expansion.vm
                               : json_pointer_get(input->document->root, input->pointer);
    const json_t *template = json_pointer_get(object, input->template);
    const char *name = json_get_string(json_object_get(object, "metadata"), "name");
    const char *namespace = json_get_string(json_object_get(object, "metadata"), "namespace");
    if (name == NULL || name[0] == '\0')
        return error_set(err, ERROR_INPUT, "%s: metadata.name is missing", input->name);
    input->vmi = machine_instance_make(template, name, text_or(namespace, "default"));
    input->text = json_go_text(input->vmi);
    return 0;
}

/* Parses the text of the annotation at a place. */
static int parse_annotation(struct launcher_input *input, const char *text, size_t length,
    const struct place *place, struct error **err)
{
    struct findings findings = {0};
    input->list = annotations_parse(text, length, NULL, &findings);
    int result = report(place, &findings, err);
    findings_clear(&findings);
    return result;
}

static int read_annotation_file(struct launcher_input *input, const char *path, struct error **err)
{
    const struct place place = {.file = path};
    auto_free char *text = NULL;
    size_t length = 0;
    if (file_read(path, ANNOTATIONS_MAX_BYTES, &text, &length, err) < 0)
        return -1;
    return parse_annotation(input, text, length, &place, err);
}

static int read_own_annotation(struct launcher_input *input, struct error **err)
{
    static const char pointer[] = "/metadata/annotations";
    const json_t *annotations = json_pointer_get(input->vmi, pointer);
    struct findings findings = {0};
    const char *key = NULL;
    const char *text = annotations_find(annotations, NULL, &key, &findings);
    for (size_t i = 0; i < findings.count; i++) {
        auto_free char *relative = findings.items[i].pointer;
        findings.items[i].pointer = xasprintf("%s%s", pointer, relative);
    }
    int result = launcher_input_report(input, &findings, err);
    findings_clear(&findings);
    if (result < 0 || text == NULL)
        return result;
    auto_free char *whole = json_pointer_join(pointer, key);
    const struct place place = {.file = input->name, .input = input, .annotation = whole};
    return parse_annotation(input, text, strlen(text), &place, err);
}

int launcher_input_read(
    struct launcher_input *input, const struct launcher_flags *flags, struct error **err)
{
    auto_free char *text = NULL;
    size_t length = 0;
    *input =
        (struct launcher_input){.name = streq(flags->vmi, "-") ? "standard input" : flags->vmi};
    if (file_read(flags->vmi, MAX_BYTES, &text, &length, err) < 0 ||
        yaml_parse(input->name, text, length, &input->stream, err) < 0)
        return error_wrap(err, "reading the VMI");
    if (choose(input, err) < 0 || expand(input, err) < 0 || make_vmi(input, err) < 0)
        return -1;
    return flags->annotation_file != NULL ? read_annotation_file(input, flags->annotation_file, err)
                                          : read_own_annotation(input, err);
}

void launcher_input_clear(struct launcher_input *input)
{
    annotations_list_free(input->list);
    free(input->text);
    free(input->pointer);
    json_decref(input->vmi);
    machine_expansion_clear(&input->expansion);
    machine_known_clear(&input->known);
    yaml_stream_clear(&input->stream);
    *input = (struct launcher_input){0};
}
