#include "appliance/objects.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"

enum {
    MOST_LISTED = 20, /* objects in a message */
    LONGEST_SHOWN = 320,
};

/* An object, or the note that there is none. */
struct appliance_object_entry {
    char *key; /* kind, namespace and name; or kind and namespace of a list that was read; owned */
    struct appliance_object object; /* value is NULL: absent */
    json_t *value; /* owned */
    char *pointer; /* owned */
    char *why; /* of one that is absent; owned; or NULL */
    size_t number; /* in the order in which all were added */
    UT_hash_handle hh;
};

struct appliance_want {
    char *key; /* owned */
    struct appliance_wanted wanted; /* its strings are owned */
    UT_hash_handle hh;
};

/* An object that may have been replaced since: then the number is another one. */
struct owned {
    char *key; /* owned */
    size_t number;
};

/* The objects that one owner has. */
struct appliance_owner {
    char *key; /* of the owned kind, the namespace, and the owner's kind and name; owned */
    struct owned *owned; /* owned */
    size_t count;
    UT_hash_handle hh;
};

/* The key of an object. Owned by the caller. */
static char *make_key(enum appliance_kind kind, const char *namespace, const char *name)
{
    const char *scope = appliance_kind_is_cluster_scoped(kind) ? "" : namespace;
    return xasprintf("%d/%s/%s", (int)kind, scope, name);
}

/* The key of a list; namespace "" is all of them. Owned by the caller. */
static char *make_list_key(enum appliance_kind kind, const char *namespace)
{
    return xasprintf("%d/%s", (int)kind, appliance_kind_is_cluster_scoped(kind) ? "" : namespace);
}

static struct appliance_object_entry *find_entry(
    const struct appliance_objects *objects, const char *key)
{
    struct appliance_object_entry *found = NULL;
    HASH_FIND_STR(objects->entries, key, found);
    return found;
}

static void clear_entry(struct appliance_object_entry *entry)
{
    json_decref(entry->value);
    json_decref(entry->object.parsed);
    free(entry->pointer);
    free(entry->why);
}

/* Adds an entry. One of its key takes over what it holds, so that an object that somebody has stays
 * where it is. Returns the entry that is in the set. */
static struct appliance_object_entry *insert(
    struct appliance_objects *objects, struct appliance_object_entry *take_entry)
{
    struct appliance_object_entry *old = find_entry(objects, take_entry->key);
    take_entry->number = ++objects->added;
    if (old == NULL) {
        HASH_ADD_KEYPTR(hh, objects->entries, take_entry->key, strlen(take_entry->key), take_entry);
        return take_entry;
    }
    clear_entry(old);
    old->object = take_entry->object;
    old->value = take_entry->value;
    old->pointer = take_entry->pointer;
    old->why = take_entry->why;
    old->number = take_entry->number;
    free(take_entry->key);
    free(take_entry);
    return old;
}

/* Notes that an entry is owned, under the key of its owner. */
static void note_owned(struct appliance_objects *objects, char *take_owner_key,
    const struct appliance_object_entry *entry)
{
    struct appliance_owner *owner = NULL;
    HASH_FIND_STR(objects->owners, take_owner_key, owner);
    if (owner == NULL) {
        owner = xcalloc(1, sizeof(*owner));
        owner->key = take_owner_key;
        HASH_ADD_KEYPTR(hh, objects->owners, owner->key, strlen(owner->key), owner);
    } else {
        free(take_owner_key);
    }
    if (owner->count > 0 && owner->owned[owner->count - 1].number == entry->number)
        return; /* it names its owner twice */
    if ((owner->count & (owner->count - 1)) == 0) /* room for twice as many */
        owner->owned = xreallocarray(
            owner->owned, owner->count > 0 ? 2 * owner->count : 1, sizeof(*owner->owned));
    owner->owned[owner->count++] =
        (struct owned){.key = xstrdup(entry->key), .number = entry->number};
}

static void note_owners(
    struct appliance_objects *objects, const struct appliance_object_entry *entry)
{
    const json_t *metadata = json_object_get(entry->value, "metadata");
    const json_t *references = json_object_get(metadata, "ownerReferences");
    for (size_t i = 0; i < json_array_size(references); i++) {
        const json_t *reference = json_array_get(references, i);
        const char *kind = json_get_string(reference, "kind");
        const char *name = json_get_string(reference, "name");
        if (kind != NULL && name != NULL)
            note_owned(objects,
                xasprintf(
                    "%d/%s/%s/%s", (int)entry->object.kind, entry->object.namespace, kind, name),
                entry);
    }
}

/* Where objects come from. */
struct origin {
    const char *file; /* NULL: a cluster */
    const struct yaml_document *document;
};

static void add_object(struct appliance_objects *objects, const struct origin *origin,
    enum appliance_kind kind, const char *pointer, json_t *value)
{
    const json_t *metadata = json_object_get(value, "metadata");
    const char *name = json_get_string(metadata, "name");
    const char *given = text_or(json_get_string(metadata, "namespace"), "default");
    const char *namespace = appliance_kind_is_cluster_scoped(kind) ? "" : given;
    if (name == NULL || name[0] == '\0')
        return;
    struct appliance_object_entry *entry = xcalloc(1, sizeof(*entry));
    entry->key = make_key(kind, namespace, name);
    entry->value = json_incref(value);
    entry->pointer = xstrdup(pointer);
    entry->object = (struct appliance_object){
        .kind = kind,
        .namespace = namespace,
        .name = name,
        .value = value,
        .file = origin->file,
        .document = origin->document,
        .pointer = entry->pointer,
        .parsed = kind == APPLIANCE_DATA_SOURCE ? json_object() : NULL,
    };
    note_owners(objects, insert(objects, entry));
}

/* Adds the object at pointer, or the items of a List. Recurses no deeper than the value. */
static void add_value(struct appliance_objects *objects, const struct origin *origin,
    const char *pointer, json_t *value, const char *default_kind)
{
    enum appliance_kind kind = APPLIANCE_KINDS;
    const char *kind_name = json_get_string(value, "kind");
    const char *api_version = json_get_string(value, "apiVersion");
    if (appliance_kind_find(api_version, text_or(kind_name, default_kind), &kind)) {
        add_object(objects, origin, kind, pointer, value);
        return;
    }
    const json_t *items = json_object_get(value, "items");
    if (kind_name == NULL || !text_ends_with(kind_name, "List") || !json_is_array(items))
        return;
    /* the items of a typed list, as the API server sends it, need not name their kind */
    auto_free char *item_kind = xstrndup(kind_name, strlen(kind_name) - strlen("List"));
    auto_free char *items_pointer = json_pointer_join(pointer, "items");
    for (size_t i = 0; i < json_array_size(items); i++) {
        auto_free char *item_pointer = json_pointer_index(items_pointer, i);
        add_value(objects, origin, item_pointer, json_array_get(items, i), item_kind);
    }
}

void appliance_objects_add(
    struct appliance_objects *objects, const char *file, const struct yaml_document *document)
{
    const struct origin origin = {.file = file, .document = document};
    machine_known_add(&objects->known, file, document);
    add_value(objects, &origin, "", document->root, NULL);
}

void appliance_objects_add_read(struct appliance_objects *objects, json_t *take_value)
{
    const struct origin origin = {.file = NULL};
    machine_known_add_read(&objects->known, take_value);
    add_value(objects, &origin, "", take_value, NULL);
    json_decref(take_value);
}

void appliance_objects_add_absent(struct appliance_objects *objects, enum appliance_kind kind,
    const char *namespace, const char *name, const char *why)
{
    auto_free char *key = make_key(kind, namespace, name);
    const struct appliance_object_entry *old = find_entry(objects, key);
    if (old != NULL && old->value != NULL)
        return;
    struct appliance_object_entry *entry = xcalloc(1, sizeof(*entry));
    entry->key = steal(&key);
    entry->object.kind = kind;
    xstrset(&entry->why, why);
    insert(objects, entry);
}

void appliance_objects_add_listed(
    struct appliance_objects *objects, enum appliance_kind kind, const char *namespace)
{
    struct appliance_object_entry *entry = xcalloc(1, sizeof(*entry));
    entry->key = make_list_key(kind, text_or(namespace, ""));
    entry->object.kind = kind;
    insert(objects, entry);
}

/* Remembers that an object, or a list (name NULL), was looked for in vain. */
static void want(struct appliance_objects *objects, char *take_key, enum appliance_kind kind,
    const char *namespace, const char *name)
{
    struct appliance_want *wanted = NULL;
    auto_free char *key = take_key;
    HASH_FIND_STR(objects->wants, key, wanted);
    if (wanted != NULL)
        return;
    wanted = xcalloc(1, sizeof(*wanted));
    wanted->key = steal(&key);
    wanted->wanted.kind = kind;
    wanted->wanted.namespace = xstrdup(namespace);
    wanted->wanted.name = name != NULL ? xstrdup(name) : NULL;
    HASH_ADD_KEYPTR(hh, objects->wants, wanted->key, strlen(wanted->key), wanted);
}

static void free_want(struct appliance_want *wanted)
{
    free((char *)wanted->wanted.namespace);
    free((char *)wanted->wanted.name);
    free(wanted->key);
    free(wanted);
}

const struct appliance_object *appliance_objects_find(struct appliance_objects *objects,
    enum appliance_kind kind, const char *namespace, const char *name)
{
    auto_free char *key = make_key(kind, namespace, name);
    const struct appliance_object_entry *entry = find_entry(objects, key);
    if (entry == NULL)
        want(objects, steal(&key), kind, namespace, name);
    return entry != NULL && entry->value != NULL ? &entry->object : NULL;
}

/* The note that an object is absent, or NULL. */
static const struct appliance_object_entry *find_absent(const struct appliance_objects *objects,
    enum appliance_kind kind, const char *namespace, const char *name)
{
    auto_free char *key = make_key(kind, namespace, name);
    const struct appliance_object_entry *entry = find_entry(objects, key);
    return entry != NULL && entry->value == NULL ? entry : NULL;
}

bool appliance_objects_is_absent(const struct appliance_objects *objects, enum appliance_kind kind,
    const char *namespace, const char *name)
{
    return find_absent(objects, kind, namespace, name) != NULL;
}

const char *appliance_objects_why_absent(const struct appliance_objects *objects,
    enum appliance_kind kind, const char *namespace, const char *name)
{
    const struct appliance_object_entry *entry = find_absent(objects, kind, namespace, name);
    return entry != NULL ? entry->why : NULL;
}

void appliance_objects_each(struct appliance_objects *objects, enum appliance_kind kind,
    const char *namespace, bool (*each)(void *user, const struct appliance_object *object),
    void *user)
{
    auto_free char *everywhere = make_list_key(kind, "");
    auto_free char *key = make_list_key(kind, text_or(namespace, ""));
    if (find_entry(objects, everywhere) == NULL && find_entry(objects, key) == NULL)
        want(objects, steal(&key), kind, text_or(namespace, ""), NULL);
    const struct appliance_object_entry *entry = objects->entries;
    for (; entry != NULL; entry = entry->hh.next) {
        const struct appliance_object *object = &entry->object;
        if (entry->value != NULL && object->kind == kind &&
            (namespace == NULL || streq(object->namespace, namespace)) && !each(user, object))
            return;
    }
}

bool appliance_object_is_owner(const json_t *reference, const struct appliance_object *owner)
{
    const char *kind = json_get_string(reference, "kind");
    const char *name = json_get_string(reference, "name");
    const char *uid = json_get_string(reference, "uid");
    const char *its_uid = json_get_string(json_object_get(owner->value, "metadata"), "uid");
    return kind != NULL && name != NULL && streq(name, owner->name) &&
           appliance_kind_matches(owner->kind, json_get_string(reference, "apiVersion"), kind) &&
           (uid == NULL || its_uid == NULL || uid[0] == '\0' || streq(uid, its_uid));
}

bool appliance_object_is_owned_by(
    const struct appliance_object *object, const struct appliance_object *owner)
{
    const json_t *metadata = json_object_get(object->value, "metadata");
    const json_t *references = json_object_get(metadata, "ownerReferences");
    if (!streq(object->namespace, owner->namespace))
        return false;
    for (size_t i = 0; i < json_array_size(references); i++) {
        if (appliance_object_is_owner(json_array_get(references, i), owner))
            return true;
    }
    return false;
}

void appliance_objects_each_owned(struct appliance_objects *objects, enum appliance_kind kind,
    const struct appliance_object *owner,
    bool (*each)(void *user, const struct appliance_object *object), void *user)
{
    struct appliance_owner *found = NULL;
    auto_free char *key = xasprintf(
        "%d/%s/%s/%s", (int)kind, owner->namespace, appliance_kind_name(owner->kind), owner->name);
    HASH_FIND_STR(objects->owners, key, found);
    for (size_t i = 0; found != NULL && i < found->count; i++) {
        const struct appliance_object_entry *entry = find_entry(objects, found->owned[i].key);
        if (entry != NULL && entry->number == found->owned[i].number && entry->value != NULL &&
            appliance_object_is_owned_by(&entry->object, owner) && !each(user, &entry->object))
            return;
    }
}

/* Whether an object is one that the user means: NAME, NAMESPACE/NAME, or NULL for any. */
static bool is_meant(const struct appliance_object *object, const char *meant)
{
    const char *slash = meant != NULL ? strchr(meant, '/') : NULL;
    if (slash == NULL)
        return meant == NULL || streq(object->name, meant);
    size_t length = (size_t)(slash - meant);
    return strlen(object->namespace) == length && strncmp(object->namespace, meant, length) == 0 &&
           streq(object->name, slash + 1);
}

/* The names of a kind's objects, as they may be given. */
struct choice {
    const char *meant;
    const struct appliance_object *found; /* the first one */
    size_t count; /* of those that are meant */
    char *names[MOST_LISTED]; /* of these, or, if there are none, of all; owned */
    size_t listed;
    bool all;
};

static bool note_choice(void *user, const struct appliance_object *object)
{
    struct choice *choice = user;
    bool meant = is_meant(object, choice->meant);
    if (meant && choice->count++ == 0)
        choice->found = object;
    if ((meant || choice->all) && choice->listed < ARRAY_SIZE(choice->names))
        choice->names[choice->listed++] = xasprintf("%s/%s", object->namespace, object->name);
    return true;
}

/* Lists the objects to choose from. namespace NULL; wants nothing. */
static void list_choice(
    struct appliance_objects *objects, enum appliance_kind kind, struct choice *choice)
{
    const struct appliance_object_entry *entry = objects->entries;
    for (; entry != NULL; entry = entry->hh.next) {
        if (entry->value != NULL && entry->object.kind == kind)
            note_choice(choice, &entry->object);
    }
}

const struct appliance_object *appliance_objects_choose(struct appliance_objects *objects,
    enum appliance_kind kind, const char *name, struct error **err)
{
    struct choice choice = {.meant = name};
    list_choice(objects, kind, &choice);
    if (choice.count == 0) {
        choice.all = true;
        list_choice(objects, kind, &choice);
    }
    const char *const *names = (const char *const *)choice.names;
    auto_free char *list = text_list_all(names, choice.listed);
    auto_free char *shown = name != NULL ? text_printable(name, strlen(name), LONGEST_SHOWN) : NULL;
    const char *more = choice.count > choice.listed ? ", …" : "";
    if (choice.count > 1)
        error_set(err, ERROR_USAGE, "there are several: say which of %s%s", list, more);
    else if (choice.count == 0 && choice.listed == 0)
        error_set(err, ERROR_INPUT, "there is no %s in the files", appliance_kind_name(kind));
    else if (choice.count == 0)
        error_set(err, ERROR_INPUT, "there is no %s %s in the files, which have %s",
            appliance_kind_name(kind), shown, list);
    for (size_t i = 0; i < choice.listed; i++)
        free(choice.names[i]);
    return choice.count == 1 ? choice.found : NULL;
}

bool appliance_objects_next_want(struct appliance_objects *objects, struct appliance_wanted *out)
{
    struct appliance_want *next = objects->taken != NULL ? objects->taken->hh.next : objects->wants;
    if (next == NULL)
        return false;
    objects->taken = next;
    *out = next->wanted;
    return true;
}

char *appliance_object_place(const struct appliance_object *object, const char *pointer)
{
    if (object->file == NULL)
        return xstrdup("");
    auto_free char *whole = xasprintf("%s%s", object->pointer, pointer);
    struct yaml_place place = yaml_place_of(object->document, whole);
    return xasprintf("%s:%zu:%zu", object->file, place.line, place.column);
}

void appliance_objects_clear(struct appliance_objects *objects)
{
    struct appliance_object_entry *entry = NULL;
    struct appliance_object_entry *next_entry = NULL;
    struct appliance_want *wanted = NULL;
    struct appliance_want *next_want = NULL;
    struct appliance_owner *owner = NULL;
    struct appliance_owner *next_owner = NULL;
    HASH_ITER (hh, objects->entries, entry, next_entry) {
        HASH_DEL(objects->entries, entry);
        clear_entry(entry);
        free(entry->key);
        free(entry);
    }
    HASH_ITER (hh, objects->wants, wanted, next_want) {
        HASH_DEL(objects->wants, wanted);
        free_want(wanted);
    }
    HASH_ITER (hh, objects->owners, owner, next_owner) {
        HASH_DEL(objects->owners, owner);
        for (size_t i = 0; i < owner->count; i++)
            free(owner->owned[i].key);
        free(owner->owned);
        free(owner->key);
        free(owner);
    }
    machine_known_clear(&objects->known);
    *objects = (struct appliance_objects){0};
}
