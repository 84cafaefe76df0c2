/* Connections that are accepted on the loop and in a thread, also after descriptors ran out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <ev.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/unix_socket.h"
#include "base/unused.h"
#include "http/acceptor.h"
#include "tests/unit/directory.h"

enum { STEP_MS = 1, PATIENCE_MS = 60000 };

/* What the acceptor has called. */
struct calls {
    bool own_thread;
    pthread_t tester;
    struct http_acceptor *acceptor;
    char *path;
    int listening, more;
    atomic_bool full; /* no connection can be taken */
    atomic_int taken, shortages, told, errnum, strangers;
};

static void note_thread(struct calls *calls)
{
    bool same = pthread_equal(pthread_self(), calls->tester) != 0;
    atomic_fetch_add(&calls->strangers, same == calls->own_thread);
}

static bool may_take(void *user)
{
    struct calls *calls = user;
    note_thread(calls);
    return !atomic_load(&calls->full);
}

static void take(void *user, int fd, const struct sockaddr *address, UNUSED socklen_t length)
{
    struct calls *calls = user;
    note_thread(calls);
    atomic_fetch_add(&calls->strangers, address->sa_family != AF_UNIX);
    close(fd);
    atomic_fetch_add(&calls->taken, 1);
}

static void on_shortage(void *user, int errnum, bool tell)
{
    struct calls *calls = user;
    note_thread(calls);
    atomic_store(&calls->errnum, errnum);
    atomic_fetch_add(&calls->told, tell);
    atomic_fetch_add(&calls->shortages, 1);
}

static void begin(struct calls *calls, const char *directory, bool own_thread)
{
    *calls = (struct calls){.own_thread = own_thread, .tester = pthread_self()};
    calls->path = file_join(directory, "sock");
    calls->listening = unix_socket_listen(calls->path, 0600, NULL);
    assert_true(calls->listening >= 0);
    calls->more = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert_true(calls->more >= 0);
    const struct http_acceptor_options options = {
        .fd = calls->listening,
        .own_thread = own_thread,
        .more = calls->more,
        .may_take = may_take,
        .take = take,
        .on_shortage = on_shortage,
        .user = calls,
    };
    calls->acceptor = http_acceptor_new(&options, NULL);
    assert_non_null(calls->acceptor);
}

static void end(struct calls *calls)
{
    http_acceptor_free(calls->acceptor);
    close(calls->listening);
    close(calls->more);
    unlink(calls->path);
    free(calls->path);
    assert_int_equal(calls->strangers, 0);
}

static int connect_to(const struct calls *calls)
{
    struct unix_socket_address address;
    assert_int_equal(unix_socket_address_init(&address, calls->path, NULL), 0);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address.name, sizeof(address.name)), 0);
    unix_socket_address_clear(&address);
    return fd;
}

/* Runs the loop until a counter has reached a number. */
static void wait_for(const atomic_int *counter, int number)
{
    for (int i = 0; atomic_load(counter) < number && i < PATIENCE_MS; i += STEP_MS) {
        ev_run(EV_DEFAULT_ EVRUN_NOWAIT);
        poll(NULL, 0, STEP_MS);
    }
    assert_in_range(atomic_load(counter), number, INT32_MAX);
}

static void connections_are_taken(void **state)
{
    for (int own_thread = 0; own_thread < 2; own_thread++) {
        struct calls calls;
        begin(&calls, *state, own_thread);
        for (int i = 1; i <= 3; i++) {
            int fd = connect_to(&calls);
            wait_for(&calls.taken, i);
            close(fd);
        }
        assert_int_equal(calls.shortages, 0);
        end(&calls);
    }
}

static void one_that_cannot_be_taken_waits(void **state)
{
    for (int own_thread = 0; own_thread < 2; own_thread++) {
        struct calls calls;
        begin(&calls, *state, own_thread);
        atomic_store(&calls.full, true);
        int fd = connect_to(&calls);
        ev_run(EV_DEFAULT_ EVRUN_NOWAIT);
        assert_int_equal(calls.taken, 0);
        atomic_store(&calls.full, false);
        eventfd_write(calls.more, 1);
        wait_for(&calls.taken, 1);
        close(fd);
        end(&calls);
    }
}

static void descriptors_run_out_for_a_while(void **state)
{
    for (int own_thread = 0; own_thread < 2; own_thread++) {
        struct calls calls;
        struct rlimit before;
        begin(&calls, *state, own_thread);
        int late = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct unix_socket_address address;
        assert_int_equal(unix_socket_address_init(&address, calls.path, NULL), 0);
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
        const struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
        assert_int_equal(connect(late, (struct sockaddr *)&address.name, sizeof(address.name)), 0);
        wait_for(&calls.shortages, 3);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        wait_for(&calls.taken, 1);
        assert_int_equal(calls.errnum, EMFILE);
        assert_int_equal(calls.told, 1);
        unix_socket_address_clear(&address);
        close(late);
        end(&calls);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(connections_are_taken),
        IN_DIRECTORY(one_that_cannot_be_taken_waits),
        IN_DIRECTORY(descriptors_run_out_for_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
