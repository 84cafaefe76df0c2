#include "machine/known.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/finding.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/text.h"
#include "machine/catalogue.h"

enum {
    HINT_MAX_NAMES = 512, /* that are compared for a "did you mean" */
    NAME_MAX_BYTES = 253, /* Kubernetes: DNS subdomain names */
};

struct machine_known_object {
    char *key; /* kind, namespace and name; owned */
    const char *name; /* borrowed from the key */
    const char *namespace; /* as the object names it, or "default"; borrowed from the document */
    enum machine_kind kind;
    const char *file; /* NULL: of the catalogue, or read */
    const struct yaml_document *document; /* likewise */
    bool read; /* from a cluster */
    char *pointer; /* of the object in its document; owned */
    json_t *value; /* owned */
    size_t bytes; /* of its spec as JSON; 0: not measured yet */
    UT_hash_handle hh;
};

/* The facts about a kind, including those that have no annotations of use here. Static. */
static const struct annotations_kind *facts(enum machine_kind kind)
{
    static const struct annotations_kind others[] = {
        {"ControllerRevision", "apps", "controllerrevisions", NULL, NULL, {NULL}, false},
        {"PersistentVolumeClaim", "", "persistentvolumeclaims", NULL, NULL, {NULL}, false},
        {"DataVolume", "cdi.kubevirt.io", "datavolumes", NULL, NULL, {NULL}, false},
        {"DataSource", "cdi.kubevirt.io", "datasources", NULL, NULL, {NULL}, false},
        {"VolumeSnapshot", "snapshot.storage.k8s.io", "volumesnapshots", NULL, NULL, {NULL}, false},
    };
    return kind < MACHINE_KIND_REVISION ? &annotations_kinds[kind]
                                        : &others[kind - MACHINE_KIND_REVISION];
}

/* The entries of a kind that KubeVirt installs; NULL: none. */
static const struct machine_catalogue_entry *catalogue_of(enum machine_kind kind)
{
    if (kind == MACHINE_KIND_CLUSTER_INSTANCETYPE)
        return machine_catalogue_instancetypes;
    return kind == MACHINE_KIND_CLUSTER_PREFERENCE ? machine_catalogue_preferences : NULL;
}

const char *machine_kind_name(enum machine_kind kind)
{
    return facts(kind)->name;
}

const char *machine_kind_plural(enum machine_kind kind)
{
    return facts(kind)->plural;
}

/* The key of an object; *name gets the part that is the name. Owned by the caller. */
static char *make_key(
    enum machine_kind kind, const char *namespace, const char *name, const char **name_part)
{
    const char *scope = facts(kind)->cluster_scoped ? "" : namespace;
    char *key = xasprintf("%d/%s/%s", (int)kind, scope, name);
    *name_part = key + strlen(key) - strlen(name);
    return key;
}

static struct machine_known_object *find(const struct machine_known *known, const char *key)
{
    struct machine_known_object *found = NULL;
    HASH_FIND_STR(known->objects, key, found);
    return found;
}

static void free_object(struct machine_known_object *object)
{
    json_decref(object->value);
    free(object->pointer);
    free(object->key);
    free(object);
}

/* Adds an object; takes key, which name is a part of, pointer and value. */
static struct machine_known_object *insert(
    struct machine_known *known, const struct machine_known_object *take)
{
    struct machine_known_object *old = find(known, take->key);
    struct machine_known_object *added = xmemdup(take, sizeof(*take));
    if (old != NULL) {
        HASH_DEL(known->objects, old);
        free_object(old);
    }
    HASH_ADD_KEYPTR(hh, known->objects, added->key, strlen(added->key), added);
    return added;
}

static bool kind_of(const char *name, const char *api_version, enum machine_kind *kind)
{
    static const enum machine_kind kinds[] = {MACHINE_KIND_INSTANCETYPE,
        MACHINE_KIND_CLUSTER_INSTANCETYPE, MACHINE_KIND_PREFERENCE, MACHINE_KIND_CLUSTER_PREFERENCE,
        MACHINE_KIND_REVISION, MACHINE_KIND_CLAIM, MACHINE_KIND_DATA_VOLUME,
        MACHINE_KIND_DATA_SOURCE, MACHINE_KIND_SNAPSHOT};
    for (size_t i = 0; name != NULL && i < ARRAY_SIZE(kinds); i++) {
        *kind = kinds[i];
        if (annotations_kind_matches(facts(*kind), name, api_version))
            return true;
    }
    return false;
}

/* Where objects come from: a document, or a cluster. */
struct known_origin {
    const char *file; /* NULL: a cluster */
    const struct yaml_document *document;
};

/* Adds the object at pointer, or the items of a List. Recurses no deeper than the value. */
static void add_value(struct machine_known *known, const struct known_origin *origin,
    const char *pointer, json_t *value, const char *default_kind)
{
    enum machine_kind kind = MACHINE_KIND_INSTANCETYPE;
    const char *kind_name = json_get_string(value, "kind");
    const json_t *metadata = json_object_get(value, "metadata");
    const char *name = json_get_string(metadata, "name");
    const char *api_version = json_get_string(value, "apiVersion");
    if (kind_of(kind_name != NULL ? kind_name : default_kind, api_version, &kind)) {
        if (name == NULL)
            return;
        const char *namespace = text_or(json_get_string(metadata, "namespace"), "default");
        struct machine_known_object object = {
            .kind = kind,
            .namespace = namespace,
            .file = origin->file,
            .document = origin->document,
            .read = origin->file == NULL,
            .value = json_incref(value),
        };
        object.key = make_key(kind, namespace, name, &object.name);
        object.pointer = xstrdup(pointer);
        insert(known, &object);
        known->count++;
        return;
    }
    json_t *items = json_object_get(value, "items");
    if (kind_name == NULL || !text_ends_with(kind_name, "List") || !json_is_array(items))
        return;
    /* the items of a typed list, as the API server sends it, need not name their kind */
    auto_free char *item_kind = xstrndup(kind_name, strlen(kind_name) - strlen("List"));
    auto_free char *items_pointer = json_pointer_join(pointer, "items");
    for (size_t i = 0; i < json_array_size(items); i++) {
        auto_free char *item_pointer = json_pointer_index(items_pointer, i);
        add_value(known, origin, item_pointer, json_array_get(items, i), item_kind);
    }
}

void machine_known_add(
    struct machine_known *known, const char *file, const struct yaml_document *document)
{
    const struct known_origin origin = {.file = file, .document = document};
    add_value(known, &origin, "", document->root, NULL);
}

void machine_known_add_read(struct machine_known *known, json_t *value)
{
    const struct known_origin origin = {.file = NULL};
    add_value(known, &origin, "", value, NULL);
}

const struct machine_known_object *machine_known_find(
    struct machine_known *known, enum machine_kind kind, const char *namespace, const char *name)
{
    struct machine_known_object object = {.kind = kind};
    auto_free char *key = make_key(kind, namespace, name, &object.name);
    struct machine_known_object *found = find(known, key);
    if (found != NULL || catalogue_of(kind) == NULL)
        return found;
    object.value = machine_catalogue_find(catalogue_of(kind), name);
    if (object.value == NULL)
        return NULL;
    object.key = steal(&key);
    object.pointer = xstrdup("");
    return insert(known, &object);
}

const json_t *machine_known_value(const struct machine_known_object *object)
{
    return object->value;
}

char *machine_known_place(const struct machine_known_object *object, const char *pointer)
{
    auto_free char *path = finding_path(pointer);
    if (object->file == NULL)
        return xasprintf("%s: %s", object->read ? "the cluster" : "KubeVirt 1.9's own", path);
    auto_free char *whole = xasprintf("%s%s", object->pointer, pointer);
    struct yaml_place place = yaml_place_of(object->document, whole);
    return xasprintf("%s:%zu:%zu: %s", object->file, place.line, place.column, path);
}

bool machine_known_charge(struct machine_known *known, const struct machine_known_object *object)
{
    struct machine_known_object *measured = find(known, object->key);
    if (measured->bytes == 0) {
        auto_free char *text = json_write(measured->value);
        measured->bytes = strlen(text);
    }
    if (measured->bytes > MACHINE_APPLIED_MAX_BYTES - known->applied)
        return false;
    known->applied += measured->bytes;
    return true;
}

char *machine_known_shown(const char *name)
{
    return text_printable(name, strlen(name), NAME_MAX_BYTES);
}

/* The kinds where a name may be that is not among the first one: the other one of the same role,
 * then those of the other role. */
static const enum machine_kind elsewhere[][3] = {
    [MACHINE_KIND_INSTANCETYPE] = {MACHINE_KIND_CLUSTER_INSTANCETYPE, MACHINE_KIND_PREFERENCE,
        MACHINE_KIND_CLUSTER_PREFERENCE},
    [MACHINE_KIND_CLUSTER_INSTANCETYPE] = {MACHINE_KIND_INSTANCETYPE,
        MACHINE_KIND_CLUSTER_PREFERENCE, MACHINE_KIND_PREFERENCE},
    [MACHINE_KIND_PREFERENCE] = {MACHINE_KIND_CLUSTER_PREFERENCE, MACHINE_KIND_INSTANCETYPE,
        MACHINE_KIND_CLUSTER_INSTANCETYPE},
    [MACHINE_KIND_CLUSTER_PREFERENCE] = {MACHINE_KIND_PREFERENCE, MACHINE_KIND_CLUSTER_INSTANCETYPE,
        MACHINE_KIND_INSTANCETYPE},
};

/* An object of the kind and name in any namespace, among the first ones; or NULL. */
static const struct machine_known_object *find_anywhere(
    const struct machine_known *known, enum machine_kind kind, const char *name)
{
    const struct machine_known_object *object = known->objects;
    for (size_t seen = 0; object != NULL && seen < HINT_MAX_NAMES; object = object->hh.next) {
        seen++;
        if (object->kind == kind && streq(object->name, name))
            return object;
    }
    return NULL;
}

/* The names of a kind that are near, as machine_known_hint. */
static char *hint_of_names(
    const struct machine_known *known, enum machine_kind kind, const char *name)
{
    const char *names[HINT_MAX_NAMES];
    size_t count = 0;
    const struct machine_catalogue_entry *entry = catalogue_of(kind);
    for (; entry != NULL && entry->name != NULL && count < HINT_MAX_NAMES; entry++)
        names[count++] = entry->name;
    const struct machine_known_object *object = known->objects;
    for (size_t seen = 0; object != NULL && seen < HINT_MAX_NAMES; object = object->hh.next) {
        seen++;
        if (object->kind == kind && count < HINT_MAX_NAMES)
            names[count++] = object->name;
    }
    return suggest_hint(name, names, count);
}

char *machine_known_hint(
    struct machine_known *known, enum machine_kind kind, const char *namespace, const char *name)
{
    const enum machine_kind *kinds = elsewhere[kind];
    if (machine_known_find(known, kind, namespace, name) != NULL)
        return xstrdup(" (KubeVirt 1.9 comes with one, which is not there)");
    if (machine_known_find(known, kinds[0], namespace, name) != NULL)
        return xasprintf(" (there is a %s of that name: set kind)", machine_kind_name(kinds[0]));
    const struct machine_known_object *other = find_anywhere(known, kind, name);
    if (other != NULL) {
        auto_free char *shown = machine_known_shown(other->namespace);
        return xasprintf(" (there is one in namespace %s)", shown);
    }
    for (size_t i = 1; i < ARRAY_SIZE(elsewhere[kind]); i++) {
        if (machine_known_find(known, kinds[i], namespace, name) != NULL)
            return xasprintf(" (there is a %s of that name, which cannot stand here)",
                machine_kind_name(kinds[i]));
    }
    return hint_of_names(known, kind, name);
}

void machine_known_clear(struct machine_known *known)
{
    struct machine_known_object *object = NULL;
    struct machine_known_object *next = NULL;
    HASH_ITER (hh, known->objects, object, next) {
        HASH_DEL(known->objects, object);
        free_object(object);
    }
    *known = (struct machine_known){0};
}
