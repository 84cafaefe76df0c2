#include "appliance/artifact.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml_dump.h"
#include "machine/value.h"
#include "oci/sparse.h"
#include "oci/zstd.h"

enum { MAX_CONFIG_DEPTH = 64 };

int appliance_artifact_tell(const struct appliance_artifact_progress *progress, const char *disk,
    uint64_t done, uint64_t size, struct error **err)
{
    if (progress == NULL)
        return 0;
    if (progress->is_canceled != NULL && progress->is_canceled(progress->user))
        return error_set(err, ERROR_CANCELED, "interrupted");
    if (progress->tell != NULL)
        progress->tell(progress->user, disk, done, size);
    return 0;
}

static int take(void *user, const void *data, size_t length, struct error **err)
{
    struct appliance_artifact_passage *passage = user;
    passage->done += length;
    if (appliance_artifact_tell(
            passage->progress, passage->name, passage->done, passage->size, err) < 0)
        return -1;
    return passage->next.take(passage->next.user, data, length, err);
}

struct oci_sink appliance_artifact_passage_sink(struct appliance_artifact_passage *passage)
{
    return (struct oci_sink){take, passage};
}

/* Whether it is the name of a claim, and so of a file: lowercase letters, digits, - and ., not
 * first or last.
 * Source: RFC 1123. */
static bool is_name(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= APPLIANCE_ARTIFACT_MAX_NAME &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") == length &&
           strchr("-.", name[0]) == NULL && strchr("-.", name[length - 1]) == NULL;
}

static int read_disk(
    struct appliance_artifact_disk *disk, const struct oci_descriptor *layer, struct error **err)
{
    const char *name = text_or(oci_descriptor_annotation(layer, APPLIANCE_ARTIFACT_DISK_NAME), "");
    const char *size = text_or(oci_descriptor_annotation(layer, APPLIANCE_ARTIFACT_DISK_SIZE), "");
    auto_json json_t *sizes = json_pack("{s:s}", "size", size);
    annotations_quantity quantity = 0;
    if (!streq(layer->media_type, APPLIANCE_ARTIFACT_DISK)) {
        auto_free char *shown = text_printable(layer->media_type, strlen(layer->media_type), 120);
        return error_set(
            err, ERROR_INPUT, "\"%s\" is not a disk (" APPLIANCE_ARTIFACT_DISK ")", shown);
    }
    if (!is_name(name)) {
        auto_free char *shown = text_printable(name, strlen(name), APPLIANCE_ARTIFACT_MAX_NAME);
        return error_set(err, ERROR_INPUT,
            "its annotation " APPLIANCE_ARTIFACT_DISK_NAME " \"%s\" is not the name of a claim",
            shown);
    }
    if (!machine_quantity(json_object_get(sizes, "size"), &quantity) || quantity == 0) {
        auto_free char *shown = text_printable(size, strlen(size), 40);
        return error_set(err, ERROR_INPUT,
            "its annotation " APPLIANCE_ARTIFACT_DISK_SIZE " \"%s\" is not a size, such as 10Gi",
            shown);
    }
    disk->name = xstrdup(name);
    disk->size = (uint64_t)machine_whole(sizes, "/size", true);
    disk->layer = layer;
    return 0;
}

static int read_disks(struct appliance_artifact *artifact, struct error **err)
{
    const struct oci_manifest *manifest = &artifact->manifest;
    if (manifest->count > APPLIANCE_ARTIFACT_MAX_DISKS)
        return error_set(
            err, ERROR_INPUT, "the artifact has more than %d disks", APPLIANCE_ARTIFACT_MAX_DISKS);
    artifact->disks = xcalloc(manifest->count, sizeof(*artifact->disks));
    for (size_t i = 0; i < manifest->count; i++) {
        struct error *error = NULL;
        if (read_disk(&artifact->disks[i], &manifest->items[i], &error) < 0) {
            error_wrap(&error, "the artifact's layers[%zu]", i);
            return error_move(err, error);
        }
        artifact->disk_count = i + 1;
        for (size_t j = 0; j < i; j++) {
            if (streq(artifact->disks[i].name, artifact->disks[j].name))
                return error_set(
                    err, ERROR_INPUT, "the artifact has two disks %s", artifact->disks[i].name);
        }
    }
    return 0;
}

static int read_config(
    struct appliance_artifact *artifact, const struct oci_source *source, struct error **err)
{
    const char *wanted = artifact->is_template ? "VirtualMachineTemplate" : "VirtualMachine";
    auto_free char *text = NULL;
    size_t length = 0;
    if (oci_source_read_small(source, "the artifact's config", &artifact->manifest.config,
            APPLIANCE_ARTIFACT_MAX_CONFIG, &text, &length, err) < 0)
        return -1;
    struct error *error = NULL;
    artifact->config = json_parse(text, length, MAX_CONFIG_DEPTH, &error);
    if (artifact->config == NULL) {
        error_wrap(&error, "the artifact's config");
        return error_move(err, error);
    }
    const char *kind = text_or(json_get_string(artifact->config, "kind"), "");
    if (streq(kind, wanted))
        return 0;
    auto_free char *shown = text_printable(kind, strlen(kind), 80);
    return error_set(
        err, ERROR_INPUT, "the artifact's config: kind \"%s\" is not %s", shown, wanted);
}

/* Checks what kind of artifact it is. */
static int read_type(struct appliance_artifact *artifact, struct error **err)
{
    const char *type = text_or(artifact->manifest.artifact_type, "");
    const char *config = artifact->manifest.config.media_type;
    artifact->is_template = streq(type, APPLIANCE_ARTIFACT_TEMPLATE);
    const char *wanted =
        artifact->is_template ? APPLIANCE_ARTIFACT_TEMPLATE_CONFIG : APPLIANCE_ARTIFACT_VM_CONFIG;
    if (!artifact->is_template && !streq(type, APPLIANCE_ARTIFACT_VM)) {
        auto_free char *shown = text_printable(type, strlen(type), 120);
        return error_set(err, ERROR_INPUT,
            "artifactType \"%s\" is not " APPLIANCE_ARTIFACT_VM " or " APPLIANCE_ARTIFACT_TEMPLATE
            "%s",
            shown,
            type[0] == '\0' ? ": it may be an image; of a containerDisk, give --containerdisk"
                            : "");
    }
    if (streq(config, wanted))
        return 0;
    auto_free char *shown = text_printable(config, strlen(config), 120);
    return error_set(err, ERROR_INPUT, "the artifact's config is \"%s\", not %s", shown, wanted);
}

int appliance_artifact_read(struct appliance_artifact *artifact, const struct oci_source *source,
    const char *platform, struct error **err)
{
    struct oci_manifest index;
    *artifact = (struct appliance_artifact){0};
    if (oci_source_read_platform(source, platform, &artifact->manifest, &index, err) < 0)
        return -1;
    for (size_t i = 0; i < index.count && artifact->architecture == NULL; i++) {
        if (platform != NULL || index.count == 1)
            xstrset(&artifact->architecture, index.items[i].architecture);
    }
    oci_manifest_clear(&index);
    if (read_type(artifact, err) < 0 || read_disks(artifact, err) < 0)
        return -1;
    return read_config(artifact, source, err);
}

static int unpack_to(const struct appliance_artifact_disk *disk, const struct oci_source *source,
    struct oci_sparse *file, const struct appliance_artifact_progress *progress, struct error **err)
{
    struct appliance_artifact_passage passage = {
        oci_sparse_sink(file), progress, disk->name, disk->size, 0};
    const struct oci_sink raw = appliance_artifact_passage_sink(&passage);
    auto_oci_zstd struct oci_zstd *zstd = oci_zstd_new_decompressor(&raw, disk->size);
    const struct oci_sink sink = oci_zstd_sink(zstd);
    if (source->read_blob(source->user, disk->layer, &sink, err) < 0 ||
        oci_zstd_finish(zstd, err) < 0)
        return -1;
    if (passage.done != disk->size)
        return error_set(err, ERROR_INPUT, "it has %" PRIu64 " bytes, not the %" PRIu64 " declared",
            passage.done, disk->size);
    return oci_sparse_finish(file, err);
}

int appliance_artifact_unpack_disk(const struct appliance_artifact_disk *disk,
    const struct oci_source *source, const char *path,
    const struct appliance_artifact_progress *progress, struct error **err)
{
    auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return error_set_errno(err, "creating %s", path);
    struct oci_sparse file = {.fd = fd, .name = path};
    struct error *error = NULL;
    if (unpack_to(disk, source, &file, progress, &error) == 0)
        return 0;
    unlink(path);
    error_wrap(&error, "disk %s", disk->name);
    return error_move(err, error);
}

static int write_object(
    const struct appliance_artifact *artifact, const char *directory, struct error **err)
{
    auto_free char *path =
        file_join(directory, artifact->is_template ? "template.yaml" : "vm.yaml");
    auto_free char *text = yaml_dump(artifact->config, err);
    return text != NULL ? file_write(path, text, strlen(text), 0644, err) : -1;
}

static int unpack_into(struct appliance_artifact *artifact, const struct oci_source *source,
    const char *directory, const struct appliance_artifact_progress *progress, struct error **err)
{
    for (size_t i = 0; i < artifact->disk_count; i++) {
        auto_free char *name = xasprintf("%s.raw", artifact->disks[i].name);
        auto_free char *path = file_join(directory, name);
        if (appliance_artifact_unpack_disk(&artifact->disks[i], source, path, progress, err) < 0)
            return -1;
    }
    return write_object(artifact, directory, err);
}

int appliance_artifact_unpack(struct appliance_artifact *artifact, const struct oci_source *source,
    const char *directory, const struct appliance_artifact_progress *progress, struct error **err)
{
    auto_free char *partial = xasprintf("%s.partial-XXXXXX", directory);
    if (mkdtemp(partial) == NULL)
        return error_set_errno(err, "creating a directory beside %s", directory);
    int result = unpack_into(artifact, source, partial, progress, err);
    if (result == 0 && (chmod(partial, 0755) < 0 || rename(partial, directory) < 0))
        result = error_set_errno(err, "creating %s", directory);
    if (result < 0)
        file_remove_tree(partial, NULL);
    return result;
}

void appliance_artifact_clear(struct appliance_artifact *artifact)
{
    oci_manifest_clear(&artifact->manifest);
    json_decref(artifact->config);
    for (size_t i = 0; i < artifact->disk_count; i++)
        free(artifact->disks[i].name);
    free(artifact->disks);
    free(artifact->architecture);
    *artifact = (struct appliance_artifact){0};
}
