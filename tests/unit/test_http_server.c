/* The server from the view of a client on a plain socket: unix sockets, delayed answers, clients
 * that hang up, GET with a body, binary answers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <ev.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "base/unix_socket.h"
#include "base/unused.h"
#include "http/request.h"
#include "http/server.h"
#include "tests/unit/directory.h"

enum {
    MAX_ANSWER = 4096,
    THREADS = 2,
    MEMORY = 64 * 1024, /* of all requests */
    LARGE = 4 * 1024 * 1024, /* an answer that no socket's buffers hold */
};

/* What the handlers of a server record for the test. */
struct room {
    struct http_server *server;
    char *path; /* of its socket */
    struct http_route routes[6];
    sem_t begun, released; /* of /block */
    pthread_mutex_t mutex;
    struct http_request *kept; /* by answer_later; guarded by mutex */
    atomic_int hangups;
    bool answers_hangups;
};

static void answer_echo(UNUSED void *user, struct http_request *request)
{
    size_t length = 0;
    const char *body = http_request_body(request, &length);
    http_request_answer(request, 200, NULL, xmemdup(body, length), length);
}

static void answer_binary(UNUSED void *user, struct http_request *request)
{
    http_request_answer(request, 200, "application/octet-stream", xmemdup("a\0b\0", 4), 4);
}

static void answer_large(UNUSED void *user, struct http_request *request)
{
    http_request_answer(request, 200, NULL, xcalloc(1, LARGE), LARGE);
}

static struct http_request *take_kept(struct room *room)
{
    pthread_mutex_lock(&room->mutex);
    struct http_request *request = room->kept;
    room->kept = NULL;
    pthread_mutex_unlock(&room->mutex);
    return request;
}

static void on_hangup(void *user)
{
    struct room *room = user;
    atomic_fetch_add(&room->hangups, 1);
    if (room->answers_hangups)
        http_request_answer(take_kept(room), 200, NULL, NULL, 0);
}

static void answer_later(void *user, struct http_request *request)
{
    struct room *room = user;
    http_request_on_hangup(request, on_hangup, room);
    pthread_mutex_lock(&room->mutex);
    room->kept = request;
    pthread_mutex_unlock(&room->mutex);
}

/* Keeps its thread busy until the test releases it. */
static void answer_when_released(void *user, struct http_request *request)
{
    struct room *room = user;
    sem_post(&room->begun);
    sem_wait(&room->released);
    http_request_answer(request, 200, NULL, xmemdup("done", 4), 4);
}

static struct room *open_room(const char *directory, int threads)
{
    struct room *room = xcalloc(1, sizeof(*room));
    pthread_mutex_init(&room->mutex, NULL);
    room->path = file_join(directory, "http.sock");
    room->routes[0] = (struct http_route){
        .path = "/echo", .takes_body = true, .handler = answer_echo, .user = room};
    room->routes[1] = (struct http_route){.path = "/binary", .handler = answer_binary};
    room->routes[2] = (struct http_route){.path = "/later", .handler = answer_later, .user = room};
    room->routes[3] = (struct http_route){.path = "/drop", .handler = answer_echo};
    room->routes[4] = (struct http_route){.path = "/large", .handler = answer_large};
    room->routes[5] =
        (struct http_route){.path = "/block", .handler = answer_when_released, .user = room};
    sem_init(&room->begun, 0, 0);
    sem_init(&room->released, 0, 0);
    auto_free char *listen = xasprintf("unix:%s", room->path);
    const struct http_server_options options = {
        .name = "test server",
        .listen = listen,
        .mode = 0600,
        .threads = threads,
        .connections = 16,
        .max_body = 1024,
        .memory = MEMORY,
        .routes = room->routes,
        .route_count = ARRAY_SIZE(room->routes),
    };
    auto_error struct error *error = NULL;
    room->server = http_server_new(&options, &error);
    if (room->server == NULL)
        fail_msg("%s", error->message);
    return room;
}

static void close_room(struct room *room)
{
    http_server_free(room->server);
    assert_int_equal(access(room->path, F_OK), -1); /* the socket goes with its server */
    pthread_mutex_destroy(&room->mutex);
    free(room->path);
    free(room);
}

static int connect_to(const char *path)
{
    struct unix_socket_address address;
    assert_int_equal(unix_socket_address_init(&address, path, NULL), 0);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address.name, sizeof(address.name)), 0);
    unix_socket_address_clear(&address);
    return fd;
}

static void ask(int fd, const char *method, const char *path, const char *body)
{
    auto_free char *text = xasprintf("%s %s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n%s",
        method, path, strlen(body), body);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void on_readable(struct ev_loop *loop, UNUSED struct ev_io *io, UNUSED int events)
{
    ev_break(loop, EVBREAK_ONE);
}

/* Runs the loop until something has been received. Returns how much; 0 at the end. */
static size_t receive(int fd, char *buffer, size_t room)
{
    struct ev_io io;
    ev_io_init(&io, on_readable, fd, EV_READ);
    ev_io_start(EV_DEFAULT_ & io);
    ev_run(EV_DEFAULT_ 0);
    ev_io_stop(EV_DEFAULT_ & io);
    ssize_t length = read(fd, buffer, room);
    return length > 0 ? (size_t)length : 0;
}

/* Reads one answer. Returns its body, owned by the caller; *length is that of Content-Length. */
static char *read_answer(int fd, int code, size_t *length)
{
    static const char field[] = "Content-Length: ";
    char text[MAX_ANSWER + 1] = "";
    size_t have = 0;
    const char *end = NULL;
    *length = 0;
    while (end == NULL || have < (size_t)(end - text) + *length) {
        size_t more = receive(fd, text + have, MAX_ANSWER - have);
        assert_true(more > 0);
        have += more;
        end = memmem(text, have, "\r\n\r\n", 4);
        if (end == NULL)
            continue;
        end += 4;
        const char *line = memmem(text, have, field, strlen(field));
        assert_non_null(line);
        *length = strtoul(line + strlen(field), NULL, 10);
    }
    auto_free char *status = xasprintf("HTTP/1.1 %d ", code);
    assert_true(text_starts_with(text, status));
    char *body = xcalloc(1, *length + 1);
    memcpy(body, end, *length);
    return body;
}

static void expect(int fd, int code, const char *body)
{
    size_t length = 0;
    auto_free char *got = read_answer(fd, code, &length);
    assert_string_equal(got, body);
    assert_int_equal(length, strlen(body));
}

/* Waits until the handler has kept a request, while the loop's thread runs. */
static struct http_request *await_kept(struct room *room)
{
    struct http_request *request = NULL;
    while ((request = take_kept(room)) == NULL)
        ev_run(EV_DEFAULT_ EVRUN_NOWAIT);
    return request;
}

static void await_hangups(struct room *room, int count)
{
    while (atomic_load(&room->hangups) < count)
        ev_run(EV_DEFAULT_ EVRUN_NOWAIT);
}

static void a_unix_socket_has_its_mode_and_goes_with_its_server(void **state)
{
    struct room *room = open_room(*state, 0);
    struct stat status;
    assert_int_equal(lstat(room->path, &status), 0);
    assert_true(S_ISSOCK(status.st_mode));
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(http_server_port(room->server), -1);

    /* a second server leaves a living socket alone */
    auto_free char *listen = xasprintf("unix:%s", room->path);
    const struct http_server_options second = {
        .name = "second", .listen = listen, .mode = 0600, .connections = 1};
    auto_error struct error *error = NULL;
    assert_null(http_server_new(&second, &error));
    assert_int_equal(error->class, ERROR_IO);
    assert_non_null(strstr(error->message, "another process is listening there"));
    auto_fd int fd = connect_to(room->path);
    ask(fd, "GET", "/echo", "");
    expect(fd, 200, "");
    close_room(room);
}

static void a_stale_unix_socket_is_replaced(void **state)
{
    auto_free char *path = file_join(*state, "http.sock");
    close(unix_socket_listen(path, 0600, NULL));
    close_room(open_room(*state, 0));
}

/* Another file has replaced the socket: the server must not remove it. */
static void another_file_at_the_path_stays(void **state)
{
    struct room *room = open_room(*state, 0);
    assert_int_equal(unlink(room->path), 0);
    auto_fd int other = unix_socket_listen(room->path, 0600, NULL);
    assert_true(other >= 0);
    http_server_quiesce(room->server);
    assert_int_equal(access(room->path, F_OK), 0);
    unlink(room->path);
    close_room(room);
}

static void a_get_has_a_body_where_the_route_takes_it(void **state)
{
    static const int threads[] = {0, THREADS};
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
        struct room *room = open_room(*state, threads[i]);
        auto_fd int fd = connect_to(room->path);
        ask(fd, "GET", "/echo", "[1, 2]");
        expect(fd, 200, "[1, 2]");
        ask(fd, "GET", "/drop", "[1, 2]");
        expect(fd, 200, "");
        ask(fd, "POST", "/echo", "[1, 2]");
        expect(fd, 405, "/echo does not accept POST; use GET or HEAD\n");
        close_room(room);
    }
}

static void a_binary_answer_is_as_long_as_it_is(void **state)
{
    struct room *room = open_room(*state, 0);
    auto_fd int fd = connect_to(room->path);
    ask(fd, "GET", "/binary", "");
    size_t length = 0;
    auto_free char *body = read_answer(fd, 200, &length);
    assert_int_equal(length, 4);
    assert_memory_equal(body, "a\0b\0", 4);
    close_room(room);
}

static void *answer_from_thread(void *user)
{
    http_request_answer(user, 200, NULL, xstrdup("thread\n"), 7);
    return NULL;
}

/* From the loop, then from another thread, on the same connection. */
static void an_answer_may_come_later(void **state)
{
    static const int threads[] = {0, THREADS};
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
        struct room *room = open_room(*state, threads[i]);
        auto_fd int fd = connect_to(room->path);
        ask(fd, "GET", "/later", "");
        struct http_request *request = await_kept(room);
        assert_true(http_server_busy(room->server));
        auto_fd int other = connect_to(room->path); /* nobody waits for it */
        ask(other, "GET", "/echo", "meanwhile");
        expect(other, 200, "meanwhile");
        http_request_answer(request, 201, NULL, xstrdup("loop\n"), 5);
        expect(fd, 201, "loop\n");

        ask(fd, "GET", "/later", "");
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, answer_from_thread, await_kept(room)), 0);
        expect(fd, 200, "thread\n");
        pthread_join(thread, NULL);
        ask(fd, "GET", "/echo", "again");
        expect(fd, 200, "again");
        assert_int_equal(atomic_load(&room->hangups), 0);
        close_room(room);
    }
}

static void a_client_that_hangs_up_is_told_of(void **state)
{
    static const int threads[] = {0, THREADS};
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
        struct room *room = open_room(*state, threads[i]);
        /* the answer comes after that, and is heard by nobody */
        int fd = connect_to(room->path);
        ask(fd, "GET", "/later", "");
        struct http_request *request = await_kept(room);
        close(fd);
        await_hangups(room, 1);
        http_request_on_hangup(request, on_hangup, room); /* it has happened */
        assert_int_equal(atomic_load(&room->hangups), 2);
        http_request_answer(request, 200, NULL, xstrdup("late\n"), 5);
        while (http_server_busy(room->server))
            ev_run(EV_DEFAULT_ EVRUN_NOWAIT);

        /* the answer comes when it is told */
        room->answers_hangups = true;
        fd = connect_to(room->path);
        ask(fd, "GET", "/later", "");
        struct http_request *kept = await_kept(room);
        pthread_mutex_lock(&room->mutex);
        room->kept = kept;
        pthread_mutex_unlock(&room->mutex);
        close(fd);
        await_hangups(room, 3);
        while (http_server_busy(room->server))
            ev_run(EV_DEFAULT_ EVRUN_NOWAIT);
        close_room(room);
    }
}

/* The handler is told that the client has gone, and may answer after the server is freed. */
static void a_server_ends_while_answers_are_owed(void **state)
{
    static const int threads[] = {0, THREADS};
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
        struct room *room = open_room(*state, threads[i]);
        auto_fd int fd = connect_to(room->path);
        ask(fd, "GET", "/later", "");
        struct http_request *request = await_kept(room);
        http_server_free(steal(&room->server));
        assert_int_equal(atomic_load(&room->hangups), 1);
        char byte = 0;
        assert_int_equal(read(fd, &byte, 1), 0);
        size_t length = 1;
        assert_string_equal(http_request_body(request, &length), "");
        http_request_answer(request, 200, NULL, xstrdup("late\n"), 5);
        close_room(room);
    }
}

/* Its memory goes to a request that needs it. */
static void an_answer_that_nobody_reads_is_dropped(void **state)
{
    static const int threads[] = {0, THREADS};
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
        struct room *room = open_room(*state, threads[i]);
        auto_fd int reader = connect_to(room->path);
        auto_fd int other = connect_to(room->path);
        char buffer[MAX_ANSWER];
        ask(reader, "GET", "/large", "");
        size_t got = receive(reader, buffer, sizeof(buffer));
        assert_true(got > 0);
        ask(other, "GET", "/echo", "small");
        expect(other, 200, "small");
        for (size_t more = 1; more > 0; got += more)
            more = receive(reader, buffer, sizeof(buffer));
        assert_true(got < LARGE);
        close_room(room);
    }
}

/* Alone, it arrives, though it is larger than the memory. */
static void a_large_answer_arrives(void **state)
{
    struct room *room = open_room(*state, 0);
    auto_fd int reader = connect_to(room->path);
    char buffer[MAX_ANSWER];
    ask(reader, "GET", "/large", "");
    for (size_t got = 0; got < LARGE;) {
        size_t more = receive(reader, buffer, sizeof(buffer));
        assert_true(more > 0);
        got += more;
    }
    close_room(room);
}

static void new_connections_go_to_a_thread_that_is_not_busy(void **state)
{
    struct room *room = open_room(*state, THREADS);
    auto_fd int slow = connect_to(room->path);
    ask(slow, "GET", "/block", "");
    sem_wait(&room->begun);
    for (int i = 0; i < 4 * THREADS; i++) {
        size_t length = 0;
        auto_fd int fd = connect_to(room->path);
        ask(fd, "GET", "/binary", "");
        auto_free char *body = read_answer(fd, 200, &length);
        assert_int_equal(length, 4);
    }
    sem_post(&room->released);
    expect(slow, 200, "done");
    close_room(room);
}

/* Each thread has its turn, also when connections arrive one at a time: a request that blocks it is
 * answered by none of the others. */
static void connections_go_to_each_thread_in_turn(void **state)
{
    struct room *room = open_room(*state, THREADS);
    int clients[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        clients[i] = connect_to(room->path);
        ask(clients[i], "GET", "/binary", "");
        size_t length = 0;
        auto_free char *body = read_answer(clients[i], 200, &length);
        assert_int_equal(length, 4);
    }
    for (size_t i = 0; i < THREADS; i++)
        ask(clients[i], "GET", "/block", "");
    for (size_t i = 0; i < THREADS; i++)
        sem_wait(&room->begun); /* all at the same time */
    for (size_t i = 0; i < THREADS; i++)
        sem_post(&room->released);
    for (size_t i = 0; i < THREADS; i++) {
        expect(clients[i], 200, "done");
        close(clients[i]);
    }
    close_room(room);
}

/* MHD_quiesce_daemon aborted in 4 of 180 runs of this on a busy machine. */
static void a_busy_server_quiesces(void **state)
{
    enum { ROUNDS = 200, CLIENTS = 4 };
    for (int round = 0; round < ROUNDS; round++) {
        struct room *room = open_room(*state, THREADS);
        int clients[CLIENTS];
        for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
            clients[i] = connect_to(room->path);
        http_server_quiesce(room->server);
        for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
            close(clients[i]);
        close_room(room);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(a_unix_socket_has_its_mode_and_goes_with_its_server),
        IN_DIRECTORY(a_stale_unix_socket_is_replaced),
        IN_DIRECTORY(another_file_at_the_path_stays),
        IN_DIRECTORY(a_get_has_a_body_where_the_route_takes_it),
        IN_DIRECTORY(a_binary_answer_is_as_long_as_it_is),
        IN_DIRECTORY(an_answer_may_come_later),
        IN_DIRECTORY(a_client_that_hangs_up_is_told_of),
        IN_DIRECTORY(a_server_ends_while_answers_are_owed),
        IN_DIRECTORY(an_answer_that_nobody_reads_is_dropped),
        IN_DIRECTORY(a_large_answer_arrives),
        IN_DIRECTORY(new_connections_go_to_a_thread_that_is_not_busy),
        IN_DIRECTORY(connections_go_to_each_thread_in_turn),
        IN_DIRECTORY(a_busy_server_quiesces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
