/* Sealing: what is refused before virt-sysprep, which tests/e2e runs, and that the disk stays as it
 * is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <ev.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "appliance/seal.h"
#include "base/file.h"
#include "base/text.h"
#include "tests/unit/directory.h"

enum { SECTOR = 512, SECTORS = 4096 };

struct outcome {
    bool done;
    struct error *error;
};

static void on_done(void *user, struct error *take_error)
{
    struct outcome *outcome = user;
    outcome->done = true;
    outcome->error = take_error;
}

static size_t count_entries(const char *directory)
{
    DIR *stream = opendir(directory);
    size_t count = 0;
    while (readdir(stream) != NULL)
        count++;
    closedir(stream);
    return count;
}

/* A raw disk with one partition of a type, which begins with these bytes. */
static char *put_disk(const char *directory, char type, const char *begin, size_t length)
{
    char *path = file_join(directory, "disk.img");
    char *bytes = xcalloc(SECTORS, SECTOR);
    bytes[446 + 4] = type;
    bytes[446 + 9] = 8; /* sector 2048 */
    memcpy(bytes + 510, "\x55\xaa", 2);
    memcpy(bytes + (size_t)2048 * SECTOR, begin, length);
    assert_int_equal(file_write(path, bytes, (size_t)SECTORS * SECTOR, 0640, NULL), 0);
    free(bytes);
    return path;
}

/* Tries to seal the disk; returns why not. */
static struct error *refuse(const char *disk, const char *output)
{
    struct outcome outcome = {0};
    const struct appliance_seal_request request = {
        .disk = disk, .output = output, .emulate = true, .user = &outcome};
    if (appliance_seal_start(&request, on_done, &outcome.error) != NULL) {
        while (!outcome.done)
            ev_run(EV_DEFAULT_ EVRUN_ONCE);
    }
    assert_non_null(outcome.error);
    return outcome.error;
}

static void check_refused(const char *directory, const char *disk, const char *output,
    enum error_class class, const char *message)
{
    auto_free char *before = NULL;
    auto_free char *after = NULL;
    size_t length = 0;
    size_t entries = count_entries(directory);
    assert_int_equal(file_read(disk, SIZE_MAX, &before, &length, NULL), 0);
    auto_error struct error *error = refuse(disk, output);
    if (error->class != class || strstr(error->message, message) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error->message, message);
    size_t length_after = 0;
    assert_int_equal(file_read(disk, SIZE_MAX, &after, &length_after, NULL), 0);
    assert_int_equal(length, length_after);
    assert_memory_equal(before, after, length);
    assert_int_equal(count_entries(directory), entries);
}

static void test_windows(void **state)
{
    auto_free char *disk = put_disk(*state, 7, "\xeb\x52\x90NTFS    ", 11);
    check_refused(*state, disk, NULL, ERROR_INPUT, "sysprep.exe /generalize");
}

/* Without virt-sysprep: what is not Windows gets that far. */
static void test_no_virt_sysprep(void **state)
{
    auto_free char *path = xstrdup(getenv("PATH"));
    auto_free char *bin = file_join(*state, "bin");
    auto_free char *name = file_join(bin, "qemu-img");
    assert_int_equal(file_make_directories(bin, 0700, NULL), 0);
    assert_int_equal(symlink("/usr/bin/qemu-img", name), 0);
    setenv("PATH", bin, 1);
    auto_free char *disk = put_disk(*state, 7, "\xeb\x52\x90MSDOS5.0", 11);
    check_refused(*state, disk, NULL, ERROR_IO, "virt-sysprep is not installed");
    auto_free char *other = put_disk(*state, (char)0x83, "", 0);
    check_refused(*state, other, NULL, ERROR_IO, "virt-sysprep is not installed");
    setenv("PATH", path, 1);
}

static void test_in_use(void **state)
{
    auto_free char *disk = put_disk(*state, (char)0x83, "", 0);
    auto_fd int fd = open(disk, O_RDONLY | O_CLOEXEC);
    check_refused(*state, disk, NULL, ERROR_IO, "is in use");
}

/* What is only copied may be read, but not written to. */
static void test_written_while_it_is_copied(void **state)
{
    auto_free char *disk = put_disk(*state, (char)0x83, "", 0);
    auto_free char *output = file_join(*state, "sealed.img");
    auto_fd int fd = open(disk, O_RDWR | O_CLOEXEC);
    check_refused(*state, disk, output, ERROR_IO, "is in use");
}

static void test_output_exists(void **state)
{
    auto_free char *disk = put_disk(*state, (char)0x83, "", 0);
    check_refused(*state, disk, disk, ERROR_USAGE, "is already there");
}

static void test_backed(void **state)
{
    unsigned char header[104] = {'Q', 'F', 'I', 0xfb, 0, 0, 0, 3};
    header[15] = 104;
    auto_free char *disk = file_join(*state, "disk.qcow2");
    assert_int_equal(file_write(disk, header, sizeof(header), 0600, NULL), 0);
    check_refused(*state, disk, NULL, ERROR_INPUT, "with a backing file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(test_windows),
        IN_DIRECTORY(test_no_virt_sysprep),
        IN_DIRECTORY(test_in_use),
        IN_DIRECTORY(test_written_while_it_is_copied),
        IN_DIRECTORY(test_output_exists),
        IN_DIRECTORY(test_backed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
