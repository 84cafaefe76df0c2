/* The client over a unix socket, with a scripted server on a plain socket. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <ev.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "base/unix_socket.h"
#include "base/unused.h"
#include "http/client.h"
#include "http/url.h"
#include "tests/unit/directory.h"

/* One exchange of the scripted server. */
struct script {
    int listener;
    const char *answer;
    size_t length;
    size_t wanted; /* bytes of the body of the request */
    char request[4096]; /* what came */
    size_t got;
};

struct result {
    enum http_fault fault;
    int code;
    char *why, *content_type, *headers;
    char body[256];
    size_t length;
};

static void *play(void *user)
{
    struct script *script = user;
    struct pollfd listener = {.fd = script->listener, .events = POLLIN};
    poll(&listener, 1, -1);
    auto_fd int fd = accept(script->listener, NULL, NULL);
    const char *end = NULL;
    while (end == NULL || script->got < (size_t)(end - script->request) + script->wanted) {
        ssize_t more =
            read(fd, script->request + script->got, sizeof(script->request) - 1 - script->got);
        if (more <= 0)
            return NULL;
        script->got += (size_t)more;
        end = memmem(script->request, script->got, "\r\n\r\n", 4);
        end = end != NULL ? end + 4 : NULL;
    }
    file_write_all(fd, script->answer, script->length, NULL);
    return NULL;
}

static const char *header(const struct http_outcome *outcome, const char *name, size_t index)
{
    return text_or(http_transfer_header(outcome->transfer, name, index), "none");
}

static void on_done(void *user, const struct http_outcome *outcome)
{
    struct result *result = user;
    result->fault = outcome->fault;
    result->code = outcome->code;
    result->why = xstrdup(outcome->why);
    result->content_type = xstrdup(outcome->content_type);
    result->headers = xasprintf("%s %s %s %s %s", header(outcome, "Content-Length", 0),
        header(outcome, "docker-content-digest", 0), header(outcome, "WWW-Authenticate", 0),
        header(outcome, "WWW-Authenticate", 1), header(outcome, "WWW-Authenticate", 2));
    result->length = outcome->length;
    assert_true(outcome->length < sizeof(result->body));
    memcpy(result->body, outcome->body, outcome->length);
    ev_break(EV_DEFAULT_ EVBREAK_ALL);
}

static void clear(struct result *result)
{
    free(result->why);
    free(result->content_type);
    free(result->headers);
}

/* One transfer to the socket at path. */
static struct result transfer(const char *path, const char *method, const char *body)
{
    const struct http_target target = {.url = "http://localhost/v1/", .unix_socket = path};
    struct result result = {.code = -1};
    struct http_client *client = http_client_new(&target, "test/1", NULL);
    assert_non_null(client);
    const struct http_transfer_options options = {
        .method = method,
        .path = "/status?a=b",
        .body = body,
        .length = body != NULL ? strlen(body) : 0,
        .content_type = "application/json",
        .timeout_ms = 20000,
        .limit = 200,
        .on_done = on_done,
        .user = &result,
    };
    assert_non_null(http_client_start(client, &options, NULL));
    ev_run(EV_DEFAULT_ 0);
    http_client_free(client);
    return result;
}

static void a_get_with_a_body_goes_over_a_unix_socket(void **state)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
                                 "Content-Length: 5\r\nConnection: close\r\n\r\na\0b\0c";
    auto_free char *path = file_join(*state, "docker.sock");
    /* neither host names nor a proxy from the environment are used */
    setenv("HTTP_PROXY", "http://127.0.0.1:1", 1);
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    struct script script = {.answer = answer, .length = sizeof(answer) - 1, .wanted = 6};
    script.listener = unix_socket_listen(path, 0600, NULL);
    assert_true(script.listener >= 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, play, &script), 0);
    struct result result = transfer(path, "GET", "[1, 2]");
    pthread_join(thread, NULL);
    close(script.listener);

    assert_int_equal(result.fault, HTTP_FAULT_NONE);
    assert_int_equal(result.code, 200);
    assert_string_equal(result.content_type, "application/octet-stream");
    assert_int_equal(result.length, 5);
    assert_memory_equal(result.body, "a\0b\0c", 5);
    assert_true(
        text_starts_with(script.request, "GET /v1/status?a=b HTTP/1.1\r\nHost: localhost\r\n"));
    assert_non_null(strstr(script.request, "\r\nContent-Length: 6\r\n"));
    assert_true(text_ends_with(script.request, "\r\n\r\n[1, 2]"));
    clear(&result);
}

static void a_socket_that_nobody_serves_was_sent_nothing(void **state)
{
    auto_free char *path = file_join(*state, "missing.sock");
    struct result result = transfer(path, "GET", NULL);
    assert_int_equal(result.fault, HTTP_FAULT_NOT_SENT);
    assert_int_equal(result.code, 0);
    auto_free char *begin = xasprintf("no answer from %s: ", path);
    assert_true(text_starts_with(result.why, begin));
    clear(&result);
}

static void an_answer_over_the_limit_is_refused(void **state)
{
    auto_free char *path = file_join(*state, "docker.sock");
    char answer[400];
    memset(answer, 'x', sizeof(answer));
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n";
    memcpy(answer, head, strlen(head));
    struct script script = {.answer = answer, .length = strlen(head) + 300};
    script.listener = unix_socket_listen(path, 0600, NULL);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, play, &script), 0);
    struct result result = transfer(path, "DELETE", NULL);
    pthread_join(thread, NULL);
    close(script.listener);
    assert_int_equal(result.fault, HTTP_FAULT_TOO_LARGE);
    assert_true(text_starts_with(script.request, "DELETE /v1/status?a=b HTTP/1.1\r\n"));
    clear(&result);
}

/* One transfer with options of its own, whose answer is played by a script. */
static struct result play_transfer(
    const char *directory, struct script *script, const struct http_transfer_options *given)
{
    auto_free char *path = file_join(directory, "registry.sock");
    const struct http_target target = {.url = "http://localhost", .unix_socket = path};
    struct result result = {.code = -1};
    struct http_transfer_options options = *given;
    options.on_done = on_done;
    options.user = &result;
    options.limit = 200;
    script->listener = unix_socket_listen(path, 0600, NULL);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, play, script), 0);
    struct http_client *client = http_client_new(&target, "test/1", NULL);
    assert_non_null(http_client_start(client, &options, NULL));
    ev_run(EV_DEFAULT_ 0);
    http_client_free(client);
    pthread_join(thread, NULL);
    close(script->listener);
    unlink(path);
    return result;
}

static void a_head_has_headers_and_no_body(void **state)
{
    static const char answer[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\nDocker-Content-Digest: sha256:1\r\n"
        "WWW-Authenticate: Basic\r\nwww-authenticate: Bearer\r\n\r\n";
    const char *const headers[] = {"X-One: 1", "X-Two: 2", NULL};
    const struct http_transfer_options options = {
        .method = "HEAD", .path = "/v2/a", .accept = "a/b", .headers = headers};
    struct script script = {.answer = answer, .length = sizeof(answer) - 1};
    struct result result = play_transfer(*state, &script, &options);
    assert_int_equal(result.code, 200);
    assert_int_equal(result.length, 0);
    assert_string_equal(result.headers, "12345 sha256:1 Basic Bearer none");
    assert_true(text_starts_with(script.request, "HEAD /v2/a HTTP/1.1\r\n"));
    assert_non_null(strstr(script.request, "\r\nX-One: 1\r\nX-Two: 2\r\n"));
    clear(&result);
}

static void a_body_comes_out_of_a_file(void **state)
{
    static const char answer[] = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
    auto_fd int fd = file_open_memory("body", NULL);
    assert_int_equal(file_write_all(fd, "0123456789", 10, NULL), 0);
    const struct http_file file = {fd, 3};
    const struct http_transfer_options options = {.method = "PATCH",
        .path = "/",
        .file = &file,
        .length = 5,
        .content_type = "application/octet-stream"};
    struct script script = {.answer = answer, .length = sizeof(answer) - 1, .wanted = 5};
    struct result result = play_transfer(*state, &script, &options);
    assert_int_equal(result.code, 201);
    assert_true(text_starts_with(script.request, "PATCH / HTTP/1.1\r\n"));
    assert_non_null(strstr(script.request, "\r\nContent-Length: 5\r\n"));
    assert_true(text_ends_with(script.request, "\r\n\r\n34567"));
    clear(&result);
}

static void a_file_that_is_too_short_ends_the_transfer(void **state)
{
    auto_fd int fd = file_open_memory("body", NULL);
    assert_int_equal(file_write_all(fd, "0123", 4, NULL), 0);
    const struct http_file file = {fd, 0};
    const struct http_transfer_options options = {
        .method = "PUT", .path = "/", .file = &file, .length = 5, .content_type = "a/b"};
    struct script script = {.answer = "", .wanted = 5};
    struct result result = play_transfer(*state, &script, &options);
    assert_int_equal(result.fault, HTTP_FAULT_BROKEN);
    assert_non_null(strstr(result.why, "the file that is sent could not be read to its end"));
    clear(&result);
}

static void parts_of_urls(UNUSED void **state)
{
    static const struct {
        const char *url, *scheme;
        bool loopback;
    } cases[] = {
        {"https://10.0.0.1:6443", "https", false},
        {"http://127.9.9.9/a", "http", true},
        {"http://localhost:80", "http", true},
        {"https://[::1]:6443", "https", true},
        {"https://localhost.example", "https", false},
        {"socks5://a", "socks5", false},
        {"nothing", NULL, false},
        {"", NULL, false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *scheme = http_url_scheme(cases[i].url);
        assert_string_equal(text_or(scheme, "none"), text_or(cases[i].scheme, "none"));
        assert_int_equal(http_url_is_loopback(cases[i].url), cases[i].loopback);
    }
    auto_free char *host = NULL;
    auto_free char *port = NULL;
    auto_free char *renamed = http_url_with_host("https://10.0.0.1/a", "api.test", &host, &port);
    assert_string_equal(renamed, "https://api.test/a");
    assert_string_equal(host, "10.0.0.1");
    assert_string_equal(port, "443");
    char *none = NULL;
    assert_null(http_url_with_host("https://10.0.0.1/a", "a b", &none, &none));
    assert_null(http_url_with_host("", "api.test", &none, &none));
}

static void urls_are_joined_and_split(UNUSED void **state)
{
    static const struct {
        const char *base, *reference, *origin, *path; /* origin NULL: refused */
    } cases[] = {
        {"https://a.test/v2/x", "/v2/y?z=1", "https://a.test:443", "/v2/y?z=1"},
        {"https://a.test:5000/v2/x", "y", "https://a.test:5000", "/v2/y"},
        {"https://a.test/v2/x", "http://B.test", "http://b.test:80", "/"},
        {"http://[::1]:5000/", "/a", "http://[::1]:5000", "/a"},
        {"https://a.test", "https://u:p@b.test/", NULL, NULL},
        {"https://a.test", "ftp://b.test/", NULL, NULL},
        {"https://a.test", "https://b\xc3\xa4.test/", NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *joined = http_url_join(cases[i].base, cases[i].reference);
        struct http_url url = {0};
        assert_non_null(joined);
        assert_int_equal(http_url_split(joined, &url), cases[i].origin != NULL ? 0 : -1);
        assert_string_equal(text_or(url.origin, "none"), text_or(cases[i].origin, "none"));
        assert_string_equal(text_or(url.path, "none"), text_or(cases[i].path, "none"));
        http_url_clear(&url);
    }
    assert_null(http_url_join("https://a.test", "http://a b"));
    auto_free char *escaped = http_url_escape("a b/c:d~e\xc3");
    assert_string_equal(escaped, "a%20b%2Fc%3Ad~e%C3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(a_get_with_a_body_goes_over_a_unix_socket),
        IN_DIRECTORY(a_socket_that_nobody_serves_was_sent_nothing),
        IN_DIRECTORY(an_answer_over_the_limit_is_refused),
        IN_DIRECTORY(a_head_has_headers_and_no_body),
        IN_DIRECTORY(a_body_comes_out_of_a_file),
        IN_DIRECTORY(a_file_that_is_too_short_ends_the_transfer),
        cmocka_unit_test(parts_of_urls),
        cmocka_unit_test(urls_are_joined_and_split),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
