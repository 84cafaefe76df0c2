#include "machine/volume.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "machine/access_credentials.h"
#include "machine/direct_io.h"
#include "machine/fields.h"
#include "machine/value.h"
#include "machine/volume_search.h"

enum { LONGEST_SHOWN = 64 };

static const struct {
    const char *name;
    enum machine_volume_kind kind;
    void (*find)(struct machine_volume_search *search);
    const char *mount; /* of a directory: the parent of KubeVirt's mount point */
} sources[] = {
    {"containerDisk", MACHINE_CONTAINER_DISK, machine_volume_find_container_disk, NULL},
    {"hostDisk", MACHINE_HOST_DISK, machine_volume_find_host_disk, NULL},
    {"persistentVolumeClaim", MACHINE_PVC, machine_volume_find_claim, NULL},
    {"dataVolume", MACHINE_PVC, machine_volume_find_claim, NULL},
    {"ephemeral", MACHINE_EPHEMERAL, machine_volume_find_ephemeral, NULL},
    {"emptyDisk", MACHINE_EMPTY_DISK, machine_volume_find_empty_disk, NULL},
    {"cloudInitNoCloud", MACHINE_CLOUD_INIT_NO_CLOUD, machine_volume_find_cloud_init, NULL},
    {"cloudInitConfigDrive", MACHINE_CLOUD_INIT_CONFIG_DRIVE, machine_volume_find_cloud_init, NULL},
    {"configMap", MACHINE_DIRECTORY_ISO, machine_volume_find_directory_iso, "config-map"},
    {"secret", MACHINE_DIRECTORY_ISO, machine_volume_find_directory_iso, "secret"},
    {"downwardAPI", MACHINE_DIRECTORY_ISO, machine_volume_find_directory_iso, "downwardapi"},
    {"serviceAccount", MACHINE_DIRECTORY_ISO, machine_volume_find_directory_iso, "service-account"},
    {"sysprep", MACHINE_DIRECTORY_ISO, machine_volume_find_sysprep, "sysprep"},
    {"downwardMetrics", MACHINE_DOWNWARD_METRICS, machine_volume_find_metrics, NULL},
};

/* Whether QEMU can read and write the disk, and what is below an overlay, past the page cache. */
static void find_direct_io(const struct machine_volume_search *search)
{
    struct machine_volume *volume = search->volume;
    if (search->options->dry_run || volume->path == NULL) {
        volume->direct_io = true;
        return;
    }
    volume->direct_io = machine_direct_io_works(volume->path) &&
                        (volume->backing_format == NULL || volume->source == NULL ||
                            machine_direct_io_works(volume->source));
}

/* Finds one volume, whose name and spec are set. Returns whether its kind is clear. */
static bool find_volume(struct machine_volume_search *search)
{
    size_t chosen = ARRAY_SIZE(sources);
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
        if (json_is_object(json_object_get(search->volume->spec, sources[i].name))) {
            chosen = i;
            count++;
        }
    }
    auto_free char *place = xasprintf("/spec/volumes/%zu", search->index);
    if (count != 1) {
        const char *names[ARRAY_SIZE(sources)];
        for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
            names[i] = sources[i].name;
        auto_free char *list = text_list(names, ARRAY_SIZE(sources));
        findings_error(search->findings, place, "must have %s of %s, not %zu",
            count == 0 ? "one" : "only one", list, count);
        return false;
    }
    search->source_name = sources[chosen].name;
    search->source = json_object_get(search->volume->spec, sources[chosen].name);
    search->mount = sources[chosen].mount;
    search->volume->kind = sources[chosen].kind;
    auto_free char *source_place = json_pointer_join(place, search->source_name);
    search->place = source_place;
    sources[chosen].find(search);
    find_direct_io(search);
    return true;
}

/* Adds an error for each NAME in an option that no volume has. */
static void check_mappings(const struct pairs *mappings, const char *option, const char *what,
    const char *const *names, size_t count, struct findings *findings)
{
    for (size_t i = 0; i < mappings->count; i++) {
        const char *name = mappings->items[i].name;
        if (text_index(name, names, count) >= 0)
            continue;
        auto_free char *shown = text_printable(name, strlen(name), LONGEST_SHOWN);
        auto_free char *hint = suggest_hint(name, names, count);
        findings_error(findings, "/spec/volumes", "have no %s \"%s\", which --%s names%s", what,
            shown, option, hint);
    }
}

/* Checks --volume-dir, which names volumes and the Secrets of access credentials. */
static void check_directories(const json_t *vmi, const struct machine_volume_options *options,
    const char *const *volumes, size_t count, struct findings *findings)
{
    const json_t *credentials = machine_value(vmi, "/spec/accessCredentials");
    size_t credential_count = json_array_size(credentials);
    auto_free const char **names = xcalloc(count + credential_count + 1, sizeof(*names));
    auto_free char **owned = xcalloc(credential_count + 1, sizeof(*owned));
    memcpy((void *)names, (const void *)volumes, count * sizeof(*names));
    size_t owned_count = 0;
    for (size_t i = 0; i < credential_count; i++) {
        char *name = machine_access_credential_volume(json_array_get(credentials, i));
        if (name == NULL)
            continue;
        owned[owned_count++] = name;
        names[count++] = name;
    }
    check_mappings(
        &options->directories, "volume-dir", "volume made of files", names, count, findings);
    for (size_t i = 0; i < owned_count; i++)
        free(owned[i]);
}

static void check_options(const json_t *vmi, const struct machine_volumes *volumes,
    const struct machine_volume_options *options, struct findings *findings)
{
    const char *images[MACHINE_MAX_ITEMS];
    const char *claims[MACHINE_MAX_ITEMS];
    const char *kept[MACHINE_MAX_ITEMS];
    const char *directories[MACHINE_MAX_ITEMS];
    size_t image_count = 0;
    size_t claim_count = 0;
    size_t kept_count = 0;
    size_t directory_count = 0;
    for (size_t i = 0; i < volumes->count; i++) {
        const struct machine_volume *volume = &volumes->items[i];
        switch (volume->kind) {
        case MACHINE_CONTAINER_DISK:
            images[image_count++] = volume->name;
            break;
        case MACHINE_PVC:
            kept[kept_count++] = machine_volume_claim(volume->spec);
            claims[claim_count++] = kept[kept_count - 1];
            break;
        case MACHINE_EPHEMERAL:
            claims[claim_count++] = machine_volume_claim(volume->spec);
            break;
        case MACHINE_CLOUD_INIT_NO_CLOUD:
        case MACHINE_CLOUD_INIT_CONFIG_DRIVE:
        case MACHINE_DIRECTORY_ISO:
            directories[directory_count++] = volume->name;
            break;
        case MACHINE_HOST_DISK:
        case MACHINE_EMPTY_DISK:
        case MACHINE_DOWNWARD_METRICS:
            break;
        }
    }
    check_mappings(&options->container_disks, "container-disk", "container disk", images,
        image_count, findings);
    check_mappings(&options->pvcs, "pvc", "claim", claims, claim_count, findings);
    check_mappings(&options->overlays, "overlay", "claim that is kept", kept, kept_count, findings);
    check_directories(vmi, options, directories, directory_count, findings);
}

int machine_volumes_find(const json_t *vmi, const struct machine_volume_options *options,
    struct machine_volumes *out, struct findings *findings)
{
    size_t errors = findings->errors;
    const json_t *specs = machine_value(vmi, "/spec/volumes");
    *out =
        (struct machine_volumes){.items = xcalloc(json_array_size(specs) + 1, sizeof(*out->items))};
    size_t i = 0;
    json_t *spec = NULL;
    json_array_foreach ((json_t *)specs, i, spec) {
        const char *name = machine_string(spec, "/name");
        if (machine_volume_named(out, name) != NULL) {
            auto_free char *place = xasprintf("/spec/volumes/%zu/name", i);
            findings_error(findings, place, "is already the name of another volume: %s", name);
            continue;
        }
        struct machine_volume_search search = {
            .vmi = vmi,
            .options = options,
            .findings = findings,
            .index = i,
            .volume = &out->items[out->count],
        };
        *search.volume = (struct machine_volume){.name = name, .spec = spec};
        if (find_volume(&search))
            out->count++;
    }
    check_options(vmi, out, options, findings);
    return findings->errors > errors ? -1 : 0;
}

const struct machine_volume *machine_volume_named(
    const struct machine_volumes *volumes, const char *name)
{
    for (size_t i = 0; i < volumes->count; i++) {
        if (streq(volumes->items[i].name, name))
            return &volumes->items[i];
    }
    return NULL;
}

void machine_volumes_clear(struct machine_volumes *volumes)
{
    for (size_t i = 0; i < volumes->count; i++) {
        free(volumes->items[i].source);
        free(volumes->items[i].path);
    }
    free(volumes->items);
    *volumes = (struct machine_volumes){0};
}
