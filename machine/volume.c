#include "machine/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "machine/fields.h"
#include "machine/value.h"

/* Where KubeVirt mounts volumes in the compute container. */
#define CONTAINER_DISKS "/var/run/kubevirt/container-disks"
#define PRIVATE_DIRECTORY "/var/run/kubevirt-private"
#define VMI_DISKS PRIVATE_DIRECTORY "/vmi-disks"

enum { LONGEST_SHOWN = 64 };

/* The search for one volume. */
struct search {
    const json_t *vmi;
    const struct machine_volume_options *options;
    struct findings *findings;
    size_t index; /* among the volumes */
    const char *source_name; /* "containerDisk", … */
    const json_t *source; /* its object */
    const char *mount; /* for directories: where KubeVirt mounts them, below PRIVATE_DIRECTORY */
    const char *place; /* the JSON Pointer of source */
    struct machine_volume *volume;
};

/* Returns path as the domain can hold it: absolute and, as far as it exists, without symbolic
 * links; NULL, with an error among the findings, if a domain cannot hold it. */
static char *resolve(const struct search *search, const char *path)
{
    auto_free char *shown = text_printable(path, strlen(path), strlen(path));
    if (!streq(shown, path)) {
        findings_error(search->findings, search->place,
            "the path %s contains characters that a domain cannot hold", shown);
        return NULL;
    }
    char *real = realpath(path, NULL);
    if (real != NULL || path[0] == '/')
        return real != NULL ? real : xstrdup(path);
    auto_free char *here = getcwd(NULL, 0);
    return file_join(here != NULL ? here : "/", path);
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* Returns the option's path, or else KubeVirt's standard path, resolved. Owned by the caller; NULL,
 * with an error that names option, if there is neither. */
static char *locate(const struct search *search, const struct pairs *mappings, const char *name,
    const char *option, const char *standard)
{
    const char *given = pairs_find(mappings, name);
    if (given == NULL && !search->options->dry_run && !is_there(standard)) {
        findings_error(search->findings, search->place,
            "is not on this machine: give its path with --%s %s=PATH (the default is %s)", option,
            name, standard);
        return NULL;
    }
    return resolve(search, given != NULL ? given : standard);
}

/* The disk that shows the volume to the guest, or NULL. */
static const json_t *disk_of(const struct search *search)
{
    return machine_item_named(
        machine_value(search->vmi, "/spec/domain/devices/disks"), search->volume->name);
}

/* Whether a guest can write to the volume's disk. */
static bool is_written(const struct search *search)
{
    const json_t *disk = disk_of(search);
    bool cdrom = machine_value(disk, "/cdrom") != NULL;
    return !machine_boolean(disk, "/cdrom/readonly", cdrom) &&
           !machine_boolean(disk, "/disk/readonly", false) &&
           !machine_boolean(disk, "/lun/readonly", false);
}

/* Whether the file or device at path can be used as an image; adds an error if not. */
static bool check_image(const struct search *search, const char *path, bool written, bool *block)
{
    struct stat status;
    if (stat(path, &status) < 0) {
        findings_error(search->findings, search->place, "its image %s: %s", path, strerror(errno));
        return false;
    }
    *block = S_ISBLK(status.st_mode);
    if (!*block && !S_ISREG(status.st_mode)) {
        findings_error(search->findings, search->place,
            "its image %s is neither a file nor a block device", path);
        return false;
    }
    if (faccessat(AT_FDCWD, path, R_OK | (written ? W_OK : 0), AT_EACCESS) < 0) {
        findings_error(search->findings, search->place, "its image %s cannot be %s: %s", path,
            written ? "read and written" : "read", strerror(errno));
        return false;
    }
    return true;
}

static char *made_path(const struct search *search, const char *prefix, const char *suffix)
{
    return xasprintf(
        "%s/%s%s%s", search->options->work_directory, prefix, search->volume->name, suffix);
}

static const char *format_from_name(const char *path)
{
    return text_ends_with(path, ".qcow2") ? "qcow2" : "raw";
}

static void find_container_disk(struct search *search)
{
    struct machine_volume *volume = search->volume;
    auto_free char *standard = xasprintf(CONTAINER_DISKS "/disk_%zu.img", search->index);
    volume->source =
        locate(search, &search->options->container_disks, volume->name, "container-disk", standard);
    volume->format = "qcow2";
    volume->path = made_path(search, "container-disk-", ".qcow2");
    if (volume->source == NULL)
        return;
    volume->backing_format = format_from_name(volume->source);
    bool block = false;
    if (search->options->dry_run && !is_there(volume->source))
        return;
    if (!check_image(search, volume->source, false, &block))
        return;
    auto_error struct error *error = NULL;
    if (block) {
        findings_error(search->findings, search->place,
            "its image %s is a block device, not a file", volume->source);
    } else if (search->options->inspect(volume->source, &volume->backing_format, &error) < 0) {
        findings_error(search->findings, search->place, "%s", error->message);
    }
}

/* Makes the guest use a raw image directly. The format is never probed: a guest could write a qcow2
 * header with a backing file to its own disk. */
static void use_raw_image(struct search *search, char *take_path)
{
    struct machine_volume *volume = search->volume;
    volume->format = "raw";
    volume->source = take_path;
    if (take_path == NULL)
        return;
    volume->path = xstrdup(take_path);
    if (!search->options->dry_run || is_there(take_path))
        check_image(search, take_path, is_written(search), &volume->block);
}

static void find_host_disk(struct search *search)
{
    struct machine_volume *volume = search->volume;
    const char *given = machine_string(search->source, "/path");
    if (given[0] != '/') {
        auto_free char *place = json_pointer_join(search->place, "path");
        findings_error(search->findings, place, "must be an absolute path, not \"%s\"", given);
        return;
    }
    auto_free char *directory = xasprintf(VMI_DISKS "/%s", volume->name);
    auto_free char *mounted = file_join(directory, strrchr(given, '/') + 1);
    char *path = resolve(search, is_there(directory) ? mounted : given);
    bool create = streq(machine_string(search->source, "/type"), "DiskOrCreate");
    if (path == NULL || !create || is_there(path)) {
        use_raw_image(search, path);
        return;
    }
    volume->format = "raw";
    volume->path = path;
    volume->capacity = machine_whole(search->source, "/capacity", false);
    if (volume->capacity <= 0) {
        auto_free char *place = json_pointer_join(search->place, "capacity");
        findings_error(
            search->findings, place, "is required: %s does not exist and must be created", path);
    }
}

/* The name of a volume's claim; a DataVolume's claim has the DataVolume's name. */
static const char *claim_of(const json_t *spec)
{
    return text_or(machine_string(spec, "/persistentVolumeClaim/claimName"),
        machine_string(spec, "/dataVolume/name"));
}

static void find_claim(struct search *search)
{
    struct machine_volume *volume = search->volume;
    const char *claim = claim_of(volume->spec);
    bool lun = machine_value(disk_of(search), "/lun") != NULL;
    auto_free char *device = xasprintf("/dev/%s", volume->name);
    auto_free char *directory = xasprintf(VMI_DISKS "/%s", volume->name);
    struct stat status;
    /* outside of a launcher pod, such a device belongs to the machine */
    bool has_device =
        is_there(PRIVATE_DIRECTORY) && stat(device, &status) == 0 && S_ISBLK(status.st_mode);
    const char *standard = has_device || (lun && search->options->dry_run) ? device : directory;
    auto_free char *path = locate(search, &search->options->pvcs, claim, "pvc", standard);
    if (path == NULL) {
        use_raw_image(search, NULL);
        return;
    }
    bool found = stat(path, &status) == 0;
    volume->block = !found && lun; /* assumed in a dry run */
    if (found ? S_ISDIR(status.st_mode) : streq(path, directory)) {
        use_raw_image(search, file_join(path, "disk.img"));
    } else {
        use_raw_image(search, steal(&path));
    }
}

static void find_empty_disk(struct search *search)
{
    struct machine_volume *volume = search->volume;
    volume->format = "qcow2";
    volume->path = made_path(search, "empty-disk-", ".qcow2");
    volume->capacity = machine_whole(search->source, "/capacity", false);
    if (volume->capacity <= 0) {
        auto_free char *place = json_pointer_join(search->place, "capacity");
        findings_error(search->findings, place, "must be more than 0 bytes");
    }
}

/* Finds the directory of a configMap, secret or the like, as the volume's source. */
static void find_directory(struct search *search, const char *standard)
{
    struct machine_volume *volume = search->volume;
    bool optional = machine_boolean(search->source, "/optional", false);
    if (optional && pairs_find(&search->options->directories, volume->name) == NULL &&
        !is_there(standard))
        return;
    volume->source =
        locate(search, &search->options->directories, volume->name, "volume-dir", standard);
    if (volume->source == NULL || (search->options->dry_run && !is_there(volume->source)))
        return;
    struct stat status;
    if (stat(volume->source, &status) < 0 || !S_ISDIR(status.st_mode)) {
        findings_error(
            search->findings, search->place, "its files: %s is not a directory", volume->source);
    } else if (faccessat(AT_FDCWD, volume->source, R_OK | X_OK, AT_EACCESS) < 0) {
        findings_error(search->findings, search->place, "its files in %s cannot be read: %s",
            volume->source, strerror(errno));
    }
}

static void find_cloud_init(struct search *search)
{
    struct machine_volume *volume = search->volume;
    bool no_cloud = volume->kind == MACHINE_CLOUD_INIT_NO_CLOUD;
    volume->format = "raw";
    volume->path =
        file_join(search->options->work_directory, no_cloud ? "noCloud.iso" : "configdrive.iso");
    if (machine_value(search->source, "/secretRef") == NULL &&
        machine_value(search->source, "/networkDataSecretRef") == NULL)
        return;
    auto_free char *standard = xasprintf(PRIVATE_DIRECTORY "/secret/%s", volume->name);
    find_directory(search, standard);
}

static void find_directory_iso(struct search *search)
{
    struct machine_volume *volume = search->volume;
    volume->format = "raw";
    auto_free char *prefix = xasprintf("%s-", search->mount);
    volume->path = made_path(search, prefix, ".iso");
    auto_free char *standard = xasprintf(PRIVATE_DIRECTORY "/%s/%s", search->mount, volume->name);
    find_directory(search, standard);
}

static const struct {
    const char *name;
    enum machine_volume_kind kind;
    void (*find)(struct search *search);
    const char *mount; /* of a directory: the parent of KubeVirt's mount point */
} sources[] = {
    {"containerDisk", MACHINE_CONTAINER_DISK, find_container_disk, NULL},
    {"hostDisk", MACHINE_HOST_DISK, find_host_disk, NULL},
    {"persistentVolumeClaim", MACHINE_PVC, find_claim, NULL},
    {"dataVolume", MACHINE_PVC, find_claim, NULL},
    {"emptyDisk", MACHINE_EMPTY_DISK, find_empty_disk, NULL},
    {"cloudInitNoCloud", MACHINE_CLOUD_INIT_NO_CLOUD, find_cloud_init, NULL},
    {"cloudInitConfigDrive", MACHINE_CLOUD_INIT_CONFIG_DRIVE, find_cloud_init, NULL},
    {"configMap", MACHINE_DIRECTORY_ISO, find_directory_iso, "config-map"},
    {"secret", MACHINE_DIRECTORY_ISO, find_directory_iso, "secret"},
    {"downwardAPI", MACHINE_DIRECTORY_ISO, find_directory_iso, "downwardapi"},
};

/* Finds one volume, whose name and spec are set. Returns whether its kind is clear. */
static bool find_volume(struct search *search)
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

static void check_options(const struct machine_volumes *volumes,
    const struct machine_volume_options *options, struct findings *findings)
{
    const char *images[MACHINE_MAX_ITEMS];
    const char *claims[MACHINE_MAX_ITEMS];
    const char *directories[MACHINE_MAX_ITEMS];
    size_t image_count = 0;
    size_t claim_count = 0;
    size_t directory_count = 0;
    for (size_t i = 0; i < volumes->count; i++) {
        const struct machine_volume *volume = &volumes->items[i];
        switch (volume->kind) {
        case MACHINE_CONTAINER_DISK:
            images[image_count++] = volume->name;
            break;
        case MACHINE_PVC:
            claims[claim_count++] = claim_of(volume->spec);
            break;
        case MACHINE_CLOUD_INIT_NO_CLOUD:
        case MACHINE_CLOUD_INIT_CONFIG_DRIVE:
        case MACHINE_DIRECTORY_ISO:
            directories[directory_count++] = volume->name;
            break;
        case MACHINE_HOST_DISK:
        case MACHINE_EMPTY_DISK:
            break;
        }
    }
    check_mappings(&options->container_disks, "container-disk", "container disk", images,
        image_count, findings);
    check_mappings(&options->pvcs, "pvc", "claim", claims, claim_count, findings);
    check_mappings(&options->directories, "volume-dir", "volume made of files", directories,
        directory_count, findings);
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
        struct search search = {
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
    check_options(out, options, findings);
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
