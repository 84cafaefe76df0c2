#include "launcher/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "guest/image.h"
#include "launcher/fields.h"
#include "launcher/value.h"

/* Where KubeVirt mounts things in the compute container. */
#define CONTAINER_DISKS "/var/run/kubevirt/container-disks"
#define PRIVATE_DIRECTORY "/var/run/kubevirt-private"
#define VMI_DISKS PRIVATE_DIRECTORY "/vmi-disks"

enum { LONGEST_SHOWN = 64 };

/* One volume, while its place is sought. */
struct search {
    const json_t *vmi;
    const struct launcher_volume_options *options;
    struct findings *findings;
    size_t index; /* among the volumes */
    const char *source_name; /* "containerDisk", … */
    const json_t *source; /* its object */
    const char *mount; /* below PRIVATE_DIRECTORY; of directories */
    const char *place; /* the JSON Pointer of source */
    struct launcher_volume *volume;
};

static const char *mapped_path(const struct launcher_mappings *mappings, const char *name)
{
    for (size_t i = 0; i < mappings->count; i++) {
        if (streq(mappings->items[i].name, name))
            return mappings->items[i].path;
    }
    return NULL;
}

/* A path that the domain can hold, absolute and without symbolic links as far as it exists; NULL,
 * with an error among the findings, when it cannot be. */
static char *resolve(const struct search *search, const char *path)
{
    auto_free char *shown = text_printable(path, strlen(path), strlen(path));
    if (!streq(shown, path)) {
        findings_error(search->findings, search->place,
            "the path %s has characters that cannot stand in a domain", shown);
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

/* The option's path, or else the path where KubeVirt has it, resolved. Owned by the caller; NULL,
 * with an error that names option, when nothing is there. */
static char *locate(const struct search *search, const struct launcher_mappings *mappings,
    const char *name, const char *option, const char *standard)
{
    const char *given = mapped_path(mappings, name);
    if (given == NULL && !search->options->dry_run && !is_there(standard)) {
        findings_error(search->findings, search->place,
            "is not on this machine: say where it is with --%s %s=PATH (without, it would be %s)",
            option, name, standard);
        return NULL;
    }
    return resolve(search, given != NULL ? given : standard);
}

/* The disk that shows the volume to the guest, or NULL. */
static const json_t *disk_of(const struct search *search)
{
    return launcher_item_named(
        launcher_value(search->vmi, "/spec/domain/devices/disks"), search->volume->name);
}

/* Whether a guest can write to the volume's disk. */
static bool is_written(const struct search *search)
{
    const json_t *disk = disk_of(search);
    bool cdrom = launcher_value(disk, "/cdrom") != NULL;
    return !launcher_boolean(disk, "/cdrom/readonly", cdrom) &&
           !launcher_boolean(disk, "/disk/readonly", false) &&
           !launcher_boolean(disk, "/lun/readonly", false);
}

/* Whether the file or device at path can be used as an image; says what is wrong with it. */
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
    struct launcher_volume *volume = search->volume;
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
    } else if (guest_image_inspect(volume->source, &volume->backing_format, &error) < 0) {
        findings_error(search->findings, search->place, "%s", error->message);
    }
}

/* A raw image that the guest uses in its place. Its format is never looked for: a guest could
 * write the beginning of a qcow2 image, with a backing file, to its own disk. */
static void use_raw_image(struct search *search, char *take_path)
{
    struct launcher_volume *volume = search->volume;
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
    struct launcher_volume *volume = search->volume;
    const char *given = launcher_string(search->source, "/path");
    if (given[0] != '/') {
        auto_free char *place = json_pointer_join(search->place, "path");
        findings_error(search->findings, place, "must be an absolute path, not \"%s\"", given);
        return;
    }
    auto_free char *directory = xasprintf(VMI_DISKS "/%s", volume->name);
    auto_free char *mounted = file_join(directory, strrchr(given, '/') + 1);
    char *path = resolve(search, is_there(directory) ? mounted : given);
    bool create = streq(launcher_string(search->source, "/type"), "DiskOrCreate");
    if (path == NULL || !create || is_there(path)) {
        use_raw_image(search, path);
        return;
    }
    volume->format = "raw";
    volume->path = path;
    volume->capacity = launcher_whole(search->source, "/capacity", false);
    if (volume->capacity <= 0) {
        findings_error(search->findings, search->place,
            "has no \"capacity\", which is required: %s is not there and has to be made", path);
    }
}

/* The claim of a volume: that of a data volume has the data volume's name. */
static const char *claim_of(const json_t *spec)
{
    return text_or(launcher_string(spec, "/persistentVolumeClaim/claimName"),
        launcher_string(spec, "/dataVolume/name"));
}

static void find_claim(struct search *search)
{
    struct launcher_volume *volume = search->volume;
    const char *claim = claim_of(volume->spec);
    bool lun = launcher_value(disk_of(search), "/lun") != NULL;
    auto_free char *device = xasprintf("/dev/%s", volume->name);
    auto_free char *directory = xasprintf(VMI_DISKS "/%s", volume->name);
    struct stat status;
    /* outside of a launcher pod, such a device is the machine's own */
    bool has_device =
        is_there(PRIVATE_DIRECTORY) && stat(device, &status) == 0 && S_ISBLK(status.st_mode);
    const char *standard = has_device || (lun && search->options->dry_run) ? device : directory;
    auto_free char *path = locate(search, &search->options->pvcs, claim, "pvc", standard);
    if (path == NULL) {
        use_raw_image(search, NULL);
        return;
    }
    bool found = stat(path, &status) == 0;
    volume->block = !found && lun; /* of a dry run, which does not know */
    if (found ? S_ISDIR(status.st_mode) : streq(path, directory)) {
        use_raw_image(search, file_join(path, "disk.img"));
    } else {
        use_raw_image(search, steal(&path));
    }
}

static void find_empty_disk(struct search *search)
{
    struct launcher_volume *volume = search->volume;
    volume->format = "qcow2";
    volume->path = made_path(search, "empty-disk-", ".qcow2");
    volume->capacity = launcher_whole(search->source, "/capacity", false);
    if (volume->capacity <= 0) {
        auto_free char *place = json_pointer_join(search->place, "capacity");
        findings_error(search->findings, place, "must be more than 0 bytes");
    }
}

/* Finds the directory of a config map, secret or the like as the volume's source. */
static void find_directory(struct search *search, const char *standard)
{
    struct launcher_volume *volume = search->volume;
    bool optional = launcher_boolean(search->source, "/optional", false);
    if (optional && mapped_path(&search->options->directories, volume->name) == NULL &&
        !is_there(standard))
        return;
    volume->source =
        locate(search, &search->options->directories, volume->name, "volume-dir", standard);
    if (volume->source == NULL || (search->options->dry_run && !is_there(volume->source)))
        return;
    struct stat status;
    if (stat(volume->source, &status) < 0 || !S_ISDIR(status.st_mode)) {
        findings_error(
            search->findings, search->place, "its files: %s is no directory", volume->source);
    } else if (faccessat(AT_FDCWD, volume->source, R_OK | X_OK, AT_EACCESS) < 0) {
        findings_error(search->findings, search->place, "its files in %s cannot be read: %s",
            volume->source, strerror(errno));
    }
}

static void find_cloud_init(struct search *search)
{
    struct launcher_volume *volume = search->volume;
    bool no_cloud = volume->kind == LAUNCHER_CLOUD_INIT_NO_CLOUD;
    volume->format = "raw";
    volume->path =
        file_join(search->options->work_directory, no_cloud ? "noCloud.iso" : "configdrive.iso");
    if (launcher_value(search->source, "/secretRef") == NULL &&
        launcher_value(search->source, "/networkDataSecretRef") == NULL)
        return;
    auto_free char *standard = xasprintf(PRIVATE_DIRECTORY "/secret/%s", volume->name);
    find_directory(search, standard);
}

static void find_directory_iso(struct search *search)
{
    struct launcher_volume *volume = search->volume;
    volume->format = "raw";
    auto_free char *prefix = xasprintf("%s-", search->mount);
    volume->path = made_path(search, prefix, ".iso");
    auto_free char *standard = xasprintf(PRIVATE_DIRECTORY "/%s/%s", search->mount, volume->name);
    find_directory(search, standard);
}

static const struct {
    const char *name;
    enum launcher_volume_kind kind;
    void (*find)(struct search *search);
    const char *mount; /* of a directory: the parent of where KubeVirt mounts it */
} sources[] = {
    {"containerDisk", LAUNCHER_CONTAINER_DISK, find_container_disk, NULL},
    {"hostDisk", LAUNCHER_HOST_DISK, find_host_disk, NULL},
    {"persistentVolumeClaim", LAUNCHER_PVC, find_claim, NULL},
    {"dataVolume", LAUNCHER_PVC, find_claim, NULL},
    {"emptyDisk", LAUNCHER_EMPTY_DISK, find_empty_disk, NULL},
    {"cloudInitNoCloud", LAUNCHER_CLOUD_INIT_NO_CLOUD, find_cloud_init, NULL},
    {"cloudInitConfigDrive", LAUNCHER_CLOUD_INIT_CONFIG_DRIVE, find_cloud_init, NULL},
    {"configMap", LAUNCHER_DIRECTORY_ISO, find_directory_iso, "config-map"},
    {"secret", LAUNCHER_DIRECTORY_ISO, find_directory_iso, "secret"},
    {"downwardAPI", LAUNCHER_DIRECTORY_ISO, find_directory_iso, "downwardapi"},
};

/* Finds one volume, which has its name and spec. Returns whether it can be told what it is. */
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

/* Adds an error for each NAME of an option that no volume has. */
static void check_mappings(const struct launcher_mappings *mappings, const char *option,
    const char *what, const char *const *names, size_t count, struct findings *findings)
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

static void check_options(const struct launcher_volumes *volumes,
    const struct launcher_volume_options *options, struct findings *findings)
{
    const char *images[LAUNCHER_MAX_ITEMS];
    const char *claims[LAUNCHER_MAX_ITEMS];
    const char *directories[LAUNCHER_MAX_ITEMS];
    size_t image_count = 0;
    size_t claim_count = 0;
    size_t directory_count = 0;
    for (size_t i = 0; i < volumes->count; i++) {
        const struct launcher_volume *volume = &volumes->items[i];
        switch (volume->kind) {
        case LAUNCHER_CONTAINER_DISK:
            images[image_count++] = volume->name;
            break;
        case LAUNCHER_PVC:
            claims[claim_count++] = claim_of(volume->spec);
            break;
        case LAUNCHER_CLOUD_INIT_NO_CLOUD:
        case LAUNCHER_CLOUD_INIT_CONFIG_DRIVE:
        case LAUNCHER_DIRECTORY_ISO:
            directories[directory_count++] = volume->name;
            break;
        case LAUNCHER_HOST_DISK:
        case LAUNCHER_EMPTY_DISK:
            break;
        }
    }
    check_mappings(&options->container_disks, "container-disk", "container disk", images,
        image_count, findings);
    check_mappings(&options->pvcs, "pvc", "claim", claims, claim_count, findings);
    check_mappings(&options->directories, "volume-dir", "volume made of files", directories,
        directory_count, findings);
}

int launcher_volumes_find(const json_t *vmi, const struct launcher_volume_options *options,
    struct launcher_volumes *out, struct findings *findings)
{
    size_t errors = findings->errors;
    const json_t *specs = launcher_value(vmi, "/spec/volumes");
    *out = (struct launcher_volumes){
        .items = xcalloc(json_array_size(specs) + 1, sizeof(*out->items))};
    size_t i = 0;
    json_t *spec = NULL;
    json_array_foreach ((json_t *)specs, i, spec) {
        const char *name = launcher_string(spec, "/name");
        if (launcher_volume_named(out, name) != NULL) {
            auto_free char *place = xasprintf("/spec/volumes/%zu/name", i);
            findings_error(findings, place, "is the name of another volume too: \"%s\"", name);
            continue;
        }
        struct search search = {
            .vmi = vmi,
            .options = options,
            .findings = findings,
            .index = i,
            .volume = &out->items[out->count],
        };
        *search.volume = (struct launcher_volume){.name = name, .spec = spec};
        if (find_volume(&search))
            out->count++;
    }
    check_options(out, options, findings);
    return findings->errors > errors ? -1 : 0;
}

const struct launcher_volume *launcher_volume_named(
    const struct launcher_volumes *volumes, const char *name)
{
    for (size_t i = 0; i < volumes->count; i++) {
        if (streq(volumes->items[i].name, name))
            return &volumes->items[i];
    }
    return NULL;
}

void launcher_volumes_clear(struct launcher_volumes *volumes)
{
    for (size_t i = 0; i < volumes->count; i++) {
        free(volumes->items[i].source);
        free(volumes->items[i].path);
    }
    free(volumes->items);
    *volumes = (struct launcher_volumes){0};
}
