#include "appliance/check_templates.h"

#include "appliance/check_sizes.h"
#include "base/json.h"
#include "base/text.h"
#include "machine/value.h"

static const char *const sources[] = {
    "blank", "gcs", "http", "imageio", "pvc", "registry", "s3", "snapshot", "upload", "vddk"};
static const char *const storages[] = {"storage", "pvc"};
static const char *const populators[] = {"dataSource", "dataSourceRef"};

static bool is_there(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return value != NULL && !json_is_null(value);
}

/* Whether a volume's disk is the DataVolume of that name. */
static bool uses(const json_t *volume, const char *name)
{
    const char *claim = machine_string(volume, "/persistentVolumeClaim/claimName");
    const char *data_volume = machine_string(volume, "/dataVolume/name");
    return (claim != NULL && streq(claim, name)) ||
           (data_volume != NULL && streq(data_volume, name));
}

static bool is_used(const json_t *volumes, const char *name)
{
    for (size_t i = 0; i < json_array_size(volumes); i++) {
        if (uses(json_array_get(volumes, i), name))
            return true;
    }
    return false;
}

/* The template of that name, or NULL. */
static const json_t *find_template(const json_t *templates, const char *name, size_t *index)
{
    for (size_t i = 0; i < json_array_size(templates); i++) {
        const char *found = machine_string(json_array_get(templates, i), "/metadata/name");
        if (found != NULL && streq(found, name)) {
            *index = i;
            return json_array_get(templates, i);
        }
    }
    return NULL;
}

/* The names of DataVolumes that volumes refer to, and that no template has. */
struct strays {
    const char *names[APPLIANCE_MAX_DISKS];
    size_t volumes[APPLIANCE_MAX_DISKS]; /* their indices */
    size_t count;
};

static struct strays find_strays(const struct appliance_check_scope *scope)
{
    size_t first = 0;
    struct strays strays = {.count = 0};
    for (size_t i = 0; i < json_array_size(scope->volumes); i++) {
        const char *name = machine_string(json_array_get(scope->volumes, i), "/dataVolume/name");
        if (name == NULL || appliance_check_is_open(name) ||
            find_template(scope->templates, name, &first) != NULL)
            continue;
        strays.names[strays.count] = name;
        strays.volumes[strays.count++] = i;
    }
    return strays;
}

/* Says that no volume uses a template; of one with a name that is near, there is no other word. */
static void say_unused(const struct appliance_check_scope *scope, size_t index, const char *name,
    struct strays *strays)
{
    auto_free char *shown = appliance_check_shown(name);
    const char *nearest = suggest_nearest(name, strays->names, strays->count);
    if (nearest == NULL) {
        appliance_check_error(
            scope, APPLIANCE_TEMPLATES, index, "", "\"%s\" is used by no volume", shown);
        return;
    }
    size_t stray = 0;
    while (strays->names[stray] != nearest)
        stray++;
    auto_free char *other = appliance_check_shown(nearest);
    appliance_check_error(scope, APPLIANCE_TEMPLATES, index, "",
        "\"%s\" is used by no volume, but spec.template.spec.volumes[%zu] names \"%s\"", shown,
        strays->volumes[stray], other);
    strays->count--;
    strays->names[stray] = strays->names[strays->count];
    strays->volumes[stray] = strays->volumes[strays->count];
}

/* Checks that a template has a name, and that a volume uses it. */
static void check_use(
    const struct appliance_check_scope *scope, size_t index, struct strays *strays)
{
    size_t first = index;
    const json_t *template = json_array_get(scope->templates, index);
    const char *name = machine_string(template, "/metadata/name");
    const json_t *metadata = json_object_get(template, "metadata");
    const json_t *given = json_object_get(metadata, "name");
    if (name == NULL) {
        bool wrong = given != NULL && !json_is_null(given) && !json_is_string(given);
        if (json_is_object(template) && !wrong)
            appliance_check_error(
                scope, APPLIANCE_TEMPLATES, index, "/metadata/name", "is required");
        return;
    }
    find_template(scope->templates, name, &first);
    if (first == index && !scope->open_volumes && !appliance_check_is_open(name) &&
        !is_used(scope->volumes, name))
        say_unused(scope, index, name, strays);
}

/* Checks that a DataVolume has one source, if it has a source. A member that is not known, which the
 * walk of the fields reports, may be meant as one. */
static void check_source(
    const struct appliance_check_scope *scope, size_t index, const json_t *source)
{
    size_t found = 0;
    if (!json_is_object(source))
        return;
    auto_free char *list = appliance_check_members(source, sources, ARRAY_SIZE(sources), &found);
    auto_free char *number = appliance_check_number(found);
    if (found > 1) {
        appliance_check_error(
            scope, APPLIANCE_TEMPLATES, index, "/spec/source", "has %s sources, %s", number, list);
    } else if (found == 0 && !appliance_check_has_unknown(source, sources, ARRAY_SIZE(sources))) {
        auto_free char *known = text_list(sources, ARRAY_SIZE(sources));
        appliance_check_error(scope, APPLIANCE_TEMPLATES, index, "/spec/source",
            "is empty: it needs one of %s; without \"source\", the disk is a clone of the "
            "DataSource",
            known);
    }
}

/* Checks what members of a DataVolume's spec exclude each other. */
static void check_exclusions(
    const struct appliance_check_scope *scope, size_t index, const json_t *spec)
{
    bool has_source = is_there(spec, "source");
    bool has_reference = is_there(spec, "sourceRef");
    if (has_source && has_reference)
        appliance_check_error(
            scope, APPLIANCE_TEMPLATES, index, "/spec", "source and sourceRef exclude each other");
    if (is_there(spec, "storage") && is_there(spec, "pvc"))
        appliance_check_error(
            scope, APPLIANCE_TEMPLATES, index, "/spec", "storage and pvc exclude each other");
    for (size_t i = 0; i < ARRAY_SIZE(storages); i++) {
        const json_t *storage = json_object_get(spec, storages[i]);
        for (size_t k = 0; k < ARRAY_SIZE(populators); k++) {
            if (!is_there(storage, populators[k]) || (!has_source && !has_reference))
                continue;
            auto_free char *rest = xasprintf("/spec/%s/%s", storages[i], populators[k]);
            appliance_check_error(scope, APPLIANCE_TEMPLATES, index, rest, "not together with %s",
                has_source ? "source" : "sourceRef");
        }
    }
}

/* Checks a mode of a disk, at rest in its template. */
static void check_mode(const struct appliance_check_scope *scope, size_t index, const char *rest,
    const char *mode, const char *const *known, size_t count)
{
    if (mode == NULL || appliance_check_is_open(mode) || text_index(mode, known, count) >= 0)
        return;
    auto_free char *list = text_list(known, count);
    auto_free char *shown = appliance_check_shown(mode);
    auto_free char *hint = suggest_hint(mode, known, count);
    appliance_check_error(
        scope, APPLIANCE_TEMPLATES, index, rest, "must be %s, not \"%s\"%s", list, shown, hint);
}

/* Checks the access modes of a disk, and its volume mode. */
static void check_modes(const struct appliance_check_scope *scope, size_t index, const json_t *spec)
{
    static const char *const access[] = {
        "ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"};
    static const char *const volume[] = {"Block", "Filesystem"};
    for (size_t i = 0; i < ARRAY_SIZE(storages); i++) {
        const json_t *storage = json_object_get(spec, storages[i]);
        const json_t *modes = json_object_get(storage, "accessModes");
        for (size_t k = 0; k < json_array_size(modes) && k < APPLIANCE_MAX_DISKS; k++) {
            auto_free char *rest = xasprintf("/spec/%s/accessModes/%zu", storages[i], k);
            check_mode(scope, index, rest, json_string_value(json_array_get(modes, k)), access,
                ARRAY_SIZE(access));
        }
        auto_free char *rest = xasprintf("/spec/%s/volumeMode", storages[i]);
        check_mode(
            scope, index, rest, machine_string(storage, "/volumeMode"), volume, ARRAY_SIZE(volume));
    }
}

static void check_reference(
    const struct appliance_check_scope *scope, size_t index, const json_t *reference)
{
    const char *name = appliance_kind_name(APPLIANCE_DATA_SOURCE);
    const char *kind = machine_string(reference, "/kind");
    if (kind == NULL || appliance_check_is_open(kind) || streq(kind, name))
        return;
    auto_free char *shown = appliance_check_shown(kind);
    auto_free char *hint = suggest_hint(kind, &name, 1);
    appliance_check_error(scope, APPLIANCE_TEMPLATES, index, "/spec/sourceRef/kind",
        "must be %s, not \"%s\"%s", name, shown, hint);
}

/* Whether a name is that of a claim of the DataSource's own, which a VM uses or gets a clone of. */
static bool is_owned(const struct appliance_check_scope *scope, const char *name)
{
    const struct appliance_object *owner = scope->source->object;
    const struct appliance_object *claim =
        appliance_objects_find(scope->objects, APPLIANCE_CLAIM, owner->namespace, name);
    return claim != NULL && appliance_object_is_owned_by(claim, owner);
}

/* Warns of volumes with a DataVolume that is none of the templates, unless that is not known yet. */
static void warn_of_strays(const struct appliance_check_scope *scope, const struct strays *strays)
{
    for (size_t i = 0; i < json_array_size(scope->templates); i++) {
        const char *name = machine_string(json_array_get(scope->templates, i), "/metadata/name");
        if (name != NULL && appliance_check_is_open(name))
            return;
    }
    for (size_t i = 0; i < strays->count; i++) {
        if (is_owned(scope, strays->names[i]))
            continue;
        auto_free char *shown = appliance_check_shown(strays->names[i]);
        auto_free char *pointer =
            xasprintf(APPLIANCE_VOLUMES "/%zu/dataVolume/name", strays->volumes[i]);
        findings_warning(scope->findings, pointer,
            "none of spec.dataVolumeTemplates is called \"%s\": such a DataVolume must be in the "
            "VM's namespace",
            shown);
    }
}

void appliance_check_templates(const struct appliance_check_scope *scope)
{
    appliance_check_names(
        scope, scope->templates, APPLIANCE_TEMPLATES, "/metadata/name", APPLIANCE_NAME_SUBDOMAIN);
    struct strays strays = find_strays(scope);
    for (size_t i = 0; i < json_array_size(scope->templates); i++) {
        const json_t *spec = json_object_get(json_array_get(scope->templates, i), "spec");
        check_use(scope, i, &strays);
        check_exclusions(scope, i, spec);
        check_source(scope, i, json_object_get(spec, "source"));
        check_reference(scope, i, json_object_get(spec, "sourceRef"));
        check_modes(scope, i, spec);
        appliance_check_size(scope, i, spec);
    }
    warn_of_strays(scope, &strays);
}
