/* Disk image files. test_machine_volume has the cases of what a qcow2 image must not refer to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/file.h"
#include "base/unused.h"
#include "guest/image.h"
#include "tests/unit/directory.h"

static void test_inspect_directory(UNUSED void **state)
{
    const char *format = NULL;
    auto_error struct error *error = NULL;
    assert_int_equal(guest_image_inspect("/", &format, &error), -1);
    assert_int_equal(error->class, ERROR_IO);
}

/* The beginning of a file, and what is said about it. */
static const struct {
    char begin[40];
    size_t length;
    const char *message; /* NULL: it is an image */
    const char *format;
    long long size;
} images[] = {
    {"anything", 1 << 20, NULL, "raw", 1 << 20},
    {"QFI\xfb\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\20\0\0\0\0\0\40\0\0", 104, NULL, "qcow2",
        2 << 20},
    {"QFI\xfb\0\0\0\3", 104, "a disk without data", NULL, 0},
    {"QFI\xfb\0\0\0\1", 104, "broken or very old", NULL, 0},
    {"QFI\xfb\0\0\0\2", 16, "broken or very old", NULL, 0},
    {"QFI\xfb\0\0\0\3\0\0\0\0\0\0\0\1", 104, "with a backing file", NULL, 0},
    {"QFI\xfb\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\20\0\0\0\0\0\40\0\0\0\0\0\1", 104, "encrypted",
        NULL, 0},
    {"KDMV", 1 << 20, "convert -f vmdk", NULL, 0},
    {"# Disk DescriptorFile", 1024, "convert -f vmdk", NULL, 0},
    {"vhdxfile", 1 << 20, "convert -f vhdx", NULL, 0},
    {"\x1f\x8b\x08", 1 << 20, "gunzip", NULL, 0},
    {"\x28\xb5\x2f\xfd", 1 << 20, "unzstd", NULL, 0},
    {"short", 5, "5 bytes, too few", NULL, 0},
};

static void test_examine(void **state)
{
    auto_free char *path = file_join(*state, "image");
    for (size_t i = 0; i < ARRAY_SIZE(images); i++) {
        struct guest_image image = {0};
        auto_error struct error *error = NULL;
        auto_free char *data = xcalloc(1, images[i].length + 64);
        memcpy(data, images[i].begin, sizeof(images[i].begin));
        assert_int_equal(file_write(path, data, images[i].length, 0600, NULL), 0);
        int result = guest_image_examine(path, &image, &error);
        if (images[i].message != NULL) {
            assert_int_equal(result, -1);
            assert_non_null(strstr(error->message, images[i].message));
            continue;
        }
        if (result < 0)
            fail_msg("%s", error->message);
        assert_string_equal(image.format, images[i].format);
        assert_int_equal(image.size, images[i].size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inspect_directory),
        IN_DIRECTORY(test_examine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
