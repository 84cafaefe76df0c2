#include "machine/volume_search.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "machine/paths.h"
#include "machine/value.h"

/* Where KubeVirt mounts volumes in the compute container. */
#define CONTAINER_DISKS "/var/run/kubevirt/container-disks"
#define PRIVATE_DIRECTORY MACHINE_PRIVATE_DIRECTORY
#define VMI_DISKS PRIVATE_DIRECTORY "/vmi-disks"
#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

/* Returns path as the domain can hold it: absolute and, as far as it exists, without symbolic
 * links; NULL, with an error among the findings, if a domain cannot hold it. */
static char *resolve(const struct machine_volume_search *search, const char *path)
{
    auto_free char *shown = text_printable(path, strlen(path), strlen(path));
    if (!streq(shown, path)) {
        findings_error(search->findings, search->place,
            "the path %s contains characters that a domain cannot hold", shown);
        return NULL;
    }
    char *real = realpath(path, NULL);
    return real != NULL ? real : file_absolute(path);
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* Returns the option's path, or else KubeVirt's standard path, resolved. Owned by the caller; NULL,
 * with an error that names option, if there is neither. */
static char *locate(const struct machine_volume_search *search, const struct pairs *mappings,
    const char *name, const char *option, const char *standard)
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
static const json_t *disk_of(const struct machine_volume_search *search)
{
    return machine_item_named(
        machine_value(search->vmi, "/spec/domain/devices/disks"), search->volume->name);
}

/* Whether a guest can write to the volume's disk. */
static bool is_written(const struct machine_volume_search *search)
{
    const json_t *disk = disk_of(search);
    bool cdrom = machine_value(disk, "/cdrom") != NULL;
    return !machine_boolean(disk, "/cdrom/readonly", cdrom) &&
           !machine_boolean(disk, "/disk/readonly", false) &&
           !machine_boolean(disk, "/lun/readonly", false);
}

/* Whether the file or device at path can be used as an image; adds an error if not. */
static bool check_image(
    const struct machine_volume_search *search, const char *path, bool written, bool *block)
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

static char *made_path(
    const struct machine_volume_search *search, const char *prefix, const char *suffix)
{
    return xasprintf(
        "%s/%s%s%s", search->options->work_directory, prefix, search->volume->name, suffix);
}

/* The format of a container disk that a dry run does not see: most are qcow2, and a file that the
 * user gives has a name. */
static const char *assume_format(const char *path, const char *standard)
{
    return streq(path, standard) || text_ends_with(path, ".qcow2") ? "qcow2" : "raw";
}

void machine_volume_find_container_disk(struct machine_volume_search *search)
{
    struct machine_volume *volume = search->volume;
    auto_free char *standard = xasprintf(CONTAINER_DISKS "/disk_%zu.img", search->index);
    volume->source =
        locate(search, &search->options->container_disks, volume->name, "container-disk", standard);
    volume->format = "qcow2";
    volume->path = made_path(search, "container-disk-", ".qcow2");
    if (volume->source == NULL)
        return;
    volume->backing_format = assume_format(volume->source, standard);
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

/* Notes the size of the raw image at source, if it exists. Returns whether all of it is allocated
 * in a file. */
static bool measure(struct machine_volume *volume, bool block)
{
    enum { STAT_BLOCK = 512 }; /* of st_blocks, whatever the file system's blocks are */
    struct stat status;
    uint64_t bytes = 0;
    if (block) {
        auto_fd int fd = open(volume->source, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd >= 0 && ioctl(fd, BLKGETSIZE64, &bytes) == 0)
            volume->capacity = (long long)bytes;
        return false;
    }
    if (stat(volume->source, &status) < 0)
        return false;
    volume->capacity = status.st_size;
    return status.st_blocks * STAT_BLOCK >= status.st_size;
}

/* Makes the guest use a raw image directly. The format is never probed: a guest could write a qcow2
 * header with a backing file to its own disk. */
static void use_raw_image(struct machine_volume_search *search, char *take_path)
{
    struct machine_volume *volume = search->volume;
    volume->format = "raw";
    volume->source = take_path;
    if (take_path == NULL)
        return;
    volume->path = xstrdup(take_path);
    if (!search->options->dry_run || is_there(take_path))
        check_image(search, take_path, is_written(search), &volume->block);
    volume->allocated = measure(volume, volume->block);
}

void machine_volume_find_host_disk(struct machine_volume_search *search)
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

const char *machine_volume_claim(const json_t *spec)
{
    static const char *const pointers[] = {"/persistentVolumeClaim/claimName", "/dataVolume/name",
        "/ephemeral/persistentVolumeClaim/claimName"};
    const char *claim = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(pointers) && claim == NULL; i++)
        claim = machine_string(spec, pointers[i]);
    return claim;
}

/* What the VMI's status says about the claim of the volume, or NULL. */
static const json_t *claim_status(const struct machine_volume_search *search)
{
    const json_t *statuses = machine_value(search->vmi, "/status/volumeStatus");
    return machine_value(
        machine_item_named(statuses, search->volume->name), "/persistentVolumeClaimInfo");
}

/* Whether a claim that a dry run does not see is taken for a block device. */
static bool assume_block(const struct machine_volume_search *search)
{
    const char *mode = machine_string(claim_status(search), "/volumeMode");
    return machine_value(disk_of(search), "/lun") != NULL || (mode != NULL && streq(mode, "Block"));
}

/* Sets what the status says about the claim: its capacity, which is what was asked for if there is
 * more, and whether all of it was allocated. */
static void take_status(const struct machine_volume_search *search)
{
    const json_t *status = claim_status(search);
    search->volume->preallocated = machine_boolean(status, "/preallocated", false);
    long long capacity = machine_whole(status, "/capacity/storage", false);
    long long asked = machine_whole(status, "/requests/storage", false);
    if (capacity > 0)
        search->volume->capacity = asked > 0 && asked < capacity ? asked : capacity;
}

/* Returns the path of a claim's image, owned by the caller; NULL, with an error, if there is none.
 * *block: it is assumed, in a dry run, to be a block device. */
static char *find_claim_image(const struct machine_volume_search *search, bool *block)
{
    const struct machine_volume *volume = search->volume;
    bool assumed = search->options->dry_run && assume_block(search);
    auto_free char *device = xasprintf("/dev/%s", volume->name);
    auto_free char *directory = xasprintf(VMI_DISKS "/%s", volume->name);
    struct stat status;
    /* outside of a launcher pod, such a device belongs to the machine */
    bool has_device =
        is_there(PRIVATE_DIRECTORY) && stat(device, &status) == 0 && S_ISBLK(status.st_mode);
    const char *standard = has_device || assumed ? device : directory;
    auto_free char *path =
        locate(search, &search->options->pvcs, machine_volume_claim(volume->spec), "pvc", standard);
    if (path == NULL)
        return NULL;
    bool found = stat(path, &status) == 0;
    *block = !found && assumed;
    bool is_directory = found ? S_ISDIR(status.st_mode) : streq(path, directory);
    return is_directory ? file_join(path, "disk.img") : steal(&path);
}

/* Finds the format of what is below an overlay: the image of the claim, which is only read. */
static void inspect_base(struct machine_volume_search *search)
{
    struct machine_volume *volume = search->volume;
    auto_error struct error *error = NULL;
    volume->backing_format = text_ends_with(volume->source, ".qcow2") ? "qcow2" : "raw";
    if (search->options->dry_run && !is_there(volume->source))
        return;
    if (check_image(search, volume->source, false, &volume->backing_block) &&
        search->options->inspect(volume->source, &volume->backing_format, &error) < 0)
        findings_error(search->findings, search->place, "%s", error->message);
}

/* Makes the guest use an overlay that stays: what it writes is kept there, and the claim's image is
 * never written. That it is qcow2 is decided here, and the domain names what is below it: what is in
 * the overlay's own header does not count. */
static void use_overlay(struct machine_volume_search *search, const char *given)
{
    struct machine_volume *volume = search->volume;
    auto_error struct error *error = NULL;
    bool block = false;
    volume->format = "qcow2";
    volume->path = resolve(search, given);
    volume->source = find_claim_image(search, &volume->backing_block);
    if (volume->source != NULL)
        inspect_base(search);
    if (volume->path == NULL || (search->options->dry_run && !is_there(volume->path)))
        return;
    if (!check_image(search, volume->path, is_written(search), &block))
        return;
    if (block)
        findings_error(search->findings, search->place,
            "its overlay %s is a block device, not a file", volume->path);
    else if (search->options->check_overlay(volume->path, &error) < 0)
        findings_error(search->findings, search->place, "its overlay: %s", error->message);
}

void machine_volume_find_claim(struct machine_volume_search *search)
{
    bool block = false;
    const char *overlay =
        pairs_find(&search->options->overlays, machine_volume_claim(search->volume->spec));
    if (overlay != NULL) {
        use_overlay(search, overlay);
        take_status(search);
        return;
    }
    char *path = find_claim_image(search, &block);
    search->volume->block = block;
    use_raw_image(search, path);
    take_status(search);
    if (search->options->dry_run && path != NULL && !is_there(path))
        search->volume->allocated = search->volume->preallocated;
}

/* The claim's image is only read: the guest writes to an overlay. */
void machine_volume_find_ephemeral(struct machine_volume_search *search)
{
    struct machine_volume *volume = search->volume;
    volume->format = "qcow2";
    volume->path = made_path(search, "ephemeral-", ".qcow2");
    volume->backing_format = "raw";
    volume->source = find_claim_image(search, &volume->backing_block);
    if (volume->source == NULL)
        return;
    if (!search->options->dry_run || is_there(volume->source))
        check_image(search, volume->source, false, &volume->backing_block);
    measure(volume, volume->backing_block);
    take_status(search);
}

void machine_volume_find_empty_disk(struct machine_volume_search *search)
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
static void find_directory(struct machine_volume_search *search, const char *standard)
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

void machine_volume_find_cloud_init(struct machine_volume_search *search)
{
    struct machine_volume *volume = search->volume;
    bool no_cloud = volume->kind == MACHINE_CLOUD_INIT_NO_CLOUD;
    volume->format = "raw";
    volume->path =
        file_join(search->options->work_directory, no_cloud ? "noCloud.iso" : "configdrive.iso");
    if (!machine_refers(search->source, "secretRef") &&
        !machine_refers(search->source, "networkDataSecretRef"))
        return;
    auto_free char *standard = xasprintf(MACHINE_SECRET_DIRECTORY "/%s", volume->name);
    find_directory(search, standard);
}

/* The label that the volume's source asks for, or KubeVirt's default.
 * Source: KubeVirt API reference, ConfigMapVolumeSource, volumeLabel. */
static const char *label_of(const struct machine_volume_search *search)
{
    const char *label = machine_string(search->source, "/volumeLabel");
    return text_or(label, "cfgdata");
}

/* Sets the ISO image that is made of a directory; standard is where KubeVirt mounts it. */
static void use_directory_iso(
    struct machine_volume_search *search, const char *label, const char *standard)
{
    struct machine_volume *volume = search->volume;
    volume->format = "raw";
    volume->allocated = true;
    volume->label = label;
    auto_free char *prefix = xasprintf("%s-", search->mount);
    volume->path = made_path(search, prefix, ".iso");
    find_directory(search, standard);
}

void machine_volume_find_directory_iso(struct machine_volume_search *search)
{
    bool account = streq(search->source_name, "serviceAccount");
    auto_free char *standard =
        account ? xstrdup(SERVICE_ACCOUNT)
                : xasprintf(PRIVATE_DIRECTORY "/%s/%s", search->mount, search->volume->name);
    use_directory_iso(search, label_of(search), standard);
}

/* Whether the directory has an answer file for Windows' Setup. */
static bool has_answers(const char *path)
{
    static const char *const names[] = {"autounattend.xml", "unattend.xml"};
    DIR *directory = opendir(path);
    bool found = false;
    const struct dirent *entry = NULL;
    while (directory != NULL && !found && (entry = readdir(directory)) != NULL) {
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
            found |= strcasecmp(entry->d_name, names[i]) == 0;
    }
    if (directory != NULL)
        closedir(directory);
    return found;
}

void machine_volume_find_sysprep(struct machine_volume_search *search)
{
    bool secret = machine_value(search->source, "/secret") != NULL;
    if (secret == (machine_value(search->source, "/configMap") != NULL)) {
        findings_error(search->findings, search->place, "must have %s of configMap and secret",
            secret ? "only one" : "one");
    }
    auto_free char *standard = xasprintf(PRIVATE_DIRECTORY "/sysprep/%s", search->volume->name);
    use_directory_iso(search, "unattendCD", standard);
    const char *directory = search->volume->source;
    if (directory != NULL && is_there(directory) && !has_answers(directory)) {
        findings_error(search->findings, search->place,
            "its files in %s are neither autounattend.xml nor unattend.xml", directory);
    }
}

void machine_volume_find_metrics(struct machine_volume_search *search)
{
    struct machine_volume *volume = search->volume;
    const json_t *disk = disk_of(search);
    const char *bus = machine_string(disk, "/disk/bus");
    volume->format = "raw";
    volume->path = file_join(search->options->work_directory, "vhostmd0");
    if (disk != NULL && (bus == NULL || !streq(bus, "virtio"))) {
        findings_error(search->findings, search->place, "needs a disk on the virtio bus");
    }
    findings_warning(search->findings, search->place,
        "is a disk without metrics: they come from a cluster's node");
}
