/* The watch on virt-launcher's socket: it ends when the launcher is gone, and never before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/unix_socket.h"
#include "base/unused.h"
#include "manager/launcher_watch.h"
#include "tests/unit/time_of_day.h"

enum { PATIENCE_SECONDS = 120 };

/* A launcher's socket, and a watch on it. */
struct room {
    struct ev_loop *loop;
    char *directory;
    char *path;
    int listen_fd; /* or -1 */
    ev_io acceptable;
    int accepted; /* how many connections there were */
    int fd; /* the last of them; or -1 */
    struct manager_launcher_watch *watch;
    int gone; /* how often that was said */
};

static void on_acceptable(struct ev_loop *loop, ev_io *watcher, UNUSED int events)
{
    struct room *room = watcher->data;
    room->fd = accept(room->listen_fd, NULL, NULL);
    room->accepted++;
    ev_break(loop, EVBREAK_ALL);
}

static void on_gone(void *user)
{
    struct room *room = user;
    room->gone++;
    manager_launcher_watch_free(steal(&room->watch));
    ev_break(room->loop, EVBREAK_ALL);
}

static int setup(void **state)
{
    alarm(PATIENCE_SECONDS); /* bounds a hang */
    log_init("test", LOG_TEXT, LOG_ERROR);
    struct room *room = xcalloc(1, sizeof(*room));
    room->loop = ev_loop_new(EVFLAG_AUTO);
    room->directory = file_make_temporary("hookline-test", NULL);
    room->path = file_join(room->directory, "launcher-sock");
    room->listen_fd = -1;
    room->fd = -1;
    *state = room;
    return 0;
}

static int teardown(void **state)
{
    struct room *room = *state;
    manager_launcher_watch_free(room->watch);
    ev_loop_destroy(room->loop);
    int result = file_remove_tree(room->directory, NULL);
    free(room->path);
    free(room->directory);
    free(room);
    return result;
}

static void start_launcher(struct room *room, const char *path)
{
    room->listen_fd = unix_socket_listen(path, 0600, NULL);
    assert_true(room->listen_fd >= 0);
    ev_io_init(&room->acceptable, on_acceptable, room->listen_fd, EV_READ);
    room->acceptable.data = room;
    ev_io_start(room->loop, &room->acceptable);
}

static void close_connection(struct room *room)
{
    close(room->fd);
    room->fd = -1;
}

static void end_launcher(struct room *room)
{
    ev_io_stop(room->loop, &room->acceptable);
    close(room->listen_fd);
    close_connection(room);
}

static void start_watch(struct room *room)
{
    room->watch = manager_launcher_watch_new(room->loop, room->path, on_gone, room);
}

static void expect_connection(struct room *room)
{
    int before = room->accepted;
    ev_run(room->loop, 0);
    assert_int_equal(room->accepted, before + 1);
    assert_int_equal(room->gone, 0);
}

static void expect_gone(struct room *room)
{
    ev_run(room->loop, 0);
    assert_int_equal(room->gone, 1);
}

static void test_gone_with_its_socket_left(void **state)
{
    struct room *room = *state;
    start_launcher(room, room->path);
    start_watch(room);
    expect_connection(room);
    end_launcher(room);
    expect_gone(room);
}

static void test_gone_with_its_socket_removed(void **state)
{
    struct room *room = *state;
    start_launcher(room, room->path);
    start_watch(room);
    expect_connection(room);
    assert_int_equal(unlink(room->path), 0);
    end_launcher(room);
    expect_gone(room);
}

/* Like virt-launcher's: it is bound under another name and moved into place when it is ready. */
static void test_waited_for(void **state)
{
    struct room *room = *state;
    auto_free char *init = file_join(room->directory, "launcher-init-sock");
    start_watch(room);
    ev_run(room->loop, EVRUN_NOWAIT);
    start_launcher(room, init);
    assert_int_equal(rename(init, room->path), 0);
    expect_connection(room);
    end_launcher(room);
    expect_gone(room);
}

/* A socket that is bound but refuses connections does not listen yet. */
static void test_refusing_at_first(void **state)
{
    struct room *room = *state;
    close(unix_socket_listen(room->path, 0600, NULL));
    start_watch(room);
    ev_run(room->loop, EVRUN_NOWAIT);
    assert_int_equal(unlink(room->path), 0);
    start_launcher(room, room->path);
    expect_connection(room);
    end_launcher(room);
    expect_gone(room);
}

/* Its data is ignored; when it closes a connection, the watch opens another. */
static void test_closed_connections(void **state)
{
    struct room *room = *state;
    start_launcher(room, room->path);
    start_watch(room);
    for (int i = 0; i < 3; i++) {
        expect_connection(room);
        assert_int_equal(write(room->fd, "settings", 8), 8);
        ev_run(room->loop, EVRUN_NOWAIT);
        close_connection(room);
    }
    end_launcher(room);
    expect_gone(room);
}

static void test_time_of_day_is_set_back(void **state)
{
    struct room *room = *state;
    start_launcher(room, room->path);
    start_watch(room);
    expect_connection(room);
    time_of_day_set(room->loop, -3600);
    end_launcher(room);
    expect_gone(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_gone_with_its_socket_left, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gone_with_its_socket_removed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusing_at_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_closed_connections, setup, teardown),
        cmocka_unit_test_setup_teardown(test_time_of_day_is_set_back, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
