/* Files and directories as base/file.h reads, writes and removes them, in the test's own directory.
 * */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/unused.h"
#include "tests/unit/directory.h"

static void what_is_written_is_read(void **state)
{
    auto_free char *path = file_join(*state, "a");
    assert_int_equal(file_write(path, "old", 3, 0600, NULL), 0);
    assert_int_equal(file_write(path, "new\0text", 8, 0640, NULL), 0);
    assert_int_equal(file_append(path, "+", 1, 0600, NULL), 0);
    auto_free char *data = NULL;
    size_t length = 0;
    assert_int_equal(file_read(path, 9, &data, &length, NULL), 0);
    assert_int_equal(length, 9);
    assert_memory_equal(data, "new\0text+", 10);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
}

static void reading_says_what_is_wrong(void **state)
{
    auto_free char *path = file_join(*state, "b");
    auto_free char *data = NULL;
    size_t length = 0;
    auto_error struct error *missing = NULL;
    assert_int_equal(file_read(path, 10, &data, &length, &missing), -1);
    assert_int_equal(missing->class, ERROR_IO);
    assert_int_equal(missing->errnum, ENOENT);
    assert_non_null(strstr(missing->message, path));

    file_write(path, "0123456789!", 11, 0600, NULL);
    auto_error struct error *large = NULL;
    assert_int_equal(file_read(path, 10, &data, &length, &large), -1);
    assert_int_equal(large->class, ERROR_INPUT);
    assert_non_null(strstr(large->message, "larger than 10 bytes"));

    auto_error struct error *directory = NULL;
    assert_int_equal(file_read(*state, 10, &data, &length, &directory), -1);
    assert_int_equal(directory->errnum, EISDIR);
}

static void directories_are_made_and_removed_whole(void **state)
{
    auto_free char *top = file_join(*state, "top");
    auto_free char *deep = file_join(top, "x/y/z");
    assert_int_equal(file_make_directories(deep, 0700, NULL), 0);
    assert_int_equal(file_make_directories(deep, 0700, NULL), 0);
    auto_free char *file = file_join(deep, "f");
    file_write(file, "", 0, 0600, NULL);
    auto_error struct error *err = NULL;
    assert_int_equal(file_make_directories(file, 0700, &err), -1);
    assert_int_equal(file_make_directories("/", 0700, NULL), 0);
    assert_int_equal(file_make_directories("", 0700, NULL), -1);
    assert_int_equal(file_remove_tree(top, NULL), 0);
    assert_int_equal(access(top, F_OK), -1);
    assert_int_equal(file_remove_tree(top, NULL), 0);
}

static void removal_never_follows_links(void **state)
{
    auto_free char *kept = file_join(*state, "kept");
    auto_free char *inside = file_join(kept, "inside");
    auto_free char *tree = file_join(*state, "tree");
    auto_free char *link = file_join(tree, "link");
    file_make_directories(kept, 0700, NULL);
    file_write(inside, "", 0, 0600, NULL);
    file_make_directories(tree, 0700, NULL);
    assert_int_equal(symlink(kept, link), 0);
    assert_int_equal(file_remove_tree(tree, NULL), 0);
    assert_int_equal(access(inside, F_OK), 0);
}

/* Root may do everything, so it becomes another user. */
static void removal_opens_what_is_closed(void **state)
{
    enum { NOBODY = 65534 };
    uid_t before = geteuid();
    if (before == 0) {
        assert_int_equal(chown(*state, NOBODY, NOBODY), 0);
        assert_int_equal(seteuid(NOBODY), 0);
    }
    static const mode_t modes[] = {0000, 0100, 0300, 0400, 0500, 0600};
    auto_free char *tree = file_join(*state, "tree");
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        auto_free char *upper = xasprintf("%s/%zu", tree, i);
        auto_free char *lower = file_join(upper, "lower");
        auto_free char *file = file_join(lower, "file");
        auto_free char *other = file_join(upper, "other");
        assert_int_equal(file_make_directories(lower, 0700, NULL), 0);
        assert_int_equal(file_write(file, "", 0, 0000, NULL), 0);
        assert_int_equal(file_write(other, "", 0, 0000, NULL), 0);
        assert_int_equal(chmod(lower, modes[i]), 0);
        assert_int_equal(chmod(upper, modes[i]), 0);
    }
    int result = file_remove_tree(tree, NULL);
    assert_int_equal(seteuid(before), 0);
    assert_int_equal(result, 0);
    assert_int_equal(access(tree, F_OK), -1);
}

static void paths_become_absolute(UNUSED void **state)
{
    static const char *const cases[][2] = {
        {"/a/b", "/a/b"}, {"/a/b//", "/a/b"}, {"/", "/"}, {"//", "/"}, {"/a/../b", "/a/../b"}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *path = file_absolute(cases[i][0]);
        assert_string_equal(path, cases[i][1]);
    }
    auto_free char *here = getcwd(NULL, 0);
    auto_free char *expected = file_join(here, "a");
    auto_free char *relative = file_absolute("a/");
    assert_string_equal(relative, expected);
}

/* What is there already stays. */
static void a_new_name_replaces_nothing(void **state)
{
    auto_free char *one = file_join(*state, "one");
    auto_free char *two = file_join(*state, "two");
    assert_int_equal(file_write(one, "1", 1, 0600, NULL), 0);
    assert_int_equal(file_rename_new(one, two, NULL), 0);
    assert_int_equal(file_write(one, "2", 1, 0600, NULL), 0);
    auto_error struct error *error = NULL;
    assert_int_equal(file_rename_new(one, two, &error), -1);
    assert_int_equal(error->errnum, EEXIST);
    auto_free char *text = NULL;
    size_t length = 0;
    assert_int_equal(file_read(two, 10, &text, &length, NULL), 0);
    assert_string_equal(text, "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_become_absolute),
        IN_DIRECTORY(a_new_name_replaces_nothing),
        IN_DIRECTORY(what_is_written_is_read),
        IN_DIRECTORY(reading_says_what_is_wrong),
        IN_DIRECTORY(directories_are_made_and_removed_whole),
        IN_DIRECTORY(removal_opens_what_is_closed),
        IN_DIRECTORY(removal_never_follows_links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
