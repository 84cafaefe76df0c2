/* Contents on their way: compressed and decompressed, into files with holes, into and out of tar
 * archives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "base/unused.h"
#include "oci/sparse.h"
#include "oci/tar.h"
#include "oci/tar_write.h"
#include "oci/zstd.h"
#include "tests/unit/directory.h"

/* Contents in memory. */
struct text {
    char *data;
    size_t length;
};

static int take(void *user, const void *data, size_t length, UNUSED struct error **err)
{
    struct text *text = user;
    text->data = xrealloc(text->data, text->length + length + 1);
    memcpy(text->data + text->length, data, length);
    text->length += length;
    text->data[text->length] = '\0';
    return 0;
}

static struct text compress(const char *data, size_t length)
{
    struct text text = {0};
    const struct oci_sink out = {take, &text};
    auto_oci_zstd struct oci_zstd *zstd = oci_zstd_new_compressor(&out);
    const struct oci_sink in = oci_zstd_sink(zstd);
    assert_int_equal(in.take(in.user, data, length, NULL), 0);
    assert_int_equal(oci_zstd_finish(zstd, NULL), 0);
    return text;
}

/* Decompresses in pieces. */
static int decompress(
    const struct text *from, size_t piece, uint64_t limit, struct text *out, struct error **err)
{
    const struct oci_sink sink = {take, out};
    auto_oci_zstd struct oci_zstd *zstd = oci_zstd_new_decompressor(&sink, limit);
    const struct oci_sink in = oci_zstd_sink(zstd);
    for (size_t at = 0; at < from->length; at += piece) {
        size_t length = from->length - at < piece ? from->length - at : piece;
        if (in.take(in.user, from->data + at, length, err) < 0)
            return -1;
    }
    return oci_zstd_finish(zstd, err);
}

static void what_was_compressed_comes_back(UNUSED void **state)
{
    static const size_t pieces[] = {1, 7, 100000};
    struct text packed = compress("a disk image", strlen("a disk image"));
    for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
        struct text out = {0};
        assert_int_equal(decompress(&packed, pieces[i], 12, &out, NULL), 0);
        assert_string_equal(out.data, "a disk image");
        free(out.data);
    }
    free(packed.data);
}

/* The decompressor's own buffer is then full when the contents end. */
static void sizes_are_met_to_the_byte(UNUSED void **state)
{
    static const size_t sizes[] = {0, 1, 128 << 10, 256 << 10, (256 << 10) + 1};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        auto_free char *zeros = xcalloc(sizes[i], 1);
        struct text packed = compress(zeros, sizes[i]);
        struct text out = {0};
        assert_int_equal(decompress(&packed, packed.length, sizes[i], &out, NULL), 0);
        assert_int_equal(out.length, sizes[i]);
        free(out.data);
        free(packed.data);
    }
}

static void a_bomb_ends_at_its_declared_size(UNUSED void **state)
{
    enum { SIZE = 64 << 20, DECLARED = 1 << 20 };
    auto_free char *zeros = xcalloc(SIZE, 1);
    struct text packed = compress(zeros, SIZE);
    struct text out = {0};
    auto_error struct error *error = NULL;
    assert_true(packed.length < 64 << 10);
    assert_int_equal(decompress(&packed, packed.length, DECLARED, &out, &error), -1);
    assert_int_equal(error->class, ERROR_INPUT);
    assert_string_equal(error->message, "it is larger than the 1048576 bytes that are declared");
    assert_true(out.length <= DECLARED);
    free(out.data);
    free(packed.data);
}

static void what_is_cut_or_broken_is_refused(UNUSED void **state)
{
    struct text packed = compress("a disk image", strlen("a disk image"));
    struct text out = {0};
    auto_error struct error *cut = NULL;
    auto_error struct error *broken = NULL;
    packed.length -= 5;
    assert_int_equal(decompress(&packed, 100, 12, &out, &cut), -1);
    assert_string_equal(cut->message, "its compressed data is cut");
    packed.data[0] = 'x';
    assert_int_equal(decompress(&packed, 100, 12, &out, &broken), -1);
    assert_true(text_starts_with(broken->message, "it is not valid Zstandard: "));
    free(out.data);
    free(packed.data);
}

/* A frame whose header wants a window of 2 GiB. */
static void a_window_that_is_too_large_is_refused(UNUSED void **state)
{
    static const char frame[] = "\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00";
    struct text packed = {(char *)frame, sizeof(frame) - 1};
    struct text out = {0};
    auto_error struct error *error = NULL;
    assert_int_equal(decompress(&packed, 100, 12, &out, &error), -1);
    assert_non_null(strstr(error->message, "memory"));
    free(out.data);
}

static void zeros_become_holes_and_come_back(void **state)
{
    enum { SIZE = 3 << 20 };
    static const size_t pieces[] = {1000, 4096, 100001, SIZE};
    auto_free char *data = xcalloc(SIZE, 1);
    memcpy(data + 5, "begin", 5);
    memcpy(data + (2 << 20) - 3, "middle", 6);
    for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
        auto_free char *path = xasprintf("%s/disk%zu", (char *)*state, i);
        auto_fd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        struct oci_sparse sparse = {.fd = fd, .name = path};
        const struct oci_sink in = oci_sparse_sink(&sparse);
        for (size_t at = 0; at < SIZE; at += pieces[i])
            assert_int_equal(
                in.take(in.user, data + at, SIZE - at < pieces[i] ? SIZE - at : pieces[i], NULL),
                0);
        assert_int_equal(oci_sparse_finish(&sparse, NULL), 0);
        struct stat status;
        fstat(fd, &status);
        assert_int_equal(status.st_size, SIZE);
        assert_true(status.st_blocks * 512 < 1 << 20);
        struct text back = {0};
        const struct oci_sink out = {take, &back};
        assert_int_equal(oci_sparse_read(fd, path, SIZE, &out, NULL), 0);
        assert_int_equal(back.length, SIZE);
        assert_memory_equal(back.data, data, SIZE);
        free(back.data);
    }
}

static void a_file_that_shrinks_is_an_error(void **state)
{
    auto_free char *path = file_join(*state, "disk");
    auto_fd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct text back = {0};
    const struct oci_sink out = {take, &back};
    auto_error struct error *error = NULL;
    assert_int_equal(ftruncate(fd, 5000), 0);
    assert_int_equal(oci_sparse_read(fd, path, 10000, &out, &error), -1);
    assert_non_null(strstr(error->message, "it has become shorter"));
    free(back.data);
}

static void paths_stay_inside(UNUSED void **state)
{
    static const struct {
        const char *path, *clean; /* NULL: refused */
    } cases[] = {
        {"a/b", "a/b"},
        {"./a//b/", "a/b"},
        {"a/./b", "a/b"},
        {"./", ""},
        {"..a/b..", "..a/b.."},
        {"", NULL},
        {"/a", NULL},
        {"..", NULL},
        {"../a", NULL},
        {"a/../b", NULL},
        {"a/..", NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *clean = oci_tar_clean_path(cases[i].path);
        assert_string_equal(text_or(clean, "refused"), text_or(cases[i].clean, "refused"));
    }
}

/* Writes an archive with two files into a file, and returns its descriptor. */
static int write_archive(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct text text = {0};
    const struct oci_sink out = {take, &text};
    auto_oci_tar_writer struct oci_tar_writer *writer = oci_tar_writer_new(&out);
    assert_int_equal(oci_tar_writer_add_directory(writer, "disk/", 0555, 107, NULL), 0);
    assert_int_equal(
        oci_tar_writer_add_file(writer, "disk/a.img", 0440, 107, -1, "image", 5, NULL), 0);
    assert_int_equal(oci_tar_writer_add_file(writer, "b", 0440, 107, -1, "", 0, NULL), 0);
    assert_int_equal(oci_tar_writer_finish(writer, NULL), 0);
    assert_int_equal(file_write_all(fd, text.data, text.length, NULL), 0);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    free(text.data);
    return fd;
}

static void an_archive_is_written_and_read(void **state)
{
    static const struct oci_tar_limits limits = {1 << 20, 3};
    auto_free char *path = file_join(*state, "a.tar");
    auto_fd int fd = write_archive(path);
    auto_oci_tar struct oci_tar *tar = oci_tar_open(fd, path, false, &limits, NULL);
    struct oci_tar_entry entry;
    struct text text = {0};
    const struct oci_sink out = {take, &text};
    assert_int_equal(oci_tar_next(tar, &entry, NULL), 1);
    assert_int_equal(entry.kind, OCI_TAR_DIRECTORY);
    assert_string_equal(entry.path, "disk");
    assert_int_equal(oci_tar_next(tar, &entry, NULL), 1);
    assert_string_equal(entry.path, "disk/a.img");
    assert_int_equal(entry.size, 5);
    assert_int_equal(oci_tar_read(tar, &out, NULL), 0);
    assert_string_equal(text.data, "image");
    assert_int_equal(oci_tar_next(tar, &entry, NULL), 1);
    assert_int_equal(oci_tar_next(tar, &entry, NULL), 0);
    free(text.data);
}

static void an_archive_over_its_limits_is_refused(void **state)
{
    static const struct {
        struct oci_tar_limits limits;
        const char *message;
    } cases[] = {
        {{1 << 20, 2}, "too many entries"},
        {{600, 10}, "larger than 600 bytes"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *path = xasprintf("%s/%zu.tar", (char *)*state, i);
        auto_fd int fd = write_archive(path);
        auto_oci_tar struct oci_tar *tar = oci_tar_open(fd, path, false, &cases[i].limits, NULL);
        struct oci_tar_entry entry;
        auto_error struct error *error = NULL;
        int more = 1;
        while (more > 0)
            more = oci_tar_next(tar, &entry, &error);
        assert_int_equal(more, -1);
        assert_non_null(strstr(error->message, cases[i].message));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_compressed_comes_back),
        cmocka_unit_test(sizes_are_met_to_the_byte),
        cmocka_unit_test(a_bomb_ends_at_its_declared_size),
        cmocka_unit_test(what_is_cut_or_broken_is_refused),
        cmocka_unit_test(a_window_that_is_too_large_is_refused),
        IN_DIRECTORY(zeros_become_holes_and_come_back),
        IN_DIRECTORY(a_file_that_shrinks_is_an_error),
        cmocka_unit_test(paths_stay_inside),
        IN_DIRECTORY(an_archive_is_written_and_read),
        IN_DIRECTORY(an_archive_over_its_limits_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
