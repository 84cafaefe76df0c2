#include "appliance/ova.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/ovf_digests.h"
#include "appliance/ovf_media.h"
#include "base/file.h"
#include "base/text.h"
#include "oci/sparse.h"
#include "oci/tar.h"
#include "tls/digest.h"

/* Of an archive, which is not compressed: as much as a file may have. */
static const uint64_t max_bytes = (uint64_t)1 << 46;

static char *shown(const char *name)
{
    return text_printable(name, strlen(name), APPLIANCE_OVF_MAX_HREF);
}

static bool has_end(const char *name, const char *end)
{
    size_t length = strlen(name);
    return length > strlen(end) && strcasecmp(name + length - strlen(end), end) == 0;
}

const struct appliance_ova_file *appliance_ova_find(
    const struct appliance_ova *ova, const char *name)
{
    for (size_t i = 0; i < ova->count; i++) {
        if (streq(ova->files[i].name, name))
            return &ova->files[i];
    }
    return NULL;
}

static void add(struct appliance_ova *ova, const char *name, char *take_path, uint64_t size)
{
    ova->files = xreallocarray(ova->files, ova->count + 1, sizeof(*ova->files));
    struct appliance_ova_file *file = &ova->files[ova->count++];
    *file = (struct appliance_ova_file){.name = xstrdup(name), .size = size};
    file->path = take_path;
}

/* Finds the files that have a meaning. */
static int find_parts(struct appliance_ova *ova, const char *path, struct error **err)
{
    ova->descriptor = NULL;
    for (size_t i = 0; i < ova->count; i++) {
        const struct appliance_ova_file *file = &ova->files[i];
        if (has_end(file->name, ".mf"))
            ova->manifest = file;
        else if (has_end(file->name, ".cert"))
            ova->certificate = file;
        if (!has_end(file->name, ".ovf"))
            continue;
        if (ova->descriptor != NULL)
            return error_set(err, ERROR_INPUT, "%s has two descriptors, %s and %s", path,
                ova->descriptor->name, file->name);
        ova->descriptor = file;
    }
    if (ova->descriptor == NULL)
        return error_set(
            err, ERROR_INPUT, "%s has no descriptor (NAME.ovf): it is not an OVA", path);
    return 0;
}

static int check_canceled(const struct appliance_ova *ova, struct error **err)
{
    if (ova->is_canceled != NULL && ova->is_canceled())
        return error_set(err, ERROR_CANCELED, "it was interrupted");
    return 0;
}

/* A sink before that of a file. */
struct extraction {
    const struct appliance_ova *ova;
    struct oci_sink file;
};

static int take(void *user, const void *data, size_t length, struct error **err)
{
    const struct extraction *extraction = user;
    if (check_canceled(extraction->ova, err) < 0)
        return -1;
    return extraction->file.take(extraction->file.user, data, length, err);
}

/* Writes the contents of an entry to a new file. */
static int extract(const struct appliance_ova *ova, struct oci_tar *tar, const char *path,
    uint64_t *size, struct error **err)
{
    auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set_errno(err, "creating %s", path);
    struct oci_sparse sparse = {.fd = fd, .name = path};
    struct extraction extraction = {.ova = ova, .file = oci_sparse_sink(&sparse)};
    const struct oci_sink sink = {.take = take, .user = &extraction};
    if (oci_tar_read(tar, &sink, err) < 0 || oci_sparse_finish(&sparse, err) < 0)
        return -1;
    *size = sparse.size;
    return 0;
}

static int add_entry(struct appliance_ova *ova, struct oci_tar *tar,
    const struct oci_tar_entry *entry, const char *directory, struct error **err)
{
    auto_free char *name = shown(entry->path);
    uint64_t size = 0;
    if (entry->kind == OCI_TAR_DIRECTORY)
        return 0;
    if (entry->kind != OCI_TAR_FILE)
        return error_set(err, ERROR_INPUT, "%s is not a regular file", name);
    if (!appliance_ovf_name_is_safe(entry->path))
        return error_set(err, ERROR_INPUT, "\"%s\" is not a safe name of a file", name);
    if (appliance_ova_find(ova, entry->path) != NULL)
        return error_set(err, ERROR_INPUT, "%s is there twice", name);
    auto_free char *file = xasprintf("%s/%zu", directory, ova->count);
    if (extract(ova, tar, file, &size, err) < 0)
        return error_wrap(err, "%s", name);
    add(ova, entry->path, steal(&file), size);
    return 0;
}

int appliance_ova_unpack(
    struct appliance_ova *ova, const char *path, const char *directory, struct error **err)
{
    const struct oci_tar_limits limits = {.bytes = max_bytes, .entries = APPLIANCE_OVA_MAX_FILES};
    *ova = (struct appliance_ova){.is_canceled = ova->is_canceled};
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, "opening %s", path);
    auto_oci_tar struct oci_tar *tar = oci_tar_open(fd, path, false, &limits, err);
    if (tar == NULL)
        return -1;
    struct oci_tar_entry entry;
    int more = 0;
    while ((more = oci_tar_next(tar, &entry, err)) > 0) {
        if (add_entry(ova, tar, &entry, directory, err) < 0)
            return error_wrap(err, "%s", path);
    }
    return more < 0 ? -1 : find_parts(ova, path, err);
}

void appliance_ova_add_beside(struct appliance_ova *ova, const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    struct stat status;
    if (!appliance_ovf_name_is_safe(name) || appliance_ova_find(ova, name) != NULL)
        return;
    auto_free char *file =
        slash != NULL ? xasprintf("%.*s/%s", (int)(slash - path), path, name)
                      : xasprintf("./%s", name); /* not to be taken as an option or a URL */
    if (lstat(file, &status) < 0 || !S_ISREG(status.st_mode))
        return;
    size_t descriptor = (size_t)(ova->descriptor - ova->files);
    size_t manifest = ova->manifest != NULL ? (size_t)(ova->manifest - ova->files) : 0;
    add(ova, name, steal(&file), (uint64_t)status.st_size);
    ova->descriptor = &ova->files[descriptor];
    if (ova->manifest != NULL)
        ova->manifest = &ova->files[manifest];
}

static int read_manifest(
    const struct appliance_ova *ova, struct appliance_ovf_digests *digests, struct error **err)
{
    auto_free char *text = NULL;
    size_t length = 0;
    if (file_read(ova->manifest->path, APPLIANCE_OVF_DIGESTS_MAX_BYTES, &text, &length, err) < 0 ||
        appliance_ovf_digests_read(digests, text, length, err) < 0)
        return error_wrap(err, "%s", ova->manifest->name);
    return 0;
}

int appliance_ova_open(struct appliance_ova *ova, const char *path, struct error **err)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    *ova = (struct appliance_ova){.is_canceled = ova->is_canceled};
    struct stat status;
    if (stat(path, &status) < 0)
        return error_set_errno(err, "opening %s", path);
    if (!S_ISREG(status.st_mode))
        return error_set(err, ERROR_INPUT, "%s is not a regular file", path);
    add(ova, name, xstrdup(path), (uint64_t)status.st_size);
    ova->descriptor = &ova->files[0];
    auto_free char *manifest = xasprintf("%.*s.mf", (int)(strlen(name) - strlen(".ovf")), name);
    appliance_ova_add_beside(ova, path, manifest);
    ova->manifest = appliance_ova_find(ova, manifest);
    struct appliance_ovf_digests digests = {0};
    int result = ova->manifest != NULL ? read_manifest(ova, &digests, err) : 0;
    for (size_t i = 0; i < digests.count && result == 0; i++)
        appliance_ova_add_beside(ova, path, digests.items[i].name);
    appliance_ovf_digests_clear(&digests);
    return result;
}

/* Checks the digest of one file. */
static int verify_file(const struct appliance_ova *ova, const struct appliance_ova_file *file,
    const struct appliance_ovf_digest *expected, struct error **err)
{
    static const enum tls_digest_algorithm algorithms[] = {
        [APPLIANCE_OVF_SHA1] = TLS_DIGEST_SHA1,
        [APPLIANCE_OVF_SHA256] = TLS_DIGEST_SHA256,
        [APPLIANCE_OVF_SHA512] = TLS_DIGEST_SHA512,
    };
    enum { BLOCK = 1 << 18 };
    auto_free char *block = xmalloc(BLOCK);
    auto_tls_digest struct tls_digest *digest = tls_digest_new(algorithms[expected->algorithm]);
    char digits[TLS_DIGEST_MAX_DIGITS + 1];
    auto_fd int fd = open(file->path, O_RDONLY | O_CLOEXEC);
    ssize_t got = 0;
    if (fd < 0)
        return error_set_errno(err, "opening %s", file->name);
    while ((got = read(fd, block, BLOCK)) != 0) {
        if (got < 0 && errno != EINTR)
            return error_set_errno(err, "reading %s", file->name);
        if (check_canceled(ova, err) < 0)
            return -1;
        if (got > 0)
            tls_digest_add(digest, block, (size_t)got);
    }
    tls_digest_finish(digest, digits);
    if (streq(digits, expected->digits))
        return 0;
    return error_set(err, ERROR_INPUT,
        "%s has the %s digest %s; the manifest says %s: it is damaged, or was changed", file->name,
        appliance_ovf_algorithm_name(expected->algorithm), digits, expected->digits);
}

static int verify_all(const struct appliance_ova *ova, const struct appliance_ovf_digests *digests,
    struct error **err)
{
    for (size_t i = 0; i < digests->count; i++) {
        auto_free char *name = shown(digests->items[i].name);
        if (appliance_ova_find(ova, digests->items[i].name) == NULL)
            return error_set(err, ERROR_INPUT,
                "%s has a digest in the manifest and is not in the package", name);
    }
    for (size_t i = 0; i < ova->count; i++) {
        const struct appliance_ova_file *file = &ova->files[i];
        const struct appliance_ovf_digest *expected =
            appliance_ovf_digests_find(digests, file->name);
        if (file == ova->manifest || file == ova->certificate)
            continue;
        if (expected == NULL)
            return error_set(err, ERROR_INPUT, "%s has no digest in the manifest %s", file->name,
                ova->manifest->name);
        if (verify_file(ova, file, expected, err) < 0)
            return -1;
    }
    return 0;
}

int appliance_ova_verify(const struct appliance_ova *ova, struct error **err)
{
    struct appliance_ovf_digests digests = {0};
    if (ova->manifest == NULL)
        return 0;
    int result = read_manifest(ova, &digests, err);
    if (result == 0)
        result = verify_all(ova, &digests, err);
    appliance_ovf_digests_clear(&digests);
    return result;
}

void appliance_ova_clear(struct appliance_ova *ova)
{
    for (size_t i = 0; i < ova->count; i++) {
        free(ova->files[i].name);
        free(ova->files[i].path);
    }
    free(ova->files);
    *ova = (struct appliance_ova){0};
}
