/* Drives lib/http for tests.
 *
 * http_driver serve LISTEN THREADS: serves until its standard input ends. GET /echo answers with its
 * body; GET /binary with four bytes, two of them zero; GET /later when POST /release comes; "later"
 * and "hangup" on standard output say that such a request has come, and that its client has gone.
 * http_driver METHOD SOCKET PATH [BODY]: one transfer over a unix socket; prints the code and the
 * answer. */
#include <ev.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/unused.h"
#include "http/client.h"
#include "http/request.h"
#include "http/server.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct http_request *later; /* guarded by mutex */

static void say(const char *line)
{
    printf("%s\n", line);
    fflush(stdout);
}

static struct http_request *swap_later(struct http_request *request)
{
    pthread_mutex_lock(&mutex);
    struct http_request *before = later;
    later = request;
    pthread_mutex_unlock(&mutex);
    return before;
}

static void answer_echo(UNUSED void *user, struct http_request *request)
{
    size_t length = 0;
    const char *body = http_request_body(request, &length);
    http_request_answer(request, 200, "application/json", xmemdup(body, length), length);
}

static void answer_binary(UNUSED void *user, struct http_request *request)
{
    http_request_answer(request, 200, "application/octet-stream", xmemdup("a\0b\0", 4), 4);
}

static void on_hangup(UNUSED void *user)
{
    say("hangup");
    http_request_answer(swap_later(NULL), 200, NULL, NULL, 0);
}

static void answer_later(UNUSED void *user, struct http_request *request)
{
    swap_later(request);
    http_request_on_hangup(request, on_hangup, NULL);
    say("later");
}

static void answer_release(UNUSED void *user, struct http_request *request)
{
    http_request_answer(swap_later(NULL), 200, NULL, xstrdup("released\n"), 9);
    http_request_answer(request, 204, NULL, NULL, 0);
}

static void on_input(struct ev_loop *loop, struct ev_io *io, UNUSED int events)
{
    char byte = 0;
    if (read(io->fd, &byte, 1) <= 0)
        ev_break(loop, EVBREAK_ALL);
}

static int serve(const char *listen, int threads)
{
    static const struct http_route routes[] = {
        {.path = "/echo", .takes_body = true, .handler = answer_echo},
        {.path = "/binary", .handler = answer_binary},
        {.path = "/later", .handler = answer_later},
        {.path = "/release", .method = HTTP_POST, .handler = answer_release},
    };
    const struct http_server_options options = {
        .name = "http_driver",
        .listen = listen,
        .mode = 0600,
        .threads = threads,
        .connections = 16,
        .max_body = 1 << 20,
        .routes = routes,
        .route_count = ARRAY_SIZE(routes),
    };
    auto_error struct error *error = NULL;
    struct http_server *server = http_server_new(&options, &error);
    if (server == NULL) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    struct ev_io input;
    ev_io_init(&input, on_input, STDIN_FILENO, EV_READ);
    ev_io_start(EV_DEFAULT_ & input);
    printf("port %d\n", http_server_port(server));
    fflush(stdout);
    ev_run(EV_DEFAULT_ 0);
    http_server_free(server);
    return 0;
}

static void on_done(void *user, const struct http_outcome *outcome)
{
    int *status = user;
    *status = outcome->fault == HTTP_FAULT_NONE ? 0 : 1;
    if (*status != 0)
        fprintf(stderr, "%s\n", outcome->why);
    printf("%d\n", outcome->code);
    fwrite(outcome->body, 1, outcome->length, stdout);
}

static int transfer(const char *method, const char *socket, const char *path, const char *body)
{
    const struct http_target target = {.url = "http://localhost", .unix_socket = socket};
    const struct http_identity identity = {.token = "secret"};
    int status = 1;
    struct http_client *client = http_client_new(&target, "http_driver/1", NULL);
    const struct http_transfer_options options = {
        .method = method,
        .path = path,
        .accept = "application/json",
        .body = body,
        .length = body != NULL ? strlen(body) : 0,
        .content_type = "application/json",
        .identity = &identity,
        .limit = 1 << 20,
        .on_done = on_done,
        .user = &status,
    };
    if (http_client_start(client, &options, NULL) != NULL)
        ev_run(EV_DEFAULT_ 0);
    http_client_free(client);
    return status;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    long threads = 0;
    if (argc == 4 && streq(argv[1], "serve") && text_parse_int(argv[3], 0, 16, &threads))
        return serve(argv[2], (int)threads);
    if (argc == 4 || argc == 5)
        return transfer(argv[1], argv[2], argv[3], argv[4]);
    fprintf(stderr, "http_driver serve LISTEN THREADS | METHOD SOCKET PATH [BODY]\n");
    return 2;
}
