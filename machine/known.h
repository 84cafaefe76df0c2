/* The objects that a VirtualMachine may refer to for its instance type and preference: these
 * themselves, and what they are inferred from. They come from files or a cluster; what is in none
 * of them may be in the catalogue. */
#ifndef MACHINE_KNOWN_H
#define MACHINE_KNOWN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "annotations/kind.h"
#include "base/yaml_place.h"

enum machine_kind {
    MACHINE_KIND_INSTANCETYPE = ANNOTATIONS_KIND_INSTANCETYPE,
    MACHINE_KIND_CLUSTER_INSTANCETYPE = ANNOTATIONS_KIND_CLUSTER_INSTANCETYPE,
    MACHINE_KIND_PREFERENCE = ANNOTATIONS_KIND_PREFERENCE,
    MACHINE_KIND_CLUSTER_PREFERENCE = ANNOTATIONS_KIND_CLUSTER_PREFERENCE,
    MACHINE_KIND_REVISION = ANNOTATIONS_KIND_COUNT, /* ControllerRevision: a copy of one of those */
    MACHINE_KIND_CLAIM, /* PersistentVolumeClaim */
    MACHINE_KIND_DATA_VOLUME, /* DataVolume */
    MACHINE_KIND_DATA_SOURCE, /* DataSource */
    MACHINE_KIND_SNAPSHOT, /* VolumeSnapshot */
};

/* Bytes of the instance types and preferences that may be applied in all, each as often as it is
 * referred to. */
enum { MACHINE_APPLIED_MAX_BYTES = 25 << 20 };

struct machine_known_object; /* opaque */

/* The objects. Zeroed is empty. */
struct machine_known {
    struct machine_known_object *objects; /* by kind, namespace and name; owned */
    size_t count; /* of those that were added */
    size_t applied; /* bytes, so far */
};

/* Adds the objects in a document: its root, or the items of a List. Objects of other kinds, and
 * those without a name, are skipped. If there are two of one name, the later one counts, as with
 * kubectl apply. file and document are borrowed until machine_known_clear. */
void machine_known_add(
    struct machine_known *known, const char *file, const struct yaml_document *document);

/* Adds an object, or a List, that was read from a cluster: it has a place there, "the cluster:
 * spec.cpu", and not in a document. */
void machine_known_add_read(struct machine_known *known, json_t *value);

/* Returns the object of that name, which may be one of the catalogue, or NULL. namespace is ignored
 * where the kind has none. Borrowed from known. */
const struct machine_known_object *machine_known_find(
    struct machine_known *known, enum machine_kind kind, const char *namespace, const char *name);

/* The object itself; one of the catalogue has only a spec. Borrowed. */
const json_t *machine_known_value(const struct machine_known_object *object);

/* "types.yaml:5:7: spec.cpu.guest", "the cluster: spec.cpu.guest" or "KubeVirt 1.9's own:
 * spec.cpu.guest", for the value at a JSON Pointer within the object. Owned by the caller. */
char *machine_known_place(const struct machine_known_object *object, const char *pointer);

/* Counts that the object is applied. Returns false when that is more than
 * MACHINE_APPLIED_MAX_BYTES in all. */
bool machine_known_charge(struct machine_known *known, const struct machine_known_object *object);

/* What to say of a name that was not found: that it is one of another kind, or in another
 * namespace, or in the catalogue but not in the cluster, or near another name of its kind; ` (did you
 * mean "NAME"?)`, …, or "". Looks for the
 * latter two among the catalogue and the first objects that were added. Owned by the caller. */
char *machine_known_hint(
    struct machine_known *known, enum machine_kind kind, const char *namespace, const char *name);

/* A name as messages show it: printable, and no longer than the name of an object may be. Owned by
 * the caller. */
char *machine_known_shown(const char *name);

/* "VirtualMachineClusterInstancetype", …; and the plural in lower case, as in the REST API.
 * Static. */
const char *machine_kind_name(enum machine_kind kind);
const char *machine_kind_plural(enum machine_kind kind);

void machine_known_clear(struct machine_known *known);

#endif
