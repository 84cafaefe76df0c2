/* One object of a manifest that may have hook sidecars: its place, its identity, and where its
 * annotations are. */
#ifndef CLI_OBJECT_H
#define CLI_OBJECT_H

#include <jansson.h>
#include <stdbool.h>

#include "annotations/kind.h"
#include "base/yaml.h"
#include "machine/origin.h"

enum cli_kind {
    CLI_VMI = ANNOTATIONS_KIND_VMI,
    CLI_VM = ANNOTATIONS_KIND_VM,
    CLI_REPLICA_SET = ANNOTATIONS_KIND_REPLICA_SET,
    CLI_POOL = ANNOTATIONS_KIND_POOL,
    CLI_POD = ANNOTATIONS_KIND_POD,
    CLI_CONFIG_MAP = ANNOTATIONS_KIND_COUNT,
    CLI_ANNOTATION, /* no object at all: a bare array, the value of the annotation */
};

struct cli_object {
    enum cli_kind kind;
    const char *file; /* its name in messages; borrowed from the manifest */
    const struct yaml_document *document; /* borrowed from the manifest */
    char *pointer; /* of the object in its document: "", "/items/0"; owned */
    const json_t *value; /* borrowed from the document */
    const char *namespace; /* "default" when it names none; borrowed */
    const char *name; /* "" when it names none; borrowed */
    const struct machine_origins *origins; /* what set the values that its document does not have;
                                              NULL: it is as in the document; borrowed */
};

/* Sets *out to the kind of a value, the root of a document or an item of a List. default_kind (or
 * NULL) applies to a value without a "kind". Returns false for a kind that has nothing to do with
 * hook sidecars. */
bool cli_kind_of(const json_t *value, const char *default_kind, enum cli_kind *out);

/* "VirtualMachineInstance", "Pod", …; "annotation" for a bare array. Static. */
const char *cli_kind_name(enum cli_kind kind);

/* Whether objects of a kind can carry the annotation: all but config maps. */
bool cli_kind_has_sidecars(enum cli_kind kind);

/* Whether cli_object_vmi returns a VMI for objects of a kind: a VMI, a kind with a VMI template, or
 * a bare array. */
bool cli_kind_is_machine(enum cli_kind kind);

/* The JSON Pointer, within an object of this kind, of the annotations that KubeVirt copies to the
 * launcher pod: "/metadata/annotations" of a VMI or pod, "/spec/annotations" of an instance type or
 * preference, those of the template of the others. NULL for config maps and bare arrays. Static. */
const char *cli_kind_annotations_pointer(enum cli_kind kind);

/* Where KubeVirt does not look for the annotation, though people put it there: the metadata of
 * the VM, replica set or pool itself. Up to two pointers, then NULL. Static. */
const char *const *cli_kind_misplaced_pointers(enum cli_kind kind);

/* The VirtualMachineInstance that an object is or would create, with its namespace, name and
 * annotations; its name is "vmi" if the object has none. New reference; NULL where
 * cli_kind_is_machine is false. */
json_t *cli_object_vmi(const struct cli_object *object);

/* The JSON Pointer, within an object for which cli_object_vmi returns a VMI, of the value at a
 * pointer within that VMI. Owned by the caller. */
char *cli_object_vmi_pointer(const struct cli_object *object, const char *pointer);

/* The place in its file of the value at a JSON Pointer within the object. */
struct yaml_place cli_object_place(const struct cli_object *object, const char *pointer);

#endif
