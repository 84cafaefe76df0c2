/* Listening unix sockets: their mode, and what they replace and what they leave alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "base/unix_socket.h"
#include "tests/unit/directory.h"

static bool accepts(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

static void a_socket_has_its_mode_and_flags(void **state)
{
    static const mode_t modes[] = {0600, 0660, 0777, 0700};
    const mode_t before = umask(022);
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        auto_free char *path = file_join(*state, "hook.sock");
        auto_fd int fd = unix_socket_listen(path, modes[i], NULL);
        assert_true(fd >= 0);
        assert_true(accepts(path));
        struct stat status;
        assert_int_equal(lstat(path, &status), 0);
        assert_true(S_ISSOCK(status.st_mode));
        assert_int_equal(status.st_mode & 0777, modes[i]);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
        unlink(path);
    }
    assert_int_equal(umask(before), 022);
}

static void a_stale_socket_is_replaced(void **state)
{
    auto_free char *path = file_join(*state, "hook.sock");
    close(unix_socket_listen(path, 0600, NULL));
    assert_false(accepts(path));
    auto_fd int fd = unix_socket_listen(path, 0600, NULL);
    assert_true(fd >= 0);
    assert_true(accepts(path));
}

static void only_a_stale_socket_is_removed(void **state)
{
    auto_free char *path = file_join(*state, "hook.sock");
    assert_int_equal(unix_socket_remove_stale(path, NULL), 0); /* nothing is there */
    close(unix_socket_listen(path, 0600, NULL));
    assert_int_equal(unix_socket_remove_stale(path, NULL), 0);
    assert_int_equal(access(path, F_OK), -1);

    auto_fd int living = unix_socket_listen(path, 0600, NULL);
    auto_error struct error *error = NULL;
    assert_int_equal(unix_socket_remove_stale(path, &error), -1);
    assert_non_null(strstr(error->message, "another process is listening"));
    assert_true(accepts(path));
}

static void a_living_socket_is_left_alone(void **state)
{
    auto_free char *path = file_join(*state, "hook.sock");
    auto_fd int living = unix_socket_listen(path, 0600, NULL);
    auto_error struct error *error = NULL;
    assert_int_equal(unix_socket_listen(path, 0600, &error), -1);
    assert_int_equal(error->class, ERROR_IO);
    assert_non_null(strstr(error->message, path));
    assert_non_null(strstr(error->message, "another process is listening"));
    assert_true(accepts(path));

    /* Also if its backlog is full. */
    assert_int_equal(listen(living, 0), 0);
    auto_error struct error *busy = NULL;
    assert_int_equal(unix_socket_listen(path, 0600, &busy), -1);
    assert_non_null(strstr(busy->message, "another process is listening"));
}

/* Other objects at the path; each is left alone. */
static void make_file(const char *path)
{
    assert_int_equal(file_write(path, "precious", 8, 0600, NULL), 0);
}

static void make_directory(const char *path)
{
    assert_int_equal(mkdir(path, 0700), 0);
}

static void make_pipe(const char *path)
{
    assert_int_equal(mkfifo(path, 0600), 0);
}

static void make_link_to_nothing(const char *path)
{
    assert_int_equal(symlink("elsewhere.sock", path), 0);
}

static void make_link_to_stale_socket(const char *path)
{
    auto_free char *target = xasprintf("%s.target", path);
    close(unix_socket_listen(target, 0600, NULL));
    assert_int_equal(symlink(target, path), 0);
}

static void anything_else_is_left_alone(void **state)
{
    static const struct {
        void (*make)(const char *path);
        const char *word;
    } things[] = {
        {make_file, "a file"},
        {make_directory, "a directory"},
        {make_pipe, "a special file"},
        {make_link_to_nothing, "a symbolic link"},
        {make_link_to_stale_socket, "a symbolic link"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(things); i++) {
        auto_free char *name = xasprintf("thing-%zu", i);
        auto_free char *path = file_join(*state, name);
        things[i].make(path);
        struct stat before;
        assert_int_equal(lstat(path, &before), 0);
        auto_error struct error *error = NULL;
        assert_int_equal(unix_socket_listen(path, 0600, &error), -1);
        assert_int_equal(error->class, ERROR_IO);
        assert_non_null(strstr(error->message, path));
        assert_non_null(strstr(error->message, things[i].word));
        struct stat after;
        assert_int_equal(lstat(path, &after), 0);
        assert_int_equal(before.st_ino, after.st_ino);
    }
    auto_free char *elsewhere = file_join(*state, "elsewhere.sock");
    assert_int_equal(access(elsewhere, F_OK), -1);
}

static void errors_say_what_is_wrong(void **state)
{
    auto_free char *path = file_join(*state, "missing/hook.sock");
    auto_error struct error *missing = NULL;
    assert_int_equal(unix_socket_listen(path, 0600, &missing), -1);
    assert_int_equal(missing->class, ERROR_IO);
    assert_int_equal(missing->errnum, ENOENT);
    assert_non_null(strstr(missing->message, path));

    char name[201] = "";
    memset(name, 'n', sizeof(name) - 1);
    auto_free char *long_name = file_join(*state, name);
    auto_error struct error *too_long = NULL;
    assert_int_equal(unix_socket_listen(long_name, 0600, &too_long), -1);
    assert_int_equal(too_long->errnum, ENAMETOOLONG);
    assert_non_null(strstr(too_long->message, name));

    auto_error struct error *bare = NULL;
    assert_int_equal(unix_socket_listen(name, 0600, &bare), -1);
    assert_int_equal(bare->errnum, ENAMETOOLONG);

    auto_free char *far = xasprintf("%s/%s/hook.sock", (const char *)*state, name);
    auto_error struct error *far_away = NULL;
    assert_int_equal(unix_socket_listen(far, 0600, &far_away), -1);
    assert_int_equal(far_away->errnum, ENOENT);
}

/* 107 bytes are what sockaddr_un holds with its final zero. */
static void paths_of_any_length_work(void **state)
{
    static const size_t lengths[] = {106, 107, 108, 109, 200, 1000, 3000};
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        auto_free char *path = xasprintf("%s/", (const char *)*state);
        while (strlen(path) + 60 < lengths[i]) {
            char *longer =
                xasprintf("%s%.*s/", path, 40, "directory-directory-directory-directory-");
            free(path);
            path = longer;
        }
        assert_int_equal(file_make_directories(path, 0700, NULL), 0);
        char *whole = xasprintf("%s%0*d", path, (int)(lengths[i] - strlen(path)), 0);
        free(path);
        path = whole;
        assert_int_equal(strlen(path), lengths[i]);
        int fd = unix_socket_listen(path, 0600, NULL);
        assert_true(fd >= 0);
        auto_error struct error *error = NULL;
        assert_int_equal(unix_socket_listen(path, 0600, &error), -1);
        assert_non_null(strstr(error->message, "another process is listening"));
        close(fd);
        fd = unix_socket_listen(path, 0600, NULL);
        assert_true(fd >= 0);
        close(fd);
        assert_int_equal(unlink(path), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(a_socket_has_its_mode_and_flags),
        IN_DIRECTORY(a_stale_socket_is_replaced),
        IN_DIRECTORY(only_a_stale_socket_is_removed),
        IN_DIRECTORY(a_living_socket_is_left_alone),
        IN_DIRECTORY(anything_else_is_left_alone),
        IN_DIRECTORY(errors_say_what_is_wrong),
        IN_DIRECTORY(paths_of_any_length_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
