/* The plugin server with sidecars in this process, and its end in every state. */
#include "tests/unit/manager_sidecar.h"

#include <unistd.h>

#include "base/log.h"
#include "manager/serve.h"
#include "proto/domain_hook.pb-c.h"
#include "rpc/client.h"

#define DOMAIN "<domain><name>a</name></domain>"

enum { PATIENCE_SECONDS = 120, CALLS = 3, LONG_MS = 100000 };

/* A sidecar, the plugin server, and a client, on one loop. */
struct room {
    struct ev_loop *loop;
    struct rpc *rpc;
    char *directory; /* of the sidecars */
    char *plugins; /* of the plugin socket */
    char *socket;
    struct sidecar sidecar;
    struct manager_serve *serve;
    struct rpc_channel *channel;

    int answered;
    int codes[CALLS]; /* by the order of the answers */
    char *domain; /* of the last answer */
    int dones;
    struct error *error; /* of the last done */
};

static int setup(void **state)
{
    alarm(PATIENCE_SECONDS); /* bounds a hang */
    log_init("test", LOG_TEXT, LOG_ERROR);
    struct room *room = xcalloc(1, sizeof(*room));
    room->loop = ev_loop_new(EVFLAG_AUTO);
    room->rpc = rpc_new(room->loop, NULL);
    room->directory = file_make_temporary("hookline-test", NULL);
    room->plugins = file_make_temporary("hookline-test", NULL);
    room->socket = file_join(room->plugins, "hook.sock");
    room->sidecar.name = "hook-sidecar-0";
    sidecar_serve(
        &room->sidecar, room->loop, room->rpc, sidecar_listen(&room->sidecar, room->directory));
    *state = room;
    return 0;
}

static int teardown(void **state)
{
    struct room *room = *state;
    rpc_channel_free(room->channel);
    manager_serve_free(room->serve);
    rpc_server_free(room->sidecar.server);
    rpc_free(room->rpc);
    ev_loop_destroy(room->loop);
    int result = file_remove_tree(room->directory, NULL) | file_remove_tree(room->plugins, NULL);
    error_free(room->error);
    free(room->directory);
    free(room->plugins);
    free(room->socket);
    free(room->domain);
    free(room);
    return result;
}

static void on_done(void *user, struct error *take_error)
{
    struct room *room = user;
    room->dones++;
    room->error = take_error;
    ev_break(room->loop, EVBREAK_ALL);
}

static void start(struct room *room, size_t sidecars)
{
    const struct manager_options manager = {
        .directory = room->directory, .sidecars = sidecars, .timeout_ms = LONG_MS};
    const struct manager_serve_options options = {.socket = room->socket, .grace_ms = LONG_MS};
    room->serve = manager_serve_new(room->loop, room->rpc, &manager, &options, on_done, room, NULL);
    assert_non_null(room->serve);
}

/* Runs the loop until the plugin socket exists, and connects to it. */
static void connect_client(struct room *room)
{
    while (access(room->socket, F_OK) < 0)
        ev_run(room->loop, EVRUN_ONCE);
    room->channel = rpc_channel_open(room->rpc, room->socket, NULL);
    assert_non_null(room->channel);
}

static void on_answer(void *user, const struct rpc_result *result)
{
    struct room *room = user;
    room->codes[room->answered++] = result->code;
    if (result->response != NULL) {
        const ProtobufCBinaryData *domain =
            &((const Kubevirt__Hooks__Plugins__V1alpha1__MutateDomainResponse *)result->response)
                 ->domain;
        free(room->domain);
        room->domain = xstrndup((const char *)domain->data, domain->len);
    }
    ev_break(room->loop, EVBREAK_ALL);
}

static struct rpc_call *call(struct room *room)
{
    Kubevirt__Hooks__Plugins__V1alpha1__SidecarContext context =
        KUBEVIRT__HOOKS__PLUGINS__V1ALPHA1__SIDECAR_CONTEXT__INIT;
    Kubevirt__Hooks__Plugins__V1alpha1__MutateDomainRequest request =
        KUBEVIRT__HOOKS__PLUGINS__V1ALPHA1__MUTATE_DOMAIN_REQUEST__INIT;
    context.invocation_context = (char *)"Boot";
    request.domain_type = (char *)"libvirt";
    request.domain = (ProtobufCBinaryData){strlen(DOMAIN), (uint8_t *)DOMAIN};
    request.sidecar_context = &context;
    return rpc_call_start(room->channel,
        &kubevirt__hooks__plugins__v1alpha1__domain_hook_service__descriptor, "MutateDomain",
        &request.base, LONG_MS, on_answer, room);
}

static void expect_answers(struct room *room, int answered)
{
    while (room->answered < answered)
        ev_run(room->loop, 0);
}

static void expect_done(struct room *room)
{
    while (room->dones == 0)
        ev_run(room->loop, 0);
    assert_int_equal(room->dones, 1);
    assert_null(room->error);
    assert_int_equal(access(room->socket, F_OK), -1);
}

static void test_calls_and_stop(void **state)
{
    struct room *room = *state;
    start(room, 1);
    connect_client(room);
    for (int i = 0; i < CALLS; i++)
        call(room);
    expect_answers(room, CALLS);
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(room->codes[i], RPC_OK);
    assert_string_equal(room->domain, DOMAIN "<!--hook-sidecar-0-->");
    manager_serve_stop(room->serve);
    manager_serve_stop(room->serve);
    expect_done(room);
    assert_int_equal(room->sidecar.calls, CALLS + 1); /* and Shutdown */
}

/* The running request stops, and so does the waiting one; the third is served. */
static void test_called_off(void **state)
{
    struct room *room = *state;
    start(room, 1);
    connect_client(room);
    room->sidecar.hold = true;
    struct rpc_call *first = call(room);
    struct rpc_call *second = call(room);
    call(room);
    while (room->sidecar.held == NULL)
        ev_run(room->loop, 0);
    room->sidecar.hold = false;
    rpc_call_cancel(second);
    rpc_call_cancel(first);
    while (room->sidecar.cancels == 0)
        ev_run(room->loop, 0);
    rpc_request_fail(room->sidecar.held, RPC_CANCELLED, "");
    expect_answers(room, 1);
    assert_int_equal(room->codes[0], RPC_OK);
    assert_int_equal(room->sidecar.calls, 2);
}

/* Freed at any time, it leaves nothing behind. */
static void test_freed_in_the_middle(void **state)
{
    struct room *room = *state;
    start(room, 1);
    connect_client(room);
    room->sidecar.hold = true;
    call(room);
    call(room);
    while (room->sidecar.held == NULL)
        ev_run(room->loop, 0);
    manager_serve_free(steal(&room->serve));
    assert_int_equal(access(room->socket, F_OK), -1);
    expect_answers(room, 2);
    assert_int_not_equal(room->codes[0], RPC_OK);
    assert_int_not_equal(room->codes[1], RPC_OK);
    while (room->sidecar.cancels == 0)
        ev_run(room->loop, 0);
    rpc_request_fail(room->sidecar.held, RPC_CANCELLED, "");
    assert_int_equal(room->sidecar.calls, 1); /* the second's chain never began */
}

static void test_stopped_while_collecting(void **state)
{
    struct room *room = *state;
    start(room, 2);
    while (room->sidecar.infos == 0)
        ev_run(room->loop, EVRUN_ONCE);
    manager_serve_stop(room->serve);
    expect_done(room);
    assert_int_equal(room->sidecar.calls, 1); /* Shutdown */
}

static void test_a_socket_that_cannot_be_bound(void **state)
{
    struct room *room = *state;
    start(room, 1);
    assert_int_equal(symlink("/nowhere", room->socket), 0); /* while it collects */
    while (room->dones == 0)
        ev_run(room->loop, 0);
    assert_int_equal(room->error->class, ERROR_IO);
    assert_non_null(strstr(room->error->message, "symbolic link"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_calls_and_stop, setup, teardown),
        cmocka_unit_test_setup_teardown(test_called_off, setup, teardown),
        cmocka_unit_test_setup_teardown(test_freed_in_the_middle, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stopped_while_collecting, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_socket_that_cannot_be_bound, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
