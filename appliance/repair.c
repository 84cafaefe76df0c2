#include "appliance/repair.h"

#include <string.h>

#include "annotations/names.h"
#include "appliance/fields.h"
#include "appliance/misplaced.h"
#include "appliance/run_strategy.h"
#include "base/json.h"
#include "base/schema.h"
#include "base/schema_level.h"
#include "base/text.h"
#include "machine/value.h"

enum { MAX_NAMES = 64 }; /* of the fields of one object, which are fewer in the tables */

/* A walk through the fields of a value. */
struct walk {
    const struct schema *schema;
    struct findings *findings;
};

/* The direct fields of an object. */
struct members {
    const struct schema_field *fields[MAX_NAMES];
    const char *names[MAX_NAMES];
    size_t count;
};

static struct members members_of(const struct walk *walk, const struct schema_field *parent)
{
    const struct schema *schema = walk->schema;
    const struct schema_level level =
        parent != NULL ? schema_level_below(schema, parent) : schema_level_of_root(schema);
    struct members members = {.count = 0};
    for (const struct schema_field *field = level.first;
         field < level.end && members.count < MAX_NAMES; field = schema_level_next(schema, field)) {
        const char *name = schema_level_name(&level, field);
        if (name == NULL)
            continue;
        members.fields[members.count] = field;
        members.names[members.count++] = name;
    }
    return members;
}

/* The name that a member is to have: another one, or key itself. Borrowed. */
static const char *right_name(const struct members *members, const json_t *object, const char *key)
{
    if (text_index(key, members->names, members->count) >= 0)
        return key;
    const char *name = suggest_only(key, members->names, members->count);
    return name != NULL && json_object_get(object, name) == NULL ? name : key;
}

static void rename_object(const struct walk *walk, const struct schema_field *parent,
    json_t *object, const char *pointer);

/* Renames below the value of a field. */
static void rename_value(
    const struct walk *walk, const struct schema_field *field, json_t *value, const char *pointer)
{
    if (field->kind == SCHEMA_OBJECT)
        rename_object(walk, field, value, pointer);
    for (size_t i = 0; field->kind == SCHEMA_OBJECTS && i < json_array_size(value); i++) {
        auto_free char *item_pointer = json_pointer_index(pointer, i);
        rename_object(walk, field, json_array_get(value, i), item_pointer);
    }
}

/* How many members of an object are to have each name. New reference. */
static json_t *count_names(const struct members *members, json_t *object)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_t *times = json_object();
    json_object_foreach (object, key, value) {
        const char *name = right_name(members, object, key);
        json_int_t before = json_integer_value(json_object_get(times, name));
        json_object_set_new(times, name, json_integer(before + 1));
    }
    return times;
}

/* Gives the members of an object and of those below it their right names, in their order; parent
 * NULL is the whole. Of two that are to have one name, neither is renamed. Recurses as deep as the
 * table. pointer is that before any repair. */
static void rename_object(
    const struct walk *walk, const struct schema_field *parent, json_t *object, const char *pointer)
{
    const char *key = NULL;
    json_t *value = NULL;
    if (!json_is_object(object) || findings_is_full(walk->findings, FINDING_WARNING))
        return;
    const struct members members = members_of(walk, parent);
    auto_json json_t *times = count_names(&members, object);
    auto_json json_t *renamed = json_object();
    json_object_foreach (object, key, value) {
        const char *name = right_name(&members, object, key);
        bool is_only = json_integer_value(json_object_get(times, name)) == 1;
        auto_free char *its_pointer = json_pointer_join(pointer, key);
        if (is_only && name != key)
            findings_warning(walk->findings, its_pointer, "is read as \"%s\"", name);
        json_object_set(renamed, is_only ? name : key, value);
        int number = text_index(name, members.names, members.count);
        if (is_only && number >= 0)
            rename_value(walk, members.fields[number], value, its_pointer);
    }
    json_object_clear(object);
    json_object_update(object, renamed);
}

static void repair_run_strategy(json_t *vm, struct findings *findings)
{
    json_t *spec = json_object_get(vm, "spec");
    const char *text = json_get_string(spec, "runStrategy");
    const char *meant = text != NULL ? appliance_run_strategy_meant(text) : NULL;
    if (meant == NULL || streq(text, meant))
        return;
    auto_free char *shown = text_printable(text, strlen(text), strlen(text));
    findings_warning(findings, "/spec/runStrategy", "\"%s\" is taken as \"%s\"", shown, meant);
    json_object_set_new(spec, "runStrategy", json_string(meant));
}

/* A file system in the wrong place, as it is to be. All borrowed. */
struct filesystem {
    const char *name;
    const char *claim; /* NULL: its volume is to be there */
    const json_t *claim_source; /* persistentVolumeClaim, or NULL */
};

/* Reads an item. Returns false if it does not say what is meant. */
static bool read_filesystem(const json_t *item, struct filesystem *out)
{
    struct findings faults = {0};
    schema_find_faults(&appliance_misplaced_schema, item, "", &faults);
    const json_t *source = machine_value(item, "/persistentVolumeClaim");
    const char *inner = machine_string(source, "/claimName");
    const char *outer = machine_string(item, "/claimName");
    *out = (struct filesystem){.claim = inner != NULL ? inner : outer, .claim_source = source};
    out->name = text_or(machine_string(item, "/name"), out->claim);
    /* that the name is missing is what the claim's mends */
    bool is_right = faults.errors == (machine_string(item, "/name") == NULL ? 1 : 0);
    bool is_clear = inner == NULL || outer == NULL || streq(inner, outer);
    findings_clear(&faults);
    return is_right && is_clear && out->name != NULL && strchr(out->name, '.') == NULL &&
           strlen(out->name) <= ANNOTATIONS_LABEL_MAX &&
           annotations_name_is_dns_subdomain(out->name);
}

/* Whether a volume of the file system's name is there already and is another one, or is not there
 * and cannot be made. */
static bool has_no_volume(const json_t *volumes, const struct filesystem *filesystem)
{
    const json_t *volume = json_item_named(volumes, filesystem->name, NULL);
    const char *claim = machine_string(volume, "/persistentVolumeClaim/claimName");
    if (volume == NULL)
        return filesystem->claim == NULL;
    return filesystem->claim != NULL && (claim == NULL || !streq(claim, filesystem->claim));
}

/* The lists of a VM that file systems are part of. All borrowed. */
struct lists {
    json_t *filesystems;
    json_t *volumes;
};

/* Puts a file system where it belongs. Returns false if it cannot be told how. */
static bool move(
    const struct lists *lists, const json_t *item, const char *pointer, struct findings *findings)
{
    struct filesystem filesystem;
    if (!read_filesystem(item, &filesystem) ||
        json_item_named(lists->filesystems, filesystem.name, NULL) != NULL ||
        has_no_volume(lists->volumes, &filesystem))
        return false;
    bool has_volume = json_item_named(lists->volumes, filesystem.name, NULL) != NULL;
    findings_warning(findings, pointer,
        "is moved to spec.template.spec.domain.devices.filesystems%s%s",
        has_volume ? "" : ", with a volume of the claim ", has_volume ? "" : filesystem.claim);
    json_array_append_new(
        lists->filesystems, json_pack("{s:s, s:{}}", "name", filesystem.name, "virtiofs"));
    if (has_volume)
        return true;
    json_t *source = json_pack("{s:s}", "claimName", filesystem.claim);
    json_object_update_missing(source, (json_t *)filesystem.claim_source);
    json_array_append_new(lists->volumes,
        json_pack("{s:s, s:o}", "name", filesystem.name, "persistentVolumeClaim", source));
    return true;
}

/* A copy of the array at a member; of none, an empty one. New reference; NULL: it is no array. */
static json_t *copy_array(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL || json_is_null(value))
        return json_array();
    return json_is_array(value) ? json_copy((json_t *)value) : NULL; /* changes nothing */
}

/* Moves the file systems of a list to the devices, if it can be told how for all of them. */
static bool move_all(json_t *template_spec, json_t *devices, const char *place, const json_t *list,
    struct findings *findings)
{
    auto_json json_t *filesystems = copy_array(devices, "filesystems");
    auto_json json_t *volumes = copy_array(template_spec, "volumes");
    const struct lists lists = {.filesystems = filesystems, .volumes = volumes};
    struct findings moves = {0};
    bool all = filesystems != NULL && volumes != NULL;
    for (size_t i = 0; all && i < json_array_size(list); i++) {
        auto_free char *pointer = xasprintf("%s/%zu", place, i);
        all = move(&lists, json_array_get(list, i), pointer, &moves);
    }
    if (all) {
        json_object_set(devices, "filesystems", filesystems);
        if (json_array_size(volumes) > 0)
            json_object_set(template_spec, "volumes", volumes);
    }
    for (size_t i = 0; all && i < moves.count; i++)
        findings_warning(findings, moves.items[i].pointer, "%s", moves.items[i].message);
    findings_clear(&moves);
    return all;
}

/* The same for a list of a VM that may have no devices yet. */
static bool move_list(json_t *vm, const char *place, const json_t *list, struct findings *findings)
{
    json_t *template_spec = json_pointer_get(vm, "/spec/template/spec");
    json_t *domain = json_object_get(template_spec, "domain");
    json_t *devices = json_object_get(domain, "devices");
    if (json_is_object(devices))
        return move_all(template_spec, devices, place, list, findings);
    auto_json json_t *made = json_object();
    if (!json_is_object(domain) || (devices != NULL && !json_is_null(devices)) ||
        !move_all(template_spec, made, place, list, findings))
        return false;
    json_object_set(domain, "devices", made);
    return true;
}

static void repair_filesystems(json_t *vm, struct findings *findings)
{
    const struct walk walk = {.schema = &appliance_misplaced_schema, .findings = findings};
    for (size_t i = 0; appliance_misplaced_places[i] != NULL; i++) {
        const char *place = appliance_misplaced_places[i];
        json_t *list = json_pointer_get(vm, place);
        if (!json_is_array(list))
            continue;
        for (size_t k = 0; k < json_array_size(list); k++) {
            auto_free char *pointer = xasprintf("%s/%zu", place, k);
            rename_object(&walk, NULL, json_array_get(list, k), pointer);
        }
        auto_free char *above = xstrndup(place, strlen(place) - strlen("/filesystems"));
        if (move_list(vm, place, list, findings))
            json_object_del(json_pointer_get(vm, above), "filesystems");
    }
}

void appliance_repair(json_t *vm, struct findings *findings)
{
    const struct walk walk = {.schema = &appliance_vm_schema, .findings = findings};
    struct findings faults = {0};
    schema_find_faults(&appliance_vm_schema, vm, "", &faults);
    if (faults.errors > 0) /* most are right, and the search takes longer than the check */
        rename_object(&walk, NULL, vm, "");
    findings_clear(&faults);
    repair_run_strategy(vm, findings);
    repair_filesystems(vm, findings);
}
