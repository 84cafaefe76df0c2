#include "oci/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "oci/verify.h"

#define VERSION_FILE "oci-layout"
#define VERSION_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"
#define INDEX_FILE "index.json"
#define BLOBS "blobs/sha256"

enum { PIECE = 1 << 20 };

struct oci_layout_blob {
    char *directory;
    char *path; /* of the file; NULL: it is part of the layout */
    int fd;
    struct oci_meter *meter;
};

int oci_layout_create(const char *directory, struct error **err)
{
    auto_free char *blobs = file_join(directory, BLOBS);
    auto_free char *version = file_join(directory, VERSION_FILE);
    if (file_make_directories(blobs, 0755, err) < 0)
        return -1;
    return file_write(version, VERSION_TEXT, strlen(VERSION_TEXT), 0644, err);
}

char *oci_layout_blob_path(const char *directory, const char *digest)
{
    return xasprintf("%s/" BLOBS "/%s", directory, strchr(digest, ':') + 1);
}

int oci_layout_add(const char *directory, const void *data, size_t length,
    char digest[OCI_DIGEST_LENGTH + 1], struct error **err)
{
    oci_digest_of(data, length, digest);
    auto_free char *path = oci_layout_blob_path(directory, digest);
    return file_write(path, data, length, 0644, err);
}

struct oci_layout_blob *oci_layout_begin(const char *directory, struct error **err)
{
    auto_free char *path = xasprintf("%s/.blob-XXXXXX", directory);
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) {
        error_set_errno(err, "creating %s", path);
        return NULL;
    }
    struct oci_layout_blob *blob = xcalloc(1, sizeof(*blob));
    blob->directory = xstrdup(directory);
    blob->path = steal(&path);
    blob->fd = fd;
    blob->meter = oci_meter_new();
    return blob;
}

static int take(void *user, const void *data, size_t length, struct error **err)
{
    struct oci_layout_blob *blob = user;
    oci_meter_add(blob->meter, data, length);
    return file_write_all(blob->fd, data, length, err);
}

struct oci_sink oci_layout_blob_sink(struct oci_layout_blob *blob)
{
    return (struct oci_sink){take, blob};
}

int oci_layout_blob_finish(struct oci_layout_blob *blob, char digest[OCI_DIGEST_LENGTH + 1],
    uint64_t *size, struct error **err)
{
    *size = oci_meter_size(blob->meter);
    oci_meter_finish(blob->meter, digest);
    auto_free char *path = oci_layout_blob_path(blob->directory, digest);
    if (fchmod(blob->fd, 0644) < 0 || rename(blob->path, path) < 0)
        return error_set_errno(err, "writing %s", path);
    xstrset(&blob->path, NULL);
    return 0;
}

void oci_layout_blob_free(struct oci_layout_blob *blob)
{
    if (blob == NULL)
        return;
    if (blob->path != NULL)
        unlink(blob->path);
    close(blob->fd);
    oci_meter_free(blob->meter);
    free(blob->path);
    free(blob->directory);
    free(blob);
}

int oci_layout_write_index(const char *directory, const char *text, struct error **err)
{
    auto_free char *path = file_join(directory, INDEX_FILE);
    return file_write(path, text, strlen(text), 0644, err);
}

int oci_layout_open(const char *path, uint64_t *size, struct error **err)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ELOOP)
        error_set(err, ERROR_INPUT, "reading %s: it is a symbolic link", path);
    else if (fd < 0 || fstat(fd, &status) < 0)
        error_set_errno(err, "reading %s", path);
    else if (!S_ISREG(status.st_mode))
        error_set(err, ERROR_INPUT, "reading %s: it is not a regular file", path);
    else {
        *size = (uint64_t)status.st_size;
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Passes the file at path to the sink. */
static int read_path(const char *path, const struct oci_sink *sink, struct error **err)
{
    uint64_t size = 0;
    auto_fd int fd = oci_layout_open(path, &size, err);
    if (fd < 0)
        return -1;
    auto_free char *piece = xmalloc(PIECE);
    for (;;) {
        ssize_t got = read(fd, piece, PIECE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(err, "reading %s", path);
        if (got == 0)
            return 0;
        if (sink->take(sink->user, piece, (size_t)got, err) < 0)
            return -1;
    }
}

static int read_blob(void *user, const struct oci_descriptor *descriptor,
    const struct oci_sink *sink, struct error **err)
{
    auto_free char *path = oci_layout_blob_path(user, descriptor->digest);
    struct oci_verify verify;
    oci_verify_init(&verify, descriptor, sink);
    const struct oci_sink inner = oci_verify_sink(&verify);
    int result = read_path(path, &inner, err);
    return oci_verify_finish(&verify, path, result, err);
}

static int read_manifest(void *user, const struct oci_descriptor *descriptor,
    struct oci_manifest *out, struct error **err)
{
    const char *directory = user;
    auto_free char *path = file_join(directory, INDEX_FILE);
    auto_free char *text = NULL;
    size_t length = 0;
    const struct oci_source source = oci_layout_source(directory);
    if (descriptor == NULL ? file_read(path, OCI_MANIFEST_MAX_BYTES, &text, &length, err) < 0
                           : oci_source_read_small(&source, "a manifest", descriptor,
                                 OCI_MANIFEST_MAX_BYTES, &text, &length, err) < 0)
        return -1;
    return oci_manifest_read(descriptor != NULL ? descriptor->digest : path, text, length,
        descriptor != NULL ? descriptor->media_type : OCI_INDEX_TYPE, out, err);
}

struct oci_source oci_layout_source(const char *directory)
{
    return (struct oci_source){read_manifest, read_blob, (void *)directory};
}
