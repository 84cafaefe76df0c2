/* The path of a plugin's socket: which paths are accepted, and what is removed there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/unused.h"
#include "manager/plugin_socket.h"

#define DIRECTORY "/var/run/kubevirt-plugin/hookline"

static void test_check(UNUSED void **state)
{
    static const struct {
        const char *path;
        const char *error; /* NULL: none */
    } cases[] = {
        {DIRECTORY "/hook.sock", NULL},
        {"/tmp/.hidden/..a.b../a.sock", NULL},
        {"hook.sock", "absolute"},
        {"", "absolute"},
        {DIRECTORY "//hook.sock", "without"},
        {DIRECTORY "/./hook.sock", "without"},
        {DIRECTORY "/../hookline/hook.sock", "without"},
        {DIRECTORY "/hook.sock/", ".sock"},
        {DIRECTORY "/hook", ".sock"},
        {DIRECTORY "/hook.socket", ".sock"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *error = NULL;
        int result = manager_plugin_socket_check(cases[i].path, &error);
        assert_int_equal(result, cases[i].error == NULL ? 0 : -1);
        if (cases[i].error != NULL) {
            assert_int_equal(error->class, ERROR_USAGE);
            assert_non_null(strstr(error->message, cases[i].error));
        }
    }
}

static void test_length(UNUSED void **state)
{
    for (int length = 106; length <= 109; length++) {
        auto_error struct error *error = NULL;
        auto_free char *path = xasprintf("/%0*d.sock", length - 6, 0);
        assert_int_equal(strlen(path), length);
        int result = manager_plugin_socket_check(path, &error);
        assert_int_equal(result, length <= MANAGER_PLUGIN_SOCKET_MAX_BYTES ? 0 : -1);
    }
}

static void test_reachable(UNUSED void **state)
{
    assert_true(manager_plugin_socket_is_reachable(DIRECTORY "/hook.sock"));
    assert_true(manager_plugin_socket_is_reachable(DIRECTORY "/below/hook.sock"));
    assert_false(manager_plugin_socket_is_reachable("/var/run/kubevirt-plugin/hook.sock"));
    assert_false(manager_plugin_socket_is_reachable("/tmp/hookline/hook.sock"));
}

/* The directory is created, and a stale socket is removed, before anything listens. */
static void test_clear_and_listen(UNUSED void **state)
{
    auto_free char *directory = file_make_temporary("hookline-test", NULL);
    auto_free char *path = file_join(directory, "plugins/hookline/hook.sock");
    struct stat status;
    assert_int_equal(manager_plugin_socket_clear(path, NULL), 0);
    int fd = manager_plugin_socket_listen(path, NULL);
    assert_true(fd >= 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode, S_IFSOCK | 0660);

    auto_error struct error *error = NULL;
    assert_int_equal(manager_plugin_socket_clear(path, &error), -1); /* it lives */
    assert_int_equal(error->class, ERROR_IO);
    close(fd);
    assert_int_equal(manager_plugin_socket_clear(path, NULL), 0);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(file_remove_tree(directory, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_reachable),
        cmocka_unit_test(test_clear_and_listen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
