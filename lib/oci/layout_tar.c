#include "oci/layout_tar.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "oci/layout.h"
#include "oci/tar.h"
#include "oci/tar_write.h"
#include "oci/verify.h"

#define INDEX_FILE "index.json"
#define VERSION_FILE "oci-layout"

/* The archive's own size is limit enough: it is not compressed. */
static const struct oci_tar_limits limits = {
    .bytes = INT64_MAX, .entries = OCI_LAYOUT_TAR_MAX_ENTRIES};

/* Passes the file at path in the archive to the sink. */
static int read_path(const struct oci_layout_tar *tar, const char *path,
    const struct oci_sink *sink, struct error **err)
{
    struct oci_tar_entry entry;
    if (lseek(tar->fd, 0, SEEK_SET) < 0)
        return error_set_errno(err, "reading %s", tar->name);
    auto_oci_tar struct oci_tar *archive = oci_tar_open(tar->fd, tar->name, false, &limits, err);
    int more = archive != NULL ? 1 : -1;
    while (more > 0 && (more = oci_tar_next(archive, &entry, err)) > 0) {
        if (entry.kind == OCI_TAR_FILE && streq(entry.path, path))
            return oci_tar_read(archive, sink, err);
    }
    if (more < 0)
        return -1;
    return error_set(
        err, ERROR_INPUT, "%s: it has no file %s: it is not an OCI layout", tar->name, path);
}

static int read_blob(void *user, const struct oci_descriptor *descriptor,
    const struct oci_sink *sink, struct error **err)
{
    const struct oci_layout_tar *tar = user;
    auto_free char *path = oci_layout_blob_path("", descriptor->digest);
    struct oci_verify verify;
    oci_verify_init(&verify, descriptor, sink);
    const struct oci_sink inner = oci_verify_sink(&verify);
    int result = read_path(tar, path + 1, &inner, err);
    auto_free char *what = xasprintf("%s: %s", tar->name, path + 1);
    return oci_verify_finish(&verify, what, result, err);
}

/* index.json, whose size is not known before. */
struct text {
    char *data;
    size_t length;
};

static int take(void *user, const void *data, size_t length, struct error **err)
{
    struct text *text = user;
    if (text->length + length > OCI_MANIFEST_MAX_BYTES)
        return error_set(
            err, ERROR_INPUT, INDEX_FILE " is larger than %d bytes", OCI_MANIFEST_MAX_BYTES);
    text->data = xrealloc(text->data, text->length + length);
    memcpy(text->data + text->length, data, length);
    text->length += length;
    return 0;
}

static int read_index(struct oci_layout_tar *tar, struct oci_manifest *out, struct error **err)
{
    struct text text = {0};
    const struct oci_sink sink = {take, &text};
    auto_free char *name = xasprintf("%s: " INDEX_FILE, tar->name);
    int result = read_path(tar, INDEX_FILE, &sink, err);
    if (result == 0)
        result =
            oci_manifest_read(name, text_or(text.data, ""), text.length, OCI_INDEX_TYPE, out, err);
    free(text.data);
    return result;
}

static int read_manifest(void *user, const struct oci_descriptor *descriptor,
    struct oci_manifest *out, struct error **err)
{
    struct oci_layout_tar *tar = user;
    if (descriptor == NULL)
        return read_index(tar, out, err);
    const struct oci_source source = oci_layout_tar_source(tar);
    auto_free char *text = NULL;
    size_t length = 0;
    if (oci_source_read_small(
            &source, "a manifest", descriptor, OCI_MANIFEST_MAX_BYTES, &text, &length, err) < 0)
        return -1;
    auto_free char *name = xasprintf("%s: %s", tar->name, descriptor->digest);
    return oci_manifest_read(name, text, length, descriptor->media_type, out, err);
}

struct oci_source oci_layout_tar_source(struct oci_layout_tar *tar)
{
    return (struct oci_source){read_manifest, read_blob, tar};
}

static int add_path(
    struct oci_tar_writer *writer, const char *directory, const char *path, struct error **err)
{
    auto_free char *whole = file_join(directory, path);
    uint64_t size = 0;
    auto_fd int fd = oci_layout_open(whole, &size, err);
    if (fd < 0)
        return -1;
    return oci_tar_writer_add_file(writer, path, 0644, 0, fd, NULL, size, err);
}

static int add_blob(struct oci_tar_writer *writer, const char *directory,
    const struct oci_descriptor *descriptor, struct error **err)
{
    auto_free char *path = oci_layout_blob_path("", descriptor->digest);
    return add_path(writer, directory, path + 1, err);
}

static int add_all(struct oci_tar_writer *writer, const char *directory,
    const struct oci_manifest *index, const struct oci_manifest *manifest, struct error **err)
{
    if (add_path(writer, directory, VERSION_FILE, err) < 0 ||
        add_path(writer, directory, INDEX_FILE, err) < 0 ||
        add_blob(writer, directory, &index->items[0], err) < 0 ||
        add_blob(writer, directory, &manifest->config, err) < 0)
        return -1;
    for (size_t i = 0; i < manifest->count; i++) {
        if (add_blob(writer, directory, &manifest->items[i], err) < 0)
            return -1;
    }
    return oci_tar_writer_finish(writer, err);
}

int oci_layout_tar_write(const char *directory, const struct oci_sink *out, struct error **err)
{
    const struct oci_source source = oci_layout_source(directory);
    struct oci_manifest manifest;
    struct oci_manifest index;
    if (oci_source_read_platform(&source, NULL, &manifest, &index, err) < 0)
        return -1;
    auto_oci_tar_writer struct oci_tar_writer *writer = oci_tar_writer_new(out);
    int result = add_all(writer, directory, &index, &manifest, err);
    oci_manifest_clear(&manifest);
    oci_manifest_clear(&index);
    return result;
}
