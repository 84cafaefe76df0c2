#include "oci/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "oci/sparse.h"

enum { BLOCK = 1 << 20, MAX_SHOWN = 200 };

struct oci_tar {
    struct archive *archive;
    struct archive_entry *entry; /* libarchive's */
    const char *name;
    struct oci_tar_limits left;
    char *path; /* of the entry; owned */
};

static int fail(const struct oci_tar *tar, struct error **err)
{
    const char *why = text_or(archive_error_string(tar->archive), "unknown");
    auto_free char *shown = text_printable(why, strlen(why), MAX_SHOWN);
    return error_set(err, ERROR_INPUT, "reading %s: %s", tar->name, shown);
}

struct oci_tar *oci_tar_open(int fd, const char *name, bool may_be_compressed,
    const struct oci_tar_limits *limits, struct error **err)
{
    struct oci_tar *tar = xcalloc(1, sizeof(*tar));
    tar->archive = archive_read_new();
    if (tar->archive == NULL)
        abort(); /* out of memory */
    tar->name = name;
    tar->left = *limits;
    archive_read_support_format_tar(tar->archive);
    if (may_be_compressed) {
        archive_read_support_filter_gzip(tar->archive);
        archive_read_support_filter_zstd(tar->archive);
    }
    /* names are bytes, whatever the locale */
    archive_read_set_option(tar->archive, "tar", "hdrcharset", "BINARY");
    if (archive_read_open_fd(tar->archive, fd, BLOCK) == ARCHIVE_OK)
        return tar;
    fail(tar, err);
    oci_tar_close(tar);
    return NULL;
}

char *oci_tar_clean_path(const char *path)
{
    if (path[0] == '/' || path[0] == '\0')
        return NULL;
    auto_free char *clean = xcalloc(strlen(path) + 2, 1);
    char *end = clean;
    while (*path != '\0') {
        size_t length = strcspn(path, "/");
        if (length == 2 && strncmp(path, "..", 2) == 0)
            return NULL;
        if (length > 0 && !(length == 1 && path[0] == '.')) {
            if (end > clean)
                *end++ = '/';
            memcpy(end, path, length);
            end += length;
        }
        path += length;
        path += strspn(path, "/");
    }
    *end = '\0';
    return steal(&clean);
}

static int refuse(const struct oci_tar *tar, const char *path, const char *why, struct error **err)
{
    auto_free char *shown = text_printable(path, strlen(path), MAX_SHOWN);
    return error_set(err, ERROR_INPUT, "reading %s: \"%s\" %s", tar->name, shown, why);
}

/* Whether a symbolic link stays within the archive: it is relative, and does not climb above the
 * root from the folder of its own path. */
static bool link_stays(const char *path, const char *target)
{
    size_t depth = 0;
    if (target[0] == '/')
        return true; /* of the archive's own root, for who runs in it */
    for (const char *at = path; (at = strchr(at, '/')) != NULL; at++)
        depth++;
    while (*target != '\0') {
        size_t length = strcspn(target, "/");
        if (length == 2 && strncmp(target, "..", 2) == 0) {
            if (depth == 0)
                return false;
            depth--;
        } else if (length > 0 && !(length == 1 && target[0] == '.')) {
            depth++;
        }
        target += length;
        target += strspn(target, "/");
    }
    return true;
}

static int check_link(struct oci_tar *tar, struct error **err)
{
    const char *hard = archive_entry_hardlink(tar->entry);
    const char *symbolic = archive_entry_symlink(tar->entry);
    auto_free char *clean = hard != NULL ? oci_tar_clean_path(hard) : NULL;
    if ((hard != NULL && clean == NULL) || (symbolic != NULL && !link_stays(tar->path, symbolic)))
        return refuse(tar, tar->path, "is a link that leaves the archive", err);
    return 0;
}

/* Counts what was read so far against the limit. */
static int check_bytes(const struct oci_tar *tar, struct error **err)
{
    la_int64_t read = archive_filter_bytes(tar->archive, 0);
    if (read > 0 && (uint64_t)read > tar->left.bytes)
        return error_set(err, ERROR_INPUT, "reading %s: it is larger than %" PRIu64 " bytes",
            tar->name, tar->left.bytes);
    return 0;
}

static enum oci_tar_kind kind_of(struct archive_entry *entry)
{
    if (archive_entry_hardlink(entry) != NULL || archive_entry_filetype(entry) == AE_IFLNK)
        return OCI_TAR_LINK;
    if (archive_entry_filetype(entry) == AE_IFREG)
        return OCI_TAR_FILE;
    return archive_entry_filetype(entry) == AE_IFDIR ? OCI_TAR_DIRECTORY : OCI_TAR_OTHER;
}

int oci_tar_next(struct oci_tar *tar, struct oci_tar_entry *entry, struct error **err)
{
    int result = archive_read_next_header(tar->archive, &tar->entry);
    if (result == ARCHIVE_EOF)
        return 0;
    if (result != ARCHIVE_OK) /* a warning, too: what it means depends on the reader */
        return fail(tar, err);
    if (tar->left.entries-- == 0)
        return error_set(err, ERROR_INPUT, "reading %s: it has too many entries", tar->name);
    if (check_bytes(tar, err) < 0)
        return -1;
    const char *path = text_or(archive_entry_pathname(tar->entry), "");
    free(tar->path);
    tar->path = oci_tar_clean_path(path);
    if (tar->path == NULL)
        return refuse(tar, path, "is not a path inside the archive", err);
    if (check_link(tar, err) < 0)
        return -1;
    la_int64_t size = archive_entry_size(tar->entry);
    *entry = (struct oci_tar_entry){kind_of(tar->entry), tar->path, size > 0 ? (uint64_t)size : 0};
    if (entry->kind == OCI_TAR_FILE && entry->size > tar->left.bytes)
        return refuse(tar, path, "is larger than is allowed", err);
    return 1;
}

int oci_tar_read(struct oci_tar *tar, const struct oci_sink *sink, struct error **err)
{
    la_int64_t announced = archive_entry_size(tar->entry);
    uint64_t size = announced > 0 ? (uint64_t)announced : 0;
    uint64_t done = 0;
    const void *data = NULL;
    size_t length = 0;
    la_int64_t offset = 0;
    int result = ARCHIVE_OK;
    while (
        (result = archive_read_data_block(tar->archive, &data, &length, &offset)) == ARCHIVE_OK) {
        if (check_bytes(tar, err) < 0)
            return -1;
        if ((uint64_t)offset < done || (uint64_t)offset > size || length > size - (uint64_t)offset)
            return refuse(tar, tar->path, "has contents beyond its size", err);
        if (oci_sparse_pass_zeros(sink, (uint64_t)offset - done, err) < 0 ||
            (length > 0 && sink->take(sink->user, data, length, err) < 0))
            return -1;
        done = (uint64_t)offset + length;
    }
    if (result != ARCHIVE_EOF)
        return fail(tar, err);
    return oci_sparse_pass_zeros(sink, size - done, err);
}

void oci_tar_close(struct oci_tar *tar)
{
    if (tar == NULL)
        return;
    archive_read_free(tar->archive);
    free(tar->path);
    free(tar);
}
