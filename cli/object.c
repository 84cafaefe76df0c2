#include "cli/object.h"

#include <string.h>

#include "annotations/kind.h"
#include "annotations/sidecar.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "machine/instance.h"

/* The facts about a kind, including those that are not KubeVirt's. Static. */
static const struct annotations_kind *facts(enum cli_kind kind)
{
    static const struct annotations_kind others[] = {
        {"ConfigMap", "", "configmaps", NULL, NULL, {NULL}, false},
        {"annotation", NULL, NULL, NULL, NULL, {NULL}, false},
    };
    return kind < CLI_CONFIG_MAP ? &annotations_kinds[kind] : &others[kind - CLI_CONFIG_MAP];
}

bool cli_kind_of(const json_t *value, const char *default_kind, enum cli_kind *out)
{
    const char *name = json_get_string(value, "kind");
    if (name == NULL)
        name = default_kind;
    if (name == NULL)
        return false;
    for (enum cli_kind kind = CLI_VMI; kind < CLI_ANNOTATION; kind++) {
        if (annotations_kind_matches(facts(kind), name, json_get_string(value, "apiVersion"))) {
            *out = kind;
            return true;
        }
    }
    return false;
}

const char *cli_kind_name(enum cli_kind kind)
{
    return facts(kind)->name;
}

bool cli_kind_has_sidecars(enum cli_kind kind)
{
    return kind != CLI_CONFIG_MAP;
}

bool cli_kind_is_machine(enum cli_kind kind)
{
    return kind == CLI_ANNOTATION || facts(kind)->template != NULL;
}

const char *cli_kind_annotations_pointer(enum cli_kind kind)
{
    return facts(kind)->annotations;
}

const char *const *cli_kind_misplaced_pointers(enum cli_kind kind)
{
    return facts(kind)->misplaced;
}

/* The name of a VMI that has none of its own. */
static const char nameless[] = "vmi";

/* A VMI for a bare array of sidecars. */
static json_t *vmi_around(const json_t *sidecars)
{
    auto_free char *text = json_dumps(sidecars, JSON_COMPACT);
    return json_pack("{s:s, s:s, s:{s:s, s:s, s:{s:s*}}, s:{}}", "apiVersion", "kubevirt.io/v1",
        "kind", "VirtualMachineInstance", "metadata", "name", nameless, "namespace", "default",
        "annotations", ANNOTATIONS_KEY_KUBEVIRT, text, "spec");
}

json_t *cli_object_vmi(const struct cli_object *object)
{
    if (object->kind == CLI_ANNOTATION)
        return vmi_around(object->value);
    const char *template_pointer = facts(object->kind)->template;
    if (template_pointer == NULL)
        return NULL;
    return machine_instance_make(json_pointer_get(object->value, template_pointer),
        object->name[0] != '\0' ? object->name : nameless, object->namespace);
}

char *cli_object_vmi_pointer(const struct cli_object *object, const char *pointer)
{
    /* the name and the namespace are the object's own */
    bool is_own = streq(pointer, "/metadata/name") || streq(pointer, "/metadata/namespace");
    return xasprintf("%s%s", is_own ? "" : text_or(facts(object->kind)->template, ""), pointer);
}

struct yaml_place cli_object_place(const struct cli_object *object, const char *pointer)
{
    auto_free char *whole = xasprintf("%s%s", object->pointer, pointer);
    return yaml_place_of(object->document, whole);
}
