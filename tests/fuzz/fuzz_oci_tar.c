/* A tar archive: no path that is read leaves it, and its contents are within the limits. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "oci/tar.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 1 << 20 };

static int count(void *user, const void *data, size_t length, struct error **err)
{
    size_t *sum = user;
    (void)data;
    (void)err;
    *sum += length;
    return 0;
}

static void check_entry(struct oci_tar *tar, const struct oci_tar_entry *entry)
{
    check(entry->path[0] != '/');
    check(!streq(entry->path, "..") && strncmp(entry->path, "../", 3) != 0);
    check(strstr(entry->path, "/../") == NULL && !text_ends_with(entry->path, "/.."));
    size_t sum = 0;
    const struct oci_sink sink = {count, &sum};
    if (entry->kind == OCI_TAR_FILE && oci_tar_read(tar, &sink, NULL) == 0)
        check(sum == entry->size && sum <= LIMIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct oci_tar_limits limits = {LIMIT, 10};
    struct oci_tar_entry entry;
    auto_fd int fd = file_open_memory("tar", NULL);
    check(fd >= 0 && file_write_all(fd, data, size, NULL) == 0 && lseek(fd, 0, SEEK_SET) == 0);
    auto_oci_tar struct oci_tar *tar = oci_tar_open(fd, "tar", true, &limits, NULL);
    size_t entries = 0;
    while (tar != NULL && oci_tar_next(tar, &entry, NULL) > 0) {
        check(++entries <= limits.entries);
        check_entry(tar, &entry);
    }
    return 0;
}
