#include "oci/tar_write.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/unused.h"
#include "oci/sparse.h"

struct oci_tar_writer {
    struct archive *archive;
    struct oci_sink out;
    struct error *error; /* of out; owned */
};

/* Called by libarchive. */
static la_ssize_t on_write(struct archive *archive, void *user, const void *data, size_t length)
{
    struct oci_tar_writer *writer = user;
    if (writer->error == NULL &&
        writer->out.take(writer->out.user, data, length, &writer->error) == 0)
        return (la_ssize_t)length;
    archive_set_error(archive, EIO, "the archive cannot be written");
    return -1;
}

struct oci_tar_writer *oci_tar_writer_new(const struct oci_sink *out)
{
    struct oci_tar_writer *writer = xcalloc(1, sizeof(*writer));
    writer->out = *out;
    writer->archive = archive_write_new();
    if (writer->archive == NULL)
        abort(); /* out of memory */
    archive_write_set_format_pax_restricted(writer->archive); /* files of more than 8 GiB */
    archive_write_set_bytes_in_last_block(writer->archive, 1);
    archive_write_open(writer->archive, writer, NULL, on_write, NULL);
    return writer;
}

static int check(struct oci_tar_writer *writer, la_ssize_t result, struct error **err)
{
    if (result >= 0)
        return 0;
    if (writer->error != NULL)
        return error_move(err, steal(&writer->error));
    return error_set(err, ERROR_IO, "writing a tar archive: %s",
        text_or(archive_error_string(writer->archive), "unknown"));
}

static int add_header(struct oci_tar_writer *writer, const char *path, unsigned type, mode_t mode,
    uint32_t id, uint64_t size, struct error **err)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, path);
    archive_entry_set_filetype(entry, type);
    archive_entry_set_perm(entry, mode);
    archive_entry_set_uid(entry, id);
    archive_entry_set_gid(entry, id);
    archive_entry_set_mtime(entry, 0, 0);
    archive_entry_set_size(entry, (la_int64_t)size);
    int result = archive_write_header(writer->archive, entry);
    archive_entry_free(entry);
    return check(writer, result == ARCHIVE_OK ? 0 : -1, err);
}

int oci_tar_writer_add_directory(
    struct oci_tar_writer *writer, const char *path, mode_t mode, uint32_t id, struct error **err)
{
    return add_header(writer, path, AE_IFDIR, mode, id, 0, err);
}

/* The contents of an entry. */
static int take(void *user, const void *data, size_t length, struct error **err)
{
    struct oci_tar_writer *writer = user;
    return check(writer, archive_write_data(writer->archive, data, length), err);
}

int oci_tar_writer_add_file(struct oci_tar_writer *writer, const char *path, mode_t mode,
    uint32_t id, int fd, const void *data, uint64_t size, struct error **err)
{
    const struct oci_sink sink = {take, writer};
    if (add_header(writer, path, AE_IFREG, mode, id, size, err) < 0)
        return -1;
    if (fd < 0)
        return take(writer, data, size, err);
    return oci_sparse_read(fd, path, size, &sink, err);
}

int oci_tar_writer_finish(struct oci_tar_writer *writer, struct error **err)
{
    return check(writer, archive_write_close(writer->archive) == ARCHIVE_OK ? 0 : -1, err);
}

void oci_tar_writer_free(struct oci_tar_writer *writer)
{
    if (writer == NULL)
        return;
    if (writer->error == NULL) /* libarchive would write the end */
        error_set(&writer->error, ERROR_INTERNAL, "the archive was given up");
    archive_write_free(writer->archive);
    error_free(writer->error);
    free(writer);
}
