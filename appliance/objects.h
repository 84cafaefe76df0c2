/* The objects that an appliance refers to: read from files, or from a cluster. Also what was looked
 * for and is not among them, so that a caller with a cluster can read it and complete again. */
#ifndef APPLIANCE_OBJECTS_H
#define APPLIANCE_OBJECTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "appliance/kind.h"
#include "base/error.h"
#include "base/yaml_place.h"
#include "machine/known.h"

/* One object. All borrowed from the set. */
struct appliance_object {
    enum appliance_kind kind;
    const char *namespace; /* "default" if a file's object names none; "" if the kind has none */
    const char *name;
    const json_t *value;
    const char *file; /* NULL: read from a cluster */
    const struct yaml_document *document; /* NULL: read from a cluster */
    const char *pointer; /* of the object in its document: "", "/items/0" */
    json_t
        *parsed; /* of a DataSource: the values of annotations that hold YAML, once they have been
                       read (appliance/source.c), by their keys; who completes asks more than once */
};

struct appliance_object_entry; /* opaque */
struct appliance_want; /* opaque */
struct appliance_owner; /* opaque */

/* Zeroed is empty. */
struct appliance_objects {
    struct appliance_object_entry *entries; /* by kind, namespace and name; owned */
    size_t added; /* how many have been */
    struct appliance_want *wants; /* owned */
    struct appliance_want *taken; /* the last one that was taken out; NULL: none; borrowed */
    struct appliance_owner *owners; /* what they own; owned */
    struct machine_known known; /* those of the kinds that machine/ looks up */
};

/* Adds the objects in a document: its root, or the items of a List. Those of other kinds, or
 * without a name, are skipped. Of two of one name, the later one counts: whoever has the object then
 * sees that one. file and document are borrowed until appliance_objects_clear. */
void appliance_objects_add(
    struct appliance_objects *objects, const char *file, const struct yaml_document *document);

/* Adds an object, or a List, that was read from a cluster. Takes ownership. */
void appliance_objects_add_read(struct appliance_objects *objects, json_t *take_value);

/* Notes that a cluster has no such object, or that it may not be read (why, copied; NULL: it is not
 * there), so that it is not wanted again. One that is among the objects stays. */
void appliance_objects_add_absent(struct appliance_objects *objects, enum appliance_kind kind,
    const char *namespace, const char *name, const char *why);

/* The same for a list (appliance_want.name NULL) that has been read, whatever it holds. */
void appliance_objects_add_listed(
    struct appliance_objects *objects, enum appliance_kind kind, const char *namespace);

/* Returns the object, borrowed, or NULL, which is remembered as a want unless it is known to be
 * absent. */
const struct appliance_object *appliance_objects_find(struct appliance_objects *objects,
    enum appliance_kind kind, const char *namespace, const char *name);

/* Whether a cluster has been asked for the object, and has it not; then why_absent may say why it
 * could not be read. */
bool appliance_objects_is_absent(const struct appliance_objects *objects, enum appliance_kind kind,
    const char *namespace, const char *name);

/* Why an object is absent, as it was noted; NULL: it is not, or nothing was said. Borrowed. */
const char *appliance_objects_why_absent(const struct appliance_objects *objects,
    enum appliance_kind kind, const char *namespace, const char *name);

/* Calls each with every object of the kind in the namespace (NULL: in any) in the order in which
 * they (or earlier ones of their names) were added; each returns false to stop. Wants the list. */
void appliance_objects_each(struct appliance_objects *objects, enum appliance_kind kind,
    const char *namespace, bool (*each)(void *user, const struct appliance_object *object),
    void *user);

/* The same for those objects of the kind in the owner's namespace that it owns. Wants nothing:
 * what is to be read first is what appliance_objects_each wants. */
void appliance_objects_each_owned(struct appliance_objects *objects, enum appliance_kind kind,
    const struct appliance_object *owner,
    bool (*each)(void *user, const struct appliance_object *object), void *user);

/* Whether one of the object's ownerReferences is the owner: of its group, kind, name and, where
 * both say it, uid. */
bool appliance_object_is_owned_by(
    const struct appliance_object *object, const struct appliance_object *owner);

/* Whether reference, an item of ownerReferences, is that owner. */
bool appliance_object_is_owner(const json_t *reference, const struct appliance_object *owner);

/* The only object of the kind with this name: NAME, NAMESPACE/NAME, or NULL for any. NULL with an
 * input error when there is none, or a usage error that lists them when there are several. */
const struct appliance_object *appliance_objects_choose(struct appliance_objects *objects,
    enum appliance_kind kind, const char *name, struct error **err);

/* An object that was looked for in vain; of a list, name is NULL. */
struct appliance_wanted {
    enum appliance_kind kind;
    const char *namespace;
    const char *name;
};

/* Takes one want out of the set, in the order in which they were first looked for. Returns false if
 * there is none. Its strings are valid until the set is cleared. */
bool appliance_objects_next_want(struct appliance_objects *objects, struct appliance_wanted *out);

/* "01-seed.yaml:5:7" of the value at a JSON Pointer within the object; "" if it was read from a
 * cluster. Owned by the caller. */
char *appliance_object_place(const struct appliance_object *object, const char *pointer);

void appliance_objects_clear(struct appliance_objects *objects);

#endif
