#include "appliance/artifact_pack.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json_write.h"
#include "base/text.h"
#include "machine/quantity.h"
#include "oci/layout.h"
#include "oci/sparse.h"
#include "oci/zstd.h"

#define TITLE "org.opencontainers.image.title"
#define CREATED "org.opencontainers.image.created"

static json_t *annotate(const char *name, uint64_t size)
{
    auto_json json_t *like = json_string("1Mi");
    auto_free char *quantity = machine_quantity_write((long long)size, like);
    auto_free char *title = xasprintf("%s.raw.zst", name);
    return json_pack("{s:s, s:s, s:s}", APPLIANCE_ARTIFACT_DISK_NAME, name,
        APPLIANCE_ARTIFACT_DISK_SIZE, quantity, TITLE, title);
}

/* Compresses the image into a blob of the layout, which the descriptor then refers to. */
static int compress(const struct appliance_artifact_input *input, int fd, uint64_t size,
    const char *directory, const struct appliance_artifact_progress *progress,
    struct oci_descriptor *out, struct error **err)
{
    auto_oci_layout_blob struct oci_layout_blob *blob = oci_layout_begin(directory, err);
    if (blob == NULL)
        return -1;
    const struct oci_sink file = oci_layout_blob_sink(blob);
    auto_oci_zstd struct oci_zstd *zstd = oci_zstd_new_compressor(&file);
    struct appliance_artifact_passage passage = {
        oci_zstd_sink(zstd), progress, input->name, size, 0};
    const struct oci_sink sink = appliance_artifact_passage_sink(&passage);
    if (oci_sparse_read(fd, input->path, size, &sink, err) < 0 || oci_zstd_finish(zstd, err) < 0)
        return -1;
    return oci_layout_blob_finish(blob, out->digest, &out->size, err);
}

static int pack_disk(const struct appliance_artifact_input *input, const char *directory,
    const struct appliance_artifact_progress *progress, struct oci_descriptor *out,
    struct error **err)
{
    auto_fd int fd = open(input->path, O_RDONLY | O_CLOEXEC);
    off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;
    if (size < 0)
        return error_set_errno(err, "reading %s", input->path);
    if (size == 0)
        return error_set(
            err, ERROR_INPUT, "%s is empty: a disk has at least one byte", input->path);
    out->media_type = xstrdup(APPLIANCE_ARTIFACT_DISK);
    out->annotations = annotate(input->name, (uint64_t)size);
    return compress(input, fd, (uint64_t)size, directory, progress, out, err);
}

/* Adds the config to the layout. */
static int pack_config(
    const json_t *config, const char *directory, struct oci_manifest *manifest, struct error **err)
{
    bool is_template = appliance_artifact_config_is_template(config);
    auto_free char *text = json_write(config);
    manifest->artifact_type =
        xstrdup(is_template ? APPLIANCE_ARTIFACT_TEMPLATE : APPLIANCE_ARTIFACT_VM);
    manifest->config.media_type =
        xstrdup(is_template ? APPLIANCE_ARTIFACT_TEMPLATE_CONFIG : APPLIANCE_ARTIFACT_VM_CONFIG);
    manifest->config.size = strlen(text);
    return oci_layout_add(directory, text, strlen(text), manifest->config.digest, err);
}

/* The time now, as RFC 3339 has it. */
static void write_time(char text[static sizeof("2026-01-01T00:00:00Z")])
{
    time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(text, sizeof("2026-01-01T00:00:00Z"), "%Y-%m-%dT%H:%M:%SZ", &parts);
}

/* Adds the manifest to the layout, and the index around it. */
static int pack_index(const struct oci_manifest *manifest, const char *architecture,
    const char *directory, struct error **err)
{
    char now[sizeof("2026-01-01T00:00:00Z")];
    auto_free char *text = oci_manifest_write(manifest);
    struct oci_descriptor item = {
        .media_type = xstrdup(OCI_MANIFEST_TYPE),
        .size = strlen(text),
        .os = xstrdup("linux"),
        .architecture = xstrdup(architecture),
    };
    int result = oci_layout_add(directory, text, strlen(text), item.digest, err);
    write_time(now);
    const struct oci_manifest index = {
        .is_index = true,
        .artifact_type = manifest->artifact_type,
        .items = &item,
        .count = 1,
        .annotations = json_pack("{s:s}", CREATED, now),
    };
    auto_free char *index_text = oci_manifest_write(&index);
    if (result == 0)
        result = oci_layout_write_index(directory, index_text, err);
    json_decref(index.annotations);
    oci_descriptor_clear(&item);
    return result;
}

static int pack(const json_t *config, const char *architecture,
    const struct appliance_artifact_input *inputs, const char *directory,
    const struct appliance_artifact_progress *progress, struct oci_manifest *manifest,
    struct error **err)
{
    if (oci_layout_create(directory, err) < 0 || pack_config(config, directory, manifest, err) < 0)
        return -1;
    for (size_t i = 0; i < manifest->count; i++) {
        if (pack_disk(&inputs[i], directory, progress, &manifest->items[i], err) < 0)
            return -1;
    }
    return pack_index(manifest, architecture, directory, err);
}

int appliance_artifact_pack(const json_t *config, const char *architecture,
    const struct appliance_artifact_input *inputs, size_t count, const char *directory,
    const struct appliance_artifact_progress *progress, struct error **err)
{
    if (count > APPLIANCE_ARTIFACT_MAX_DISKS)
        return error_set(
            err, ERROR_INPUT, "there are more than %d disks", APPLIANCE_ARTIFACT_MAX_DISKS);
    struct oci_manifest manifest = {.count = count};
    manifest.items = xcalloc(count, sizeof(*manifest.items));
    int result = pack(config, architecture, inputs, directory, progress, &manifest, err);
    oci_manifest_clear(&manifest);
    return result;
}
