#include "appliance/claims.h"

#include <string.h>

#include "appliance/name.h"
#include "appliance/volumes.h"
#include "base/json.h"
#include "base/text.h"

#define SPEC "/spec/template/spec"
#define VOLUMES SPEC "/volumes"
#define TEMPLATES "/spec/dataVolumeTemplates"
#define FILESYSTEMS SPEC "/domain/devices/filesystems"
#define GATE "EnableVirtioFsStorageVolumes"

/* Where an item of a list names a ConfigMap or Secret. */
struct place {
    const char *member; /* of the item, or what is below it; NULL ends a table */
    const char *rest; /* JSON Pointer in the member */
    const char *key;
    enum appliance_kind kind;
};

static const struct place volume_places[] = {
    {"configMap", "", "name", APPLIANCE_CONFIG_MAP},
    {"secret", "", "secretName", APPLIANCE_SECRET},
    {"sysprep", "/configMap", "name", APPLIANCE_CONFIG_MAP},
    {"sysprep", "/secret", "name", APPLIANCE_SECRET},
    {"cloudInitNoCloud", "/secretRef", "name", APPLIANCE_SECRET},
    {"cloudInitNoCloud", "/networkDataSecretRef", "name", APPLIANCE_SECRET},
    {"cloudInitConfigDrive", "/secretRef", "name", APPLIANCE_SECRET},
    {"cloudInitConfigDrive", "/networkDataSecretRef", "name", APPLIANCE_SECRET},
    {"containerDisk", "", "imagePullSecret", APPLIANCE_SECRET},
    {.member = NULL},
};

static const struct place credential_places[] = {
    {"sshPublicKey", "/source/secret", "secretName", APPLIANCE_SECRET},
    {"userPassword", "/source/secret", "secretName", APPLIANCE_SECRET},
    {.member = NULL},
};

static const struct place source_places[] = {
    {"http", "", "secretRef", APPLIANCE_SECRET},
    {"http", "", "certConfigMap", APPLIANCE_CONFIG_MAP},
    {"s3", "", "secretRef", APPLIANCE_SECRET},
    {"s3", "", "certConfigMap", APPLIANCE_CONFIG_MAP},
    {"gcs", "", "secretRef", APPLIANCE_SECRET},
    {"registry", "", "secretRef", APPLIANCE_SECRET},
    {"registry", "", "certConfigMap", APPLIANCE_CONFIG_MAP},
    {"imageio", "", "secretRef", APPLIANCE_SECRET},
    {"imageio", "", "certConfigMap", APPLIANCE_CONFIG_MAP},
    {"vddk", "", "secretRef", APPLIANCE_SECRET},
    {.member = NULL},
};

/* The lists, and where in an item the members are. */
static const struct {
    const char *list;
    const char *below;
    const struct place *places;
} lists[] = {
    {VOLUMES, "", volume_places},
    {SPEC "/accessCredentials", "", credential_places},
    {TEMPLATES, "/spec/source", source_places},
};

/* What a reference in the boilerplate comes to. */
enum fate {
    OWNED, /* by the DataSource: *found has it */
    USED, /* it is in the VM's namespace; *found has it */
    UNKNOWN, /* nothing is known about it */
    SAID, /* it cannot be used, and that was said */
};

/* Decides about a name of the DataSource's namespace; pointer is that of the name. */
static enum fate decide(struct appliance_draft *draft, enum appliance_kind kind, const char *name,
    const char *pointer, const struct appliance_object **found)
{
    const struct appliance_object *owner = draft->source->object;
    const char *target = draft->request->namespace;
    const char *noun = appliance_kind_name(kind);
    const struct appliance_object *original =
        appliance_objects_find(draft->objects, kind, owner->namespace, name);
    *found = original;
    if (original != NULL && appliance_object_is_owned_by(original, owner))
        return OWNED;
    if (appliance_draft_is_elsewhere(draft))
        *found = appliance_objects_find(draft->objects, kind, target, name);
    if (*found != NULL)
        return USED;
    const char *why = appliance_objects_why_absent(draft->objects, kind, owner->namespace, name);
    if (original != NULL)
        appliance_draft_say(draft, FINDING_ERROR, pointer,
            "the %s \"%s\" is in namespace %s, not in the VM's, %s: have the DataSource own it, so "
            "that the VM gets one, or create it there",
            noun, name, owner->namespace, target);
    else if (why != NULL)
        appliance_draft_say(draft, FINDING_WARNING, pointer,
            "the %s \"%s\" of namespace %s is not copied: %s", noun, name, owner->namespace, why);
    return original != NULL || why != NULL ? SAID : UNKNOWN;
}

static void say_unknown(
    struct appliance_draft *draft, enum appliance_kind kind, const char *name, const char *pointer)
{
    appliance_draft_say(draft, FINDING_WARNING, pointer,
        "no %s \"%s\" is known in namespace %s: the VM does not start without it",
        appliance_kind_name(kind), name, draft->request->namespace);
}

/* Copies members of an object that are there. New reference. */
static json_t *pick(const json_t *object, const char *const *keys, size_t count)
{
    json_t *picked = json_object();
    for (size_t i = 0; i < count; i++) {
        json_t *value = json_object_get(object, keys[i]);
        if (value != NULL && !json_is_null(value))
            json_object_set_new(picked, keys[i], json_deep_copy(value));
    }
    return picked;
}

/* Has the VM get a copy of a ConfigMap or Secret. Returns its name, owned by the caller. */
static char *copy(struct appliance_draft *draft, const struct appliance_object *object,
    json_t *copied, const char *pointer)
{
    static const char *const keys[] = {"type", "immutable", "data", "binaryData", "stringData"};
    const char *kind = appliance_kind_name(object->kind);
    char *name = appliance_name_join(draft->request->name, object->name);
    auto_free char *id = xasprintf("%s/%s", kind, object->name);
    if (json_object_get(copied, id) == NULL)
        appliance_draft_need(
            draft, kind, name, pick(object->value, keys, ARRAY_SIZE(keys)), pointer);
    json_object_set_new(copied, id, json_true());
    return name;
}

/* Completes the reference of one place, which is in object; copied has what is copied. */
static void complete_place(struct appliance_draft *draft, const struct place *place, json_t *object,
    const char *pointer, json_t *copied)
{
    const struct appliance_object *owner = draft->source->object;
    const char *name = json_get_string(object, place->key);
    if (name == NULL || name[0] == '\0')
        return;
    const struct appliance_object *found =
        appliance_objects_find(draft->objects, place->kind, owner->namespace, name);
    bool is_owned = found != NULL && appliance_object_is_owned_by(found, owner);
    if (!is_owned && json_is_true(json_object_get(object, "optional")))
        return; /* the VM starts without it */
    auto_free char *whole = xasprintf("%s%s/%s", pointer, place->rest, place->key);
    enum fate fate = decide(draft, place->kind, name, whole, &found);
    if (fate == UNKNOWN)
        say_unknown(draft, place->kind, name, whole);
    if (fate != OWNED)
        return;
    auto_free char *own = copy(draft, found, copied, whole);
    json_object_set_new(object, place->key, json_string(own));
}

/* Completes the references in the items of a list. */
static void complete_list(struct appliance_draft *draft, size_t list, json_t *copied)
{
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach (appliance_draft_get(draft, lists[list].list), i, item) {
        json_t *holder = json_pointer_get(item, lists[list].below);
        for (const struct place *place = lists[list].places; place->member != NULL; place++) {
            json_t *member = json_object_get(holder, place->member);
            if (member == NULL)
                continue;
            auto_free char *pointer =
                xasprintf("%s/%zu%s/%s", lists[list].list, i, lists[list].below, place->member);
            json_t *object = json_pointer_get(member, place->rest);
            complete_place(draft, place, object, pointer, copied);
        }
    }
}

/* Warns of a claim that only one node may have at a time. */
static void check_shared(
    struct appliance_draft *draft, const char *pointer, const struct appliance_object *claim)
{
    const json_t *modes = json_pointer_get(claim->value, "/spec/accessModes");
    size_t i = 0;
    const json_t *mode = NULL;
    json_array_foreach (modes, i, mode) {
        const char *text = text_or(json_string_value(mode), "");
        if (streq(text, "ReadWriteMany") || streq(text, "ReadOnlyMany"))
            return;
    }
    appliance_draft_say(draft, FINDING_WARNING, pointer,
        "each VM made of this DataSource uses the claim \"%s\", whose access modes (neither "
        "ReadWriteMany nor ReadOnlyMany) let one node have it",
        claim->name);
}

/* Has the VM get a clone of a claim. Returns its name, owned by the caller. */
static char *clone(struct appliance_draft *draft, const struct appliance_object *claim,
    const char *volume, const char *pointer)
{
    json_t *spec = appliance_draft_get(draft, "/spec");
    json_t *templates = json_object_get(spec, "dataVolumeTemplates");
    char *name = appliance_name_join(draft->request->name, volume);
    if (!json_is_array(templates)) {
        templates = json_array();
        json_object_set_new(spec, "dataVolumeTemplates", templates);
    }
    const json_t *filesystems = appliance_draft_get(draft, FILESYSTEMS);
    if (json_item_named(filesystems, volume, NULL) != NULL)
        appliance_draft_say(draft, FINDING_WARNING, pointer,
            "is cloned with the volume mode of its storage class, which must be Filesystem");
    json_array_append_new(templates,
        json_pack("{s:{s:s}, s:{s:{s:{s:s, s:s}}, s:{}}}", "metadata", "name", name, "spec",
            "source", "pvc", "name", claim->name, "namespace", claim->namespace, "storage"));
    return name;
}

static void complete_claim(struct appliance_draft *draft, size_t index, json_t *volume)
{
    const char *key = NULL;
    json_t *object = appliance_volumes_claim(volume, &key);
    const char *name = json_get_string(object, key);
    const char *volume_name = json_get_string(volume, "name");
    const struct appliance_object *claim = NULL;
    if (name == NULL || volume_name == NULL || appliance_volumes_template(draft, name) != NULL)
        return;
    auto_free char *pointer = xasprintf(VOLUMES "/%zu", index);
    enum fate fate = decide(draft, APPLIANCE_CLAIM, name, pointer, &claim);
    if (fate == OWNED && appliance_draft_is_elsewhere(draft)) {
        auto_free char *own = clone(draft, claim, volume_name, pointer);
        json_object_set_new(object, key, json_string(own));
    } else if (fate == UNKNOWN && streq(key, "claimName")) {
        say_unknown(draft, APPLIANCE_CLAIM, name, pointer); /* of a DataVolume, the check says it */
    } else if ((fate == OWNED || fate == USED) && !appliance_draft_is_elsewhere(draft)) {
        check_shared(draft, pointer, claim);
    }
}

static void complete_networks(struct appliance_draft *draft)
{
    size_t i = 0;
    json_t *network = NULL;
    if (!appliance_draft_is_elsewhere(draft))
        return;
    json_array_foreach (appliance_draft_get(draft, SPEC "/networks"), i, network) {
        json_t *multus = json_object_get(network, "multus");
        const char *name = json_get_string(multus, "networkName");
        if (name == NULL || name[0] == '\0' || strchr(name, '/') != NULL)
            continue;
        json_object_set_new(
            multus, "networkName", json_sprintf("%s/%s", draft->source->object->namespace, name));
    }
}

/* The configuration of KubeVirt, as far as it is known. */
struct gates {
    bool is_known;
    bool has_virtiofs;
};

static bool read_gates(void *user, const struct appliance_object *object)
{
    struct gates *gates = user;
    size_t i = 0;
    const json_t *gate = NULL;
    const json_t *list =
        json_pointer_get(object->value, "/spec/configuration/developerConfiguration/featureGates");
    gates->is_known = true;
    json_array_foreach (list, i, gate)
        gates->has_virtiofs |= streq(text_or(json_string_value(gate), ""), GATE);
    return true;
}

/* File systems from claims need a gate of KubeVirt, whose configuration is looked for if there are
 * any. */
static void check_filesystems(struct appliance_draft *draft)
{
    size_t i = 0;
    const json_t *filesystem = NULL;
    const json_t *volumes = appliance_draft_get(draft, VOLUMES);
    struct gates gates = {0};
    bool is_read = false;
    json_array_foreach (appliance_draft_get(draft, FILESYSTEMS), i, filesystem) {
        const char *key = NULL;
        const char *name = text_or(json_get_string(filesystem, "name"), "");
        if (appliance_volumes_claim(json_item_named(volumes, name, NULL), &key) == NULL)
            continue;
        if (!is_read)
            appliance_objects_each(draft->objects, APPLIANCE_KUBEVIRT, NULL, read_gates, &gates);
        is_read = true;
        auto_free char *pointer = xasprintf(FILESYSTEMS "/%zu", i);
        if (!gates.has_virtiofs)
            appliance_draft_say(draft, gates.is_known ? FINDING_ERROR : FINDING_WARNING, pointer,
                "a file system from a claim needs the feature gate " GATE " of KubeVirt%s",
                gates.is_known ? ", which is not on" : "");
    }
}

void appliance_claims_complete(struct appliance_draft *draft)
{
    auto_json json_t *copied = json_object();
    size_t i = 0;
    json_t *volume = NULL;
    json_array_foreach (appliance_draft_get(draft, VOLUMES), i, volume)
        complete_claim(draft, i, volume);
    for (i = 0; i < ARRAY_SIZE(lists); i++)
        complete_list(draft, i, copied);
    complete_networks(draft);
    check_filesystems(draft);
}
