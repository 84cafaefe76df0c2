/* The server of rpc/server.h: what handlers may do, peers that go away, stopping and freeing it. */
#include "base/unix_socket.h"
#include "base/unused.h"
#include "tests/unit/rpc_pair.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

/* The tests' own methods: in a service that is not served, in one that is served but lacks the
 * method, and one whose request has another type. */
static void call_method(
    struct pair *pair, const char *service, const char *name, const ProtobufCMessage *request)
{
    const ProtobufCMethodDescriptor method = {
        name, request->descriptor, &kubevirt__hooks__info__info_result__descriptor};
    static const unsigned order[] = {0};
    ProtobufCServiceDescriptor descriptor = *INFO;
    descriptor.name = service;
    descriptor.n_methods = 1;
    descriptor.methods = &method;
    descriptor.method_indices_by_name = order;
    pair->answered = false;
    rpc_call_start(pair->channel, &descriptor, name, request, PAIR_TIMEOUT_MS, pair_done, pair);
    pair_wait_answer(pair);
}

static void a_method_nobody_knows_is_unimplemented(void **state)
{
    static const struct {
        const char *service;
        const char *method;
    } methods[] = {
        {"kubevirt.hooks.info.Info", "Inform"},
        {"kubevirt.hooks.info.Infos", "Info"},
        {"kubevirt.hooks.v1alpha9.Callbacks", "OnDefineDomain"},
        {"kubevirt.hooks.v1alpha3.Callbacks", ""},
        {"", "Info"},
        {"/", "/"},
    };
    struct pair *pair = *state;
    Kubevirt__Hooks__Info__InfoParams params = KUBEVIRT__HOOKS__INFO__INFO_PARAMS__INIT;
    for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
        call_method(pair, methods[i].service, methods[i].method, &params.base);
        assert_int_equal(pair->code, RPC_UNIMPLEMENTED);
    }
}

static void a_request_that_does_not_unpack_is_an_invalid_argument(void **state)
{
    struct pair *pair = *state;
    Kubevirt__Hooks__Info__HookPoint point = KUBEVIRT__HOOKS__INFO__HOOK_POINT__INIT;
    point.priority = 1; /* a number where vmi is bytes */
    call_method(pair, CALLBACKS->name, "OnDefineDomain", &point.base);
    assert_int_equal(pair->code, RPC_INVALID_ARGUMENT);
    assert_non_null(strstr(pair->message, "kubevirt.hooks.v1alpha3.OnDefineDomainParams"));
}

static const char *failure_text;

static void fail_with_text(struct rpc_request *request,
    UNUSED const ProtobufCMethodDescriptor *method, UNUSED const ProtobufCMessage *message,
    UNUSED void *user)
{
    rpc_request_fail(request, RPC_FAILED_PRECONDITION, failure_text);
}

static void a_failure_carries_its_code_and_words(void **state)
{
    struct pair *pair = *state;
    pair->handler = fail_with_text;
    failure_text = "onDefineDomain: exit status 3\nlast line: 100 % ünusable";
    pair_call(pair, "", 0);
    assert_int_equal(pair->code, RPC_FAILED_PRECONDITION);
    assert_string_equal(pair->message, failure_text);
}

static void a_long_failure_is_cut_to_what_headers_hold(void **state)
{
    struct pair *pair = *state;
    pair->handler = fail_with_text;
    auto_free char *text = xcalloc(1, 30001);
    for (size_t i = 0; i < 10000; i++)
        memcpy(text + 3 * i, "…", 3);
    failure_text = text;
    pair_call(pair, "", 0);
    assert_int_equal(pair->code, RPC_FAILED_PRECONDITION);
    assert_in_range(strlen(pair->message), 1000, 8000);
    assert_true(text_is_utf8(pair->message, strlen(pair->message), NULL));
    assert_true(text_ends_with(pair->message, "…"));
}

static void answers_may_come_later_and_in_any_order(void **state)
{
    struct pair *pair = *state;
    pair->handler = pair_hold;
    pair_start(pair, "slow", 4, PAIR_TIMEOUT_MS);
    pair_wait_held(pair);
    struct rpc_request *slow = steal(&pair->held);
    pair->handler = pair_echo;
    pair_call(pair, "fast", 4);
    assert_int_equal(pair->code, RPC_OK);
    assert_memory_equal(pair->domain, "fast", 4);
    pair->answered = false;
    rpc_request_fail(slow, RPC_UNKNOWN, "slow");
    pair_wait_answer(pair);
    assert_string_equal(pair->message, "slow");
}

static void the_time_left_is_the_peers(void **state)
{
    struct pair *pair = *state;
    pair->handler = pair_hold;
    pair_start(pair, "", 0, PAIR_TIMEOUT_MS);
    pair_wait_held(pair);
    /* The deadline travels as a duration of few digits, rounded up. */
    assert_in_range(rpc_request_time_left(pair->held), 1, PAIR_TIMEOUT_MS + 1000);
    rpc_request_fail(steal(&pair->held), RPC_UNKNOWN, "");
    pair_wait_answer(pair);

    pair_start(pair, "", 0, INT64_MAX);
    pair_wait_held(pair);
    assert_true(rpc_request_time_left(pair->held) == INT64_MAX);
    rpc_request_fail(steal(&pair->held), RPC_UNKNOWN, "");
}

static void a_peer_that_hangs_up_cancels_its_request(void **state)
{
    struct pair *pair = *state;
    pair->handler = pair_hold;
    pair_start(pair, "", 0, PAIR_TIMEOUT_MS);
    pair_wait_held(pair);
    rpc_channel_free(steal(&pair->channel));
    /* The cancellation is known before anything waits for it: here, after another connection's
     * call. */
    pair->channel = rpc_channel_open(pair->rpc, pair->path, NULL);
    struct rpc_request *request = steal(&pair->held);
    pair->handler = pair_echo;
    pair_call(pair, "", 0);
    pair_call(pair, "", 0);
    rpc_request_on_cancel(request, pair_count_cancel, pair);
    assert_int_equal(pair->cancels, 0); /* never from inside */
    while (pair->cancels == 0)
        ev_run(pair->loop, 0);
    rpc_request_fail(request, RPC_UNKNOWN, "nobody hears this");
    assert_int_equal(pair->cancels, 1);
}

static void answer_in_cancel(void *user)
{
    struct pair *pair = user;
    rpc_request_fail(steal(&pair->held), RPC_UNKNOWN, "nobody hears this");
    pair_count_cancel(pair);
}

static void a_request_may_be_answered_in_its_cancel(void **state)
{
    struct pair *pair = *state;
    pair->handler = pair_hold;
    pair_start(pair, "", 0, PAIR_TIMEOUT_MS);
    pair_wait_held(pair);
    rpc_request_on_cancel(pair->held, answer_in_cancel, pair);
    rpc_channel_free(steal(&pair->channel));
    while (pair->cancels == 0)
        ev_run(pair->loop, 0);
    assert_null(pair->held);
}

static void stopping_waits_for_what_is_under_way(void **state)
{
    struct pair *pair = *state;
    pair->handler = pair_hold;
    pair_start(pair, "", 0, PAIR_TIMEOUT_MS);
    pair_wait_held(pair);
    rpc_server_stop(pair->server, PAIR_TIMEOUT_MS, pair_on_stopped, pair);
    assert_null(rpc_channel_open(pair->rpc, pair->path, NULL));
    assert_false(pair->stopped);
    rpc_request_fail(steal(&pair->held), RPC_NOT_FOUND, "the last word");
    while (!pair->stopped || !pair->answered)
        ev_run(pair->loop, 0);
    assert_int_equal(pair->code, RPC_NOT_FOUND);
    assert_string_equal(pair->message, "the last word");
}

static void stopping_refuses_what_comes_meanwhile(void **state)
{
    struct pair *pair = *state;
    pair->handler = pair_hold;
    pair_start(pair, "", 0, PAIR_TIMEOUT_MS);
    pair_wait_held(pair);
    rpc_server_stop(pair->server, PAIR_TIMEOUT_MS, pair_on_stopped, pair);
    pair_call(pair, "", 0);
    assert_int_equal(pair->code, RPC_UNAVAILABLE);
    assert_string_equal(pair->message, "the server is shutting down");
    assert_false(pair->stopped);
    pair->answered = false;
    rpc_request_fail(steal(&pair->held), RPC_NOT_FOUND, "the last word");
    while (!pair->stopped || !pair->answered)
        ev_run(pair->loop, 0);
    assert_string_equal(pair->message, "the last word");
}

static void stopping_cancels_what_outlasts_the_grace_time(void **state)
{
    struct pair *pair = *state;
    pair->handler = pair_hold;
    pair_start(pair, "", 0, PAIR_TIMEOUT_MS);
    pair_wait_held(pair);
    rpc_request_on_cancel(pair->held, pair_count_cancel, pair);
    rpc_server_stop(pair->server, 20, pair_on_stopped, pair);
    while (!pair->stopped || !pair->answered)
        ev_run(pair->loop, 0);
    assert_int_equal(pair->cancels, 1);
    assert_int_not_equal(pair->code, RPC_OK);
    /* Its handler may be later than all of that. */
    rpc_server_free(steal(&pair->server));
    rpc_request_fail(pair->held, RPC_UNKNOWN, "nobody hears this");
}

static void stopping_does_not_wait_for_silent_connections(void **state)
{
    struct pair *pair = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", pair->path);
    auto_fd int silent = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(silent, (struct sockaddr *)&address, sizeof(address)), 0);
    pair_call(pair, "", 0); /* the silent one has been accepted before */
    assert_int_equal(pair->code, RPC_OK);
    rpc_server_stop(pair->server, PAIR_TIMEOUT_MS, pair_on_stopped, pair);
    while (!pair->stopped)
        ev_run(pair->loop, 0);
    char byte;
    while (read(silent, &byte, 1) == 1)
        continue; /* what HTTP/2 greets with; then the end */
    pair_call(pair, "", 0);
    assert_int_equal(pair->code, RPC_UNAVAILABLE);
}

/* Like Shutdown in a shim: the answer must arrive although the server stops at once. */
static void reply_and_stop(struct rpc_request *request, const ProtobufCMethodDescriptor *method,
    const ProtobufCMessage *message, void *user)
{
    struct pair *pair = user;
    pair_echo(request, method, message, user);
    rpc_server_stop(pair->server, PAIR_TIMEOUT_MS, pair_on_stopped, pair);
}

static void the_last_answer_arrives(void **state)
{
    enum { TIMES = 100 };
    struct pair *pair = *state;
    pair->handler = reply_and_stop;
    const struct rpc_service service = {CALLBACKS, pair_dispatch, pair};
    for (int i = 0; i < TIMES; i++) {
        pair->stopped = false;
        pair_call(pair, "bye", 3);
        assert_int_equal(pair->code, RPC_OK);
        while (!pair->stopped)
            ev_run(pair->loop, 0);
        rpc_server_free(pair->server);
        rpc_channel_free(pair->channel);
        pair->server = rpc_server_new(
            pair->rpc, unix_socket_listen(pair->path, 0600, NULL), &service, 1, NULL);
        pair->channel = rpc_channel_open(pair->rpc, pair->path, NULL);
    }
}

static void a_server_is_freed_at_once(void **state)
{
    struct pair *pair = *state;
    pair->handler = pair_hold;
    pair_start(pair, "", 0, PAIR_TIMEOUT_MS);
    pair_wait_held(pair);
    rpc_server_free(steal(&pair->server));
    pair_wait_answer(pair);
    assert_int_not_equal(pair->code, RPC_OK);
    rpc_request_fail(pair->held, RPC_UNKNOWN, "nobody hears this");
}

static void a_stopping_server_is_freed_at_once(void **state)
{
    struct pair *pair = *state;
    pair->handler = pair_hold;
    pair_start(pair, "", 0, PAIR_TIMEOUT_MS);
    pair_wait_held(pair);
    rpc_server_stop(pair->server, PAIR_TIMEOUT_MS, pair_on_stopped, pair);
    rpc_server_free(steal(&pair->server));
    assert_false(pair->stopped);
    rpc_request_fail(pair->held, RPC_UNKNOWN, "nobody hears this");
}

static void free_in_stopped(void *user)
{
    struct pair *pair = user;
    rpc_server_free(steal(&pair->server));
    pair_on_stopped(pair);
}

/* After the answer, the ends of request, connection and server come in any order. */
static void a_server_is_freed_right_after_an_answer(void **state)
{
    enum { TIMES = 200 };
    struct pair *pair = *state;
    const struct rpc_service service = {CALLBACKS, pair_dispatch, pair};
    for (int i = 0; i < TIMES; i++) {
        pair_call(pair, "bye", 3);
        assert_int_equal(pair->code, RPC_OK);
        rpc_channel_free(pair->channel);
        rpc_server_free(pair->server);
        pair->server = rpc_server_new(
            pair->rpc, unix_socket_listen(pair->path, 0600, NULL), &service, 1, NULL);
        pair->channel = rpc_channel_open(pair->rpc, pair->path, NULL);
    }
}

static void answer_in_stopped(void *user)
{
    struct pair *pair = user;
    assert_int_equal(pair->cancels, 1); /* was told before */
    rpc_request_fail(steal(&pair->held), RPC_UNKNOWN, "nobody hears this");
    rpc_server_free(steal(&pair->server));
    pair_on_stopped(pair);
}

static void a_request_may_be_answered_when_its_server_has_stopped(void **state)
{
    struct pair *pair = *state;
    pair->handler = pair_hold;
    pair_start(pair, "", 0, PAIR_TIMEOUT_MS);
    pair_wait_held(pair);
    rpc_request_on_cancel(pair->held, pair_count_cancel, pair);
    rpc_server_stop(pair->server, 0, answer_in_stopped, pair);
    while (!pair->stopped || !pair->answered)
        ev_run(pair->loop, 0);
    assert_int_not_equal(pair->code, RPC_OK);
}

static void free_in_handler(struct rpc_request *request,
    UNUSED const ProtobufCMethodDescriptor *method, UNUSED const ProtobufCMessage *message,
    void *user)
{
    struct pair *pair = user;
    rpc_server_free(steal(&pair->server));
    rpc_request_fail(request, RPC_UNKNOWN, "nobody hears this");
}

static void a_server_is_freed_in_a_handler(void **state)
{
    struct pair *pair = *state;
    pair->handler = free_in_handler;
    pair_call(pair, "", 0);
    assert_int_not_equal(pair->code, RPC_OK);
    assert_null(pair->server);
}

static void free_in_cancel(void *user)
{
    struct pair *pair = user;
    rpc_server_free(steal(&pair->server));
    answer_in_cancel(user);
}

static void a_server_is_freed_in_a_cancel(void **state)
{
    struct pair *pair = *state;
    pair->handler = pair_hold;
    pair_start(pair, "", 0, PAIR_TIMEOUT_MS);
    pair_wait_held(pair);
    rpc_request_on_cancel(pair->held, free_in_cancel, pair);
    rpc_channel_free(steal(&pair->channel));
    while (pair->cancels == 0)
        ev_run(pair->loop, 0);
    assert_null(pair->server);
}

static void a_server_is_freed_by_its_callback(void **state)
{
    struct pair *pair = *state;
    rpc_server_stop(pair->server, 0, free_in_stopped, pair);
    while (!pair->stopped)
        ev_run(pair->loop, 0);
    pair_call(pair, "", 0);
    assert_int_equal(pair->code, RPC_UNAVAILABLE);
}

static void count_answer(void *user, const struct rpc_result *result)
{
    assert_int_equal(result->code, RPC_OK);
    ++*(int *)user;
}

static void a_connection_waits_while_descriptors_are_used_up(void **state)
{
    struct pair *pair = *state;
    rpc_channel_free(pair->channel);
    pair->channel = rpc_channel_open(pair->rpc, pair->path, NULL);
    pair_start(pair, "at last", 7, PAIR_TIMEOUT_MS);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int lowest_free = dup(STDERR_FILENO);
    close(lowest_free);
    struct rlimit used_up = {.rlim_cur = (rlim_t)lowest_free, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &used_up), 0);
    ev_run(pair->loop, EVRUN_NOWAIT); /* tries to accept */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    pair_wait_answer(pair);
    assert_int_equal(pair->code, RPC_OK);
    assert_memory_equal(pair->domain, "at last", 7);
}

static void many_calls_are_answered_at_once(void **state)
{
    enum { CALLS = 300 };
    struct pair *pair = *state;
    int answers = 0;
    Kubevirt__Hooks__Info__InfoParams params = KUBEVIRT__HOOKS__INFO__INFO_PARAMS__INIT;
    for (int i = 0; i < CALLS; i++)
        rpc_call_start(
            pair->channel, INFO, "Info", &params.base, PAIR_TIMEOUT_MS, count_answer, &answers);
    while (answers < CALLS)
        ev_run(pair->loop, EVRUN_ONCE);
}

/* A sanitizer keeps freed memory for itself, and so does valgrind. */
static bool memory_comes_back(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return false;
#else
    const char *preload = getenv("LD_PRELOAD");
    return preload == NULL || strstr(preload, "vgpreload") == NULL;
#endif
}

static long resident_kib(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void large_messages_leave_no_memory_behind(void **state)
{
    enum { LARGE = 15 << 20, LEFT_KIB = 4096 };
    if (!memory_comes_back())
        skip();
    struct pair *pair = *state;
    pair_call(pair, "", 0);
    long before = resident_kib();
    char *domain = xcalloc(1, LARGE);
    for (int i = 0; i < 4; i++) {
        pair_call(pair, domain, LARGE);
        assert_int_equal(pair->code, RPC_OK);
    }
    free(domain);
    pair_call(pair, "", 0); /* replaces the copy of the last one */
    assert_in_range(resident_kib() - before + LEFT_KIB, 0, 2 * LEFT_KIB);
}

int main(void)
{
#define WITH_PAIR(test) cmocka_unit_test_setup_teardown(test, pair_setup, pair_teardown)
    const struct CMUnitTest tests[] = {
        WITH_PAIR(a_method_nobody_knows_is_unimplemented),
        WITH_PAIR(a_request_that_does_not_unpack_is_an_invalid_argument),
        WITH_PAIR(a_failure_carries_its_code_and_words),
        WITH_PAIR(a_long_failure_is_cut_to_what_headers_hold),
        WITH_PAIR(answers_may_come_later_and_in_any_order),
        WITH_PAIR(the_time_left_is_the_peers),
        WITH_PAIR(a_peer_that_hangs_up_cancels_its_request),
        WITH_PAIR(a_request_may_be_answered_in_its_cancel),
        WITH_PAIR(stopping_waits_for_what_is_under_way),
        WITH_PAIR(stopping_refuses_what_comes_meanwhile),
        WITH_PAIR(stopping_cancels_what_outlasts_the_grace_time),
        WITH_PAIR(stopping_does_not_wait_for_silent_connections),
        WITH_PAIR(the_last_answer_arrives),
        WITH_PAIR(a_server_is_freed_at_once),
        WITH_PAIR(a_stopping_server_is_freed_at_once),
        WITH_PAIR(a_server_is_freed_right_after_an_answer),
        WITH_PAIR(a_request_may_be_answered_when_its_server_has_stopped),
        WITH_PAIR(a_server_is_freed_in_a_handler),
        WITH_PAIR(a_server_is_freed_in_a_cancel),
        WITH_PAIR(a_server_is_freed_by_its_callback),
        WITH_PAIR(a_connection_waits_while_descriptors_are_used_up),
        WITH_PAIR(many_calls_are_answered_at_once),
        WITH_PAIR(large_messages_leave_no_memory_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
