#include "appliance/containerdisk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_write.h"
#include "base/text.h"
#include "oci/layout.h"
#include "oci/sparse.h"
#include "oci/tar.h"
#include "oci/tar_write.h"
#include "oci/zstd.h"

#define FOLDER "disk/"
#define WHITEOUT ".wh."
#define LAYER_FILE ".layer"

enum { DIRECTORY_MODE = 0555, FILE_MODE = 0440, MAX_NAME = 200 };

/* The tar archive of the layer on its way to the compressor. */
struct layer {
    struct oci_meter *meter; /* of the archive */
    struct oci_sink next;
    const struct appliance_artifact_progress *progress;
    const char *name;
    uint64_t size;
};

static int take_archive(void *user, const void *data, size_t length, struct error **err)
{
    struct layer *layer = user;
    oci_meter_add(layer->meter, data, length);
    uint64_t done = oci_meter_size(layer->meter);
    if (appliance_artifact_tell(layer->progress, layer->name,
            done < layer->size ? done : layer->size, layer->size, err) < 0)
        return -1;
    return layer->next.take(layer->next.user, data, length, err);
}

static int write_archive(const struct layer *layer, int fd, struct error **err)
{
    const struct oci_sink sink = {take_archive, (void *)layer};
    auto_oci_tar_writer struct oci_tar_writer *writer = oci_tar_writer_new(&sink);
    auto_free char *path = xasprintf(FOLDER "%s", layer->name);
    if (oci_tar_writer_add_directory(
            writer, FOLDER, DIRECTORY_MODE, APPLIANCE_CONTAINERDISK_ID, err) < 0 ||
        oci_tar_writer_add_file(
            writer, path, FILE_MODE, APPLIANCE_CONTAINERDISK_ID, fd, NULL, layer->size, err) < 0)
        return -1;
    return oci_tar_writer_finish(writer, err);
}

/* Writes the layer's blob. diff_id gets the digest of its archive. */
static int pack_layer(const char *path, const char *name, const char *directory,
    const struct appliance_artifact_progress *progress, struct oci_descriptor *out,
    char diff_id[OCI_DIGEST_LENGTH + 1], struct error **err)
{
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;
    if (size < 0)
        return error_set_errno(err, "reading %s", path);
    auto_oci_layout_blob struct oci_layout_blob *blob = oci_layout_begin(directory, err);
    if (blob == NULL)
        return -1;
    const struct oci_sink file = oci_layout_blob_sink(blob);
    auto_oci_zstd struct oci_zstd *zstd = oci_zstd_new_compressor(&file);
    auto_oci_meter struct oci_meter *meter = oci_meter_new();
    const struct layer layer = {meter, oci_zstd_sink(zstd), progress, name, (uint64_t)size};
    if (write_archive(&layer, fd, err) < 0 || oci_zstd_finish(zstd, err) < 0)
        return -1;
    oci_meter_finish(meter, diff_id);
    out->media_type = xstrdup(OCI_LAYER_TYPE "+zstd");
    return oci_layout_blob_finish(blob, out->digest, &out->size, err);
}

static int add_json(
    const char *directory, json_t *take_value, struct oci_descriptor *out, struct error **err)
{
    auto_free char *text = json_write(take_value);
    json_decref(take_value);
    out->size = strlen(text);
    return oci_layout_add(directory, text, strlen(text), out->digest, err);
}

static int pack(const char *path, const char *name, const char *architecture, const char *directory,
    const struct appliance_artifact_progress *progress, struct oci_manifest *manifest,
    struct oci_manifest *index, struct error **err)
{
    char diff_id[OCI_DIGEST_LENGTH + 1];
    struct oci_descriptor *item = &index->items[0];
    if (oci_layout_create(directory, err) < 0 ||
        pack_layer(path, name, directory, progress, &manifest->items[0], diff_id, err) < 0)
        return -1;
    manifest->config.media_type = xstrdup(OCI_CONFIG_TYPE);
    json_t *config = json_pack("{s:s, s:s, s:{}, s:{s:s, s:[s]}}", "architecture", architecture,
        "os", "linux", "config", "rootfs", "type", "layers", "diff_ids", diff_id);
    if (add_json(directory, config, &manifest->config, err) < 0)
        return -1;
    auto_free char *text = oci_manifest_write(manifest);
    item->media_type = xstrdup(OCI_MANIFEST_TYPE);
    item->size = strlen(text);
    item->os = xstrdup("linux");
    item->architecture = xstrdup(architecture);
    if (oci_layout_add(directory, text, strlen(text), item->digest, err) < 0)
        return -1;
    auto_free char *index_text = oci_manifest_write(index);
    return oci_layout_write_index(directory, index_text, err);
}

int appliance_containerdisk_pack(const char *path, const char *name, const char *architecture,
    const char *directory, const struct appliance_artifact_progress *progress, struct error **err)
{
    struct oci_manifest manifest = {.count = 1, .items = xcalloc(1, sizeof(*manifest.items))};
    struct oci_manifest index = {
        .is_index = true, .count = 1, .items = xcalloc(1, sizeof(*index.items))};
    int result = pack(path, name, architecture, directory, progress, &manifest, &index, err);
    oci_manifest_clear(&manifest);
    oci_manifest_clear(&index);
    return result;
}

/* The name of a file directly in /disk, or NULL; borrowed. */
static const char *name_in_disk(const struct oci_tar_entry *entry)
{
    const char *name = text_starts_with(entry->path, FOLDER) ? entry->path + strlen(FOLDER) : NULL;
    if (name == NULL || strchr(name, '/') != NULL || text_starts_with(name, WHITEOUT))
        return NULL;
    return entry->kind == OCI_TAR_FILE ? name : NULL;
}

static int write_disk(struct oci_tar *tar, const struct oci_tar_entry *entry, const char *name,
    const char *directory, const struct appliance_artifact_progress *progress, struct error **err)
{
    size_t length = strlen(name);
    size_t good = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    if (name[0] == '.' || length > MAX_NAME || good != length) {
        auto_free char *shown = text_printable(name, length, MAX_NAME);
        return error_set(err, ERROR_INPUT, "/disk/%s is not a fit name for a file", shown);
    }
    auto_free char *path = file_join(directory, name);
    auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return error_set_errno(err, "creating %s", path);
    struct oci_sparse sparse = {.fd = fd, .name = path};
    struct appliance_artifact_passage passage = {
        oci_sparse_sink(&sparse), progress, name, entry->size, 0};
    const struct oci_sink sink = appliance_artifact_passage_sink(&passage);
    if (oci_tar_read(tar, &sink, err) < 0)
        return -1;
    return oci_sparse_finish(&sparse, err);
}

/* Writes the file in /disk of a layer. Returns 1 with *name, 0 if there is none, or -1. */
static int search_layer(int fd, const char *directory,
    const struct appliance_artifact_progress *progress, char **name, struct error **err)
{
    static const struct oci_tar_limits limits = {
        APPLIANCE_CONTAINERDISK_MAX_BYTES, APPLIANCE_CONTAINERDISK_MAX_ENTRIES};
    struct oci_tar_entry entry;
    auto_oci_tar struct oci_tar *tar = oci_tar_open(fd, "the layer", true, &limits, err);
    int more = tar != NULL ? 1 : -1;
    while (more > 0 && (more = oci_tar_next(tar, &entry, err)) > 0) {
        const char *found = name_in_disk(&entry);
        if (found == NULL)
            continue;
        if (*name != NULL)
            return error_set(err, ERROR_INPUT, "there is more than one file in /disk");
        *name = xstrdup(found);
        if (write_disk(tar, &entry, *name, directory, progress, err) < 0)
            return -1;
    }
    return more < 0 ? -1 : *name != NULL;
}

/* Fetches a layer, and searches it. */
static int read_layer(const struct oci_source *source, const struct oci_descriptor *layer,
    const char *directory, const struct appliance_artifact_progress *progress, char **name,
    struct error **err)
{
    auto_free char *path = file_join(directory, LAYER_FILE);
    auto_fd int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || unlink(path) < 0)
        return error_set_errno(err, "creating %s", path);
    struct oci_sparse sparse = {.fd = fd, .name = path};
    struct appliance_artifact_passage passage = {
        oci_sparse_sink(&sparse), progress, "layer", layer->size, 0};
    const struct oci_sink sink = appliance_artifact_passage_sink(&passage);
    if (source->read_blob(source->user, layer, &sink, err) < 0 ||
        oci_sparse_finish(&sparse, err) < 0)
        return -1;
    struct error *error = NULL;
    int found = search_layer(fd, directory, progress, name, &error);
    if (found >= 0)
        return found;
    error_wrap(&error, "layer %s", layer->digest);
    return error_move(err, error);
}

/* The last layer with a file there counts. */
static int unpack_into(const struct oci_source *source, const struct oci_manifest *manifest,
    const char *directory, const struct appliance_artifact_progress *progress, char **name,
    struct error **err)
{
    if (manifest->artifact_type != NULL && manifest->artifact_type[0] != '\0')
        return error_set(err, ERROR_INPUT,
            "it is an artifact, not a container image: read it without --containerdisk");
    for (size_t i = manifest->count; i > 0; i--) {
        int found = read_layer(source, &manifest->items[i - 1], directory, progress, name, err);
        if (found != 0)
            return found > 0 ? 0 : -1;
    }
    return error_set(err, ERROR_INPUT, "there is no file in /disk: it is not a containerDisk");
}

int appliance_containerdisk_unpack(const struct oci_source *source, const char *platform,
    const char *directory, const struct appliance_artifact_progress *progress, char **name,
    struct error **err)
{
    struct oci_manifest manifest;
    *name = NULL;
    if (oci_source_read_platform(source, platform, &manifest, NULL, err) < 0)
        return -1;
    auto_free char *partial = xasprintf("%s.partial-XXXXXX", directory);
    int result = mkdtemp(partial) != NULL
                     ? unpack_into(source, &manifest, partial, progress, name, err)
                     : error_set_errno(err, "creating a directory beside %s", directory);
    oci_manifest_clear(&manifest);
    if (result == 0 && (chmod(partial, 0755) < 0 || rename(partial, directory) < 0))
        result = error_set_errno(err, "creating %s", directory);
    if (result == 0)
        return 0;
    file_remove_tree(partial, NULL);
    xstrset(name, NULL);
    return -1;
}
