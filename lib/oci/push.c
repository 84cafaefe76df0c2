#include "oci/push.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "oci/layout.h"
#include "oci/remote.h"
#include "oci/upload.h"

static void tell(const struct oci_push_options *options, const struct oci_descriptor *blob,
    enum oci_push_state state)
{
    if (options->on_blob != NULL)
        options->on_blob(options->user, blob, state);
}

static int upload(struct oci_client *client, const struct oci_push_options *options,
    const struct oci_descriptor *blob, struct error **err)
{
    auto_free char *path = oci_layout_blob_path(options->directory, blob->digest);
    uint64_t size = 0;
    auto_fd int fd = oci_layout_open(path, &size, err);
    if (fd < 0)
        return -1;
    if (size != blob->size)
        return error_set(err, ERROR_INPUT, "%s has another size than its manifest says", path);
    tell(options, blob, OCI_PUSH_UPLOADING);
    if (oci_upload_blob(client, blob->digest, blob->size, fd, err) < 0)
        return -1;
    tell(options, blob, OCI_PUSH_DONE);
    return 0;
}

static int push_blob(struct oci_client *client, const struct oci_push_options *options,
    const struct oci_descriptor *blob, struct error **err)
{
    int has = oci_remote_has_blob(client, blob->digest, blob->size, err);
    if (has > 0)
        tell(options, blob, OCI_PUSH_EXISTS);
    if (has != 0)
        return has < 0 ? -1 : 0;
    if (options->mount_from != NULL) {
        int mounted = oci_remote_mount_blob(client, options->mount_from, blob->digest, err);
        if (mounted > 0)
            tell(options, blob, OCI_PUSH_MOUNTED);
        if (mounted != 0)
            return mounted < 0 ? -1 : 0;
    }
    return upload(client, options, blob, err);
}

static int push_blobs(struct oci_client *client, const struct oci_push_options *options,
    const struct oci_manifest *manifest, struct error **err)
{
    for (size_t i = 0; i < manifest->count; i++) {
        if (push_blob(client, options, &manifest->items[i], err) < 0)
            return -1;
    }
    return push_blob(client, options, &manifest->config, err);
}

/* Pushes a manifest of the index with its blobs. */
static int push_manifest(struct oci_client *client, const struct oci_push_options *options,
    const struct oci_descriptor *item, struct error **err)
{
    const struct oci_source source = oci_layout_source(options->directory);
    auto_free char *text = NULL;
    size_t length = 0;
    struct oci_manifest manifest;
    if (oci_source_read_small(
            &source, "a manifest", item, OCI_MANIFEST_MAX_BYTES, &text, &length, err) < 0 ||
        oci_manifest_read(item->digest, text, length, item->media_type, &manifest, err) < 0)
        return -1;
    const char *reference =
        options->without_index && options->tag != NULL ? options->tag : item->digest;
    int result = manifest.is_index
                     ? error_set(err, ERROR_INPUT, "the layout's index has another index in it")
                     : push_blobs(client, options, &manifest, err);
    if (result == 0)
        result =
            oci_remote_put_manifest(client, reference, item->media_type, text, item->digest, err);
    oci_manifest_clear(&manifest);
    return result;
}

static int push_index(struct oci_client *client, const struct oci_push_options *options,
    const struct oci_manifest *index, const char *text, char digest[OCI_DIGEST_LENGTH + 1],
    struct error **err)
{
    if (options->without_index && index->count != 1)
        return error_set(err, ERROR_INPUT, "the layout has %zu manifests, not one", index->count);
    for (size_t i = 0; i < index->count; i++) {
        if (push_manifest(client, options, &index->items[i], err) < 0)
            return -1;
    }
    if (options->without_index) {
        memcpy(digest, index->items[0].digest, OCI_DIGEST_LENGTH + 1);
        return 0;
    }
    oci_digest_of(text, strlen(text), digest);
    return oci_remote_put_manifest(
        client, options->tag != NULL ? options->tag : digest, OCI_INDEX_TYPE, text, digest, err);
}

int oci_push_layout(struct oci_client *client, const struct oci_push_options *options,
    char digest[OCI_DIGEST_LENGTH + 1], struct error **err)
{
    auto_free char *path = file_join(options->directory, "index.json");
    auto_free char *text = NULL;
    size_t length = 0;
    struct oci_manifest index;
    if (file_read(path, OCI_MANIFEST_MAX_BYTES, &text, &length, err) < 0 ||
        oci_manifest_read(path, text, length, OCI_INDEX_TYPE, &index, err) < 0)
        return -1;
    int result = push_index(client, options, &index, text, digest, err);
    oci_manifest_clear(&index);
    return result;
}
