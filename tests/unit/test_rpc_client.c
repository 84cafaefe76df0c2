/* Calls of rpc/client.h: answers of any size and kind, deadlines, and cancels. */
#include "base/unix_socket.h"
#include "base/unused.h"
#include "tests/unit/rpc_pair.h"

#include <errno.h>
#include <sys/socket.h>

static void a_call_brings_the_answer(void **state)
{
    struct pair *pair = *state;
    pair_call(pair, "<domain/>", 9);
    assert_int_equal(pair->code, RPC_OK);
    assert_string_equal(pair->message, "");
    assert_int_equal(pair->length, 9);
    assert_memory_equal(pair->domain, "<domain/>", 9);
    pair_call(pair, "", 0);
    assert_int_equal(pair->code, RPC_OK);
    assert_int_equal(pair->length, 0);
}

static void opening_says_why_not(void **state)
{
    struct pair *pair = *state;
    auto_free char *missing = file_join(pair->directory, "missing.sock");
    auto_error struct error *not_there = NULL;
    assert_null(rpc_channel_open(pair->rpc, missing, &not_there));
    assert_int_equal(not_there->class, ERROR_IO);
    assert_int_equal(not_there->errnum, ENOENT);
    assert_non_null(strstr(not_there->message, missing));

    auto_free char *stale = file_join(pair->directory, "stale.sock");
    close(unix_socket_listen(stale, 0600, NULL));
    auto_error struct error *refused = NULL;
    assert_null(rpc_channel_open(pair->rpc, stale, &refused));
    assert_int_equal(refused->errnum, ECONNREFUSED);

    auto_free char *busy = file_join(pair->directory, "busy.sock");
    auto_fd int listener = unix_socket_listen(busy, 0600, NULL);
    assert_int_equal(listen(listener, 0), 0);
    struct rpc_channel *first = rpc_channel_open(pair->rpc, busy, NULL);
    auto_error struct error *again = NULL;
    assert_null(rpc_channel_open(pair->rpc, busy, &again));
    assert_int_equal(again->errnum, EAGAIN);
    rpc_channel_free(first);
}

static void long_paths_work(void **state)
{
    struct pair *pair = *state;
    auto_free char *path = xstrdup(pair->directory);
    for (int i = 0; i < 12; i++) {
        char *longer = file_join(path, "a-directory-with-a-long-name");
        free(path);
        path = longer;
    }
    assert_int_equal(file_make_directories(path, 0700, NULL), 0);
    auto_free char *socket_path = file_join(path, "hook.sock");
    assert_true(strlen(socket_path) > 300);
    auto_error struct error *missing = NULL;
    assert_null(rpc_channel_open(pair->rpc, socket_path, &missing));
    assert_int_equal(missing->errnum, ENOENT);

    int fd = unix_socket_listen(socket_path, 0600, NULL);
    assert_true(fd >= 0);
    const struct rpc_service service = {CALLBACKS, pair_dispatch, pair};
    struct rpc_server *server = rpc_server_new(pair->rpc, fd, &service, 1, NULL);
    rpc_channel_free(pair->channel);
    pair->channel = rpc_channel_open(pair->rpc, socket_path, NULL);
    assert_non_null(pair->channel);
    pair_call(pair, "far", 3);
    assert_int_equal(pair->code, RPC_OK);
    rpc_server_free(server);
}

/* The largest domain that fits into a message: a byte of tag and four of length are before it. */
enum { LARGEST_DOMAIN = RPC_MAX_MESSAGE - 5 };

static void sixteen_mebibytes_pass_and_one_byte_more_does_not(void **state)
{
#ifdef __SANITIZE_THREAD__
    skip(); /* it looks at each byte that the core's library sends: minutes */
#endif
    struct pair *pair = *state;
    auto_free char *domain = xcalloc(1, LARGEST_DOMAIN + 1);
    memset(domain, 'x', LARGEST_DOMAIN + 1);
    pair_call(pair, domain, LARGEST_DOMAIN);
    assert_int_equal(pair->code, RPC_OK);
    assert_int_equal(pair->length, LARGEST_DOMAIN);
    assert_memory_equal(pair->domain, domain, LARGEST_DOMAIN);
    pair_call(pair, domain, LARGEST_DOMAIN + 1);
    assert_int_equal(pair->code, RPC_RESOURCE_EXHAUSTED);
    pair_call(pair, "still there", 11);
    assert_int_equal(pair->code, RPC_OK);
}

static void answer_too_large(struct rpc_request *request,
    UNUSED const ProtobufCMethodDescriptor *method, UNUSED const ProtobufCMessage *message,
    UNUSED void *user)
{
    auto_free uint8_t *data = xcalloc(1, LARGEST_DOMAIN + 1);
    Kubevirt__Hooks__V1alpha3__OnDefineDomainResult result =
        KUBEVIRT__HOOKS__V1ALPHA3__ON_DEFINE_DOMAIN_RESULT__INIT;
    result.domainxml = (ProtobufCBinaryData){LARGEST_DOMAIN + 1, data};
    rpc_request_reply(request, &result.base);
}

static void an_answer_that_is_too_large_is_a_status(void **state)
{
    struct pair *pair = *state;
    pair->handler = answer_too_large;
    pair_call(pair, "", 0);
    assert_int_equal(pair->code, RPC_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(pair->message, "16777217 bytes"));
    pair->handler = pair_echo;
    pair_call(pair, "still there", 11);
    assert_int_equal(pair->code, RPC_OK);
}

static void a_peer_that_does_not_answer_ends_at_the_deadline(void **state)
{
    struct pair *pair = *state;
    pair->handler = pair_hold;
    pair_start(pair, "", 0, 50);
    pair_wait_held(pair);
    rpc_request_on_cancel(pair->held, pair_count_cancel, pair);
    pair_wait_answer(pair);
    assert_int_equal(pair->code, RPC_DEADLINE_EXCEEDED);
    assert_true(pair->timed_out);
    while (pair->cancels == 0)
        ev_run(pair->loop, 0);
    rpc_request_fail(pair->held, RPC_INTERNAL, "nobody hears this");
}

static void answer_late(struct rpc_request *request, UNUSED const ProtobufCMethodDescriptor *method,
    UNUSED const ProtobufCMessage *message, UNUSED void *user)
{
    rpc_request_fail(request, RPC_DEADLINE_EXCEEDED, "a deadline of mine");
}

static void a_peers_own_deadline_is_told_from_ours(void **state)
{
    struct pair *pair = *state;
    pair->handler = answer_late;
    pair_call(pair, "", 0);
    assert_int_equal(pair->code, RPC_DEADLINE_EXCEEDED);
    assert_false(pair->timed_out);
    assert_string_equal(pair->message, "a deadline of mine");
}

static void a_peer_that_never_speaks_ends_at_the_deadline(void **state)
{
    struct pair *pair = *state;
    auto_free char *path = file_join(pair->directory, "mute.sock");
    auto_fd int listener = unix_socket_listen(path, 0600, NULL);
    rpc_channel_free(pair->channel);
    pair->channel = rpc_channel_open(pair->rpc, path, NULL);
    pair_start(pair, "", 0, 50);
    pair_wait_answer(pair);
    assert_int_equal(pair->code, RPC_DEADLINE_EXCEEDED);
    assert_true(pair->timed_out);
}

static void a_peer_that_hangs_up_is_unavailable(void **state)
{
    struct pair *pair = *state;
    auto_free char *path = file_join(pair->directory, "mute.sock");
    auto_fd int listener = unix_socket_listen(path, 0600, NULL);
    rpc_channel_free(pair->channel);
    pair->channel = rpc_channel_open(pair->rpc, path, NULL);
    pair_start(pair, "", 0, PAIR_TIMEOUT_MS);
    close(accept(listener, NULL, NULL));
    pair_wait_answer(pair);
    assert_int_equal(pair->code, RPC_UNAVAILABLE);
    assert_string_not_equal(pair->message, "");
    /* The channel is unusable, and calls fail at once. */
    pair_call(pair, "", 0);
    assert_int_equal(pair->code, RPC_UNAVAILABLE);
}

static void a_peer_that_speaks_no_http2_is_an_error(void **state)
{
    struct pair *pair = *state;
    auto_free char *path = file_join(pair->directory, "odd.sock");
    auto_fd int listener = unix_socket_listen(path, 0600, NULL);
    rpc_channel_free(pair->channel);
    pair->channel = rpc_channel_open(pair->rpc, path, NULL);
    pair_start(pair, "", 0, PAIR_TIMEOUT_MS);
    auto_fd int peer = accept(listener, NULL, NULL);
    static const char words[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    assert_int_equal(write(peer, words, sizeof(words) - 1), sizeof(words) - 1);
    pair_wait_answer(pair);
    assert_int_not_equal(pair->code, RPC_OK);
    assert_non_null(strstr(pair->message, "http1"));
}

static void a_cancelled_call_is_silent(void **state)
{
    struct pair *pair = *state;
    pair->handler = pair_hold;
    struct rpc_call *call = pair_start(pair, "", 0, PAIR_TIMEOUT_MS);
    pair_wait_held(pair);
    rpc_request_on_cancel(pair->held, pair_count_cancel, pair);
    rpc_call_cancel(call);
    while (pair->cancels == 0)
        ev_run(pair->loop, 0);
    assert_false(pair->answered);
    rpc_request_fail(pair->held, RPC_INTERNAL, "nobody hears this");

    /* Also if the answer is already on its way. */
    pair->handler = pair_echo;
    call = pair_start(pair, "", 0, PAIR_TIMEOUT_MS);
    rpc_call_cancel(call);
    struct rpc_call *other = pair_start(pair, "x", 1, PAIR_TIMEOUT_MS);
    assert_non_null(other);
    pair_wait_answer(pair);
    assert_int_equal(pair->length, 1);
}

static void a_channel_is_freed_in_the_middle_of_a_call(void **state)
{
    struct pair *pair = *state;
    pair->handler = pair_hold;
    pair_start(pair, "", 0, PAIR_TIMEOUT_MS);
    pair_wait_held(pair);
    rpc_request_on_cancel(pair->held, pair_count_cancel, pair);
    rpc_channel_free(pair->channel);
    pair->channel = NULL;
    while (pair->cancels == 0)
        ev_run(pair->loop, 0);
    assert_false(pair->answered);
    rpc_request_fail(pair->held, RPC_INTERNAL, "nobody hears this");
}

/* Frees the channel of the call that is just answered. */
static void free_in_done(void *user, const struct rpc_result *result)
{
    struct pair *pair = user;
    rpc_channel_free(pair->channel);
    pair->channel = NULL;
    pair_done(pair, result);
}

static void a_channel_is_freed_by_its_callback(void **state)
{
    struct pair *pair = *state;
    Kubevirt__Hooks__Info__InfoParams params = KUBEVIRT__HOOKS__INFO__INFO_PARAMS__INIT;
    rpc_call_start(pair->channel, INFO, "Info", &params.base, PAIR_TIMEOUT_MS, free_in_done, pair);
    pair_wait_answer(pair);
    assert_int_equal(pair->code, RPC_OK);
}

static void cancel_in_done(void *user, const struct rpc_result *result)
{
    struct pair *pair = user;
    rpc_call_cancel((struct rpc_call *)pair->domain);
    pair->domain = NULL;
    pair_done(pair, result);
}

static void a_call_is_cancelled_by_its_callback(void **state)
{
    struct pair *pair = *state;
    Kubevirt__Hooks__Info__InfoParams params = KUBEVIRT__HOOKS__INFO__INFO_PARAMS__INIT;
    pair->domain = (char *)rpc_call_start(
        pair->channel, INFO, "Info", &params.base, PAIR_TIMEOUT_MS, cancel_in_done, pair);
    pair_wait_answer(pair);
    assert_int_equal(pair->code, RPC_OK);
}

/* Answers Info with bytes that are another message: cloudInitData has the number of hookPoints. */
static void answer_garbage(struct rpc_request *request,
    UNUSED const ProtobufCMethodDescriptor *method, UNUSED const ProtobufCMessage *message,
    UNUSED void *user)
{
    Kubevirt__Hooks__V1alpha3__PreCloudInitIsoResult result =
        KUBEVIRT__HOOKS__V1ALPHA3__PRE_CLOUD_INIT_ISO_RESULT__INIT;
    result.cloudinitdata = (ProtobufCBinaryData){4, (uint8_t *)"\xff\xff\xff\xff"};
    rpc_request_reply(request, &result.base);
}

static void answer_no_text(struct rpc_request *request,
    UNUSED const ProtobufCMethodDescriptor *method, UNUSED const ProtobufCMessage *message,
    UNUSED void *user)
{
    Kubevirt__Hooks__Info__InfoResult result = KUBEVIRT__HOOKS__INFO__INFO_RESULT__INIT;
    result.name = (char *)"smbios\xff";
    rpc_request_reply(request, &result.base);
}

/* Two bytes each on the wire, fifty in memory. */
static void answer_bloated(struct rpc_request *request,
    UNUSED const ProtobufCMethodDescriptor *method, UNUSED const ProtobufCMessage *message,
    UNUSED void *user)
{
    enum { POINTS = 1000000 };
    Kubevirt__Hooks__Info__HookPoint point = KUBEVIRT__HOOKS__INFO__HOOK_POINT__INIT;
    auto_free Kubevirt__Hooks__Info__HookPoint **points =
        xcalloc(POINTS, sizeof(Kubevirt__Hooks__Info__HookPoint *));
    for (size_t i = 0; i < POINTS; i++)
        points[i] = &point;
    Kubevirt__Hooks__Info__InfoResult result = KUBEVIRT__HOOKS__INFO__INFO_RESULT__INIT;
    result.hookpoints = points;
    result.n_hookpoints = POINTS;
    rpc_request_reply(request, &result.base);
}

static void an_answer_that_does_not_unpack_is_internal(void **state)
{
    static const struct {
        rpc_handler *handler;
        const ProtobufCMessageDescriptor *output;
    } answers[] = {
        {answer_garbage, &kubevirt__hooks__v1alpha3__pre_cloud_init_iso_result__descriptor},
        {answer_no_text, &kubevirt__hooks__info__info_result__descriptor},
        {answer_bloated, &kubevirt__hooks__info__info_result__descriptor},
    };
    struct pair *pair = *state;
    for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
        const ProtobufCMethodDescriptor method = {
            "Info", &kubevirt__hooks__info__info_params__descriptor, answers[i].output};
        ProtobufCServiceDescriptor info = *INFO;
        info.methods = &method;
        const struct rpc_service service = {&info, answers[i].handler, NULL};
        auto_free char *path = file_join(pair->directory, "odd.sock");
        struct rpc_server *server =
            rpc_server_new(pair->rpc, unix_socket_listen(path, 0600, NULL), &service, 1, NULL);
        rpc_channel_free(pair->channel);
        pair->channel = rpc_channel_open(pair->rpc, path, NULL);
        Kubevirt__Hooks__Info__InfoParams params = KUBEVIRT__HOOKS__INFO__INFO_PARAMS__INIT;
        pair->answered = false;
        rpc_call_start(pair->channel, INFO, "Info", &params.base, PAIR_TIMEOUT_MS, pair_done, pair);
        pair_wait_answer(pair);
        assert_int_equal(pair->code, RPC_INTERNAL);
        assert_non_null(strstr(pair->message, "kubevirt.hooks.info.InfoResult"));
        rpc_server_free(server);
    }
}

/* What a watch on the pair's channel has reported. */
static int lost_count;

static void on_lost(void *user)
{
    struct pair *pair = user;
    lost_count++;
    ev_break(pair->loop, EVBREAK_ALL);
}

static void on_lost_free(void *user)
{
    struct pair *pair = user;
    rpc_channel_free(steal(&pair->channel));
    on_lost(user);
}

static void a_watched_peer_that_goes_away_is_told_of(void **state)
{
    struct pair *pair = *state;
    rpc_lost *const observers[] = {on_lost, on_lost_free};
    for (size_t i = 0; i < ARRAY_SIZE(observers); i++) {
        auto_free char *path = file_join(pair->directory, "peer.sock");
        auto_fd int listener = unix_socket_listen(path, 0600, NULL);
        rpc_channel_free(pair->channel);
        pair->channel = rpc_channel_open(pair->rpc, path, NULL);
        auto_fd int peer = accept(listener, NULL, NULL);
        lost_count = 0;
        rpc_channel_watch(pair->channel, observers[i], pair);
        rpc_channel_watch(pair->channel, observers[i], pair); /* still one */
        shutdown(peer, SHUT_RDWR);
        ev_run(pair->loop, 0);
        assert_int_equal(lost_count, 1);
    }
}

static void an_answering_peer_is_not_lost(void **state)
{
    struct pair *pair = *state;
    lost_count = 0;
    rpc_channel_watch(pair->channel, on_lost, pair);
    pair_start(pair, "<domain/>", strlen("<domain/>"), PAIR_TIMEOUT_MS);
    pair_wait_answer(pair);
    assert_int_equal(pair->code, RPC_OK);
    assert_int_equal(lost_count, 0);
}

static void a_peer_that_is_not_watched_any_more_goes_in_silence(void **state)
{
    struct pair *pair = *state;
    lost_count = 0;
    rpc_channel_watch(pair->channel, on_lost, pair);
    rpc_channel_watch(pair->channel, NULL, NULL);
    rpc_server_free(steal(&pair->server));
    pair_start(pair, "<domain/>", strlen("<domain/>"), PAIR_TIMEOUT_MS);
    pair_wait_answer(pair);
    assert_int_equal(pair->code, RPC_UNAVAILABLE);
    assert_int_equal(lost_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_watched_peer_that_goes_away_is_told_of, pair_setup, pair_teardown),
        cmocka_unit_test_setup_teardown(an_answering_peer_is_not_lost, pair_setup, pair_teardown),
        cmocka_unit_test_setup_teardown(
            a_peer_that_is_not_watched_any_more_goes_in_silence, pair_setup, pair_teardown),
        cmocka_unit_test_setup_teardown(a_call_brings_the_answer, pair_setup, pair_teardown),
        cmocka_unit_test_setup_teardown(opening_says_why_not, pair_setup, pair_teardown),
        cmocka_unit_test_setup_teardown(long_paths_work, pair_setup, pair_teardown),
        cmocka_unit_test_setup_teardown(
            sixteen_mebibytes_pass_and_one_byte_more_does_not, pair_setup, pair_teardown),
        cmocka_unit_test_setup_teardown(
            an_answer_that_is_too_large_is_a_status, pair_setup, pair_teardown),
        cmocka_unit_test_setup_teardown(
            a_peer_that_does_not_answer_ends_at_the_deadline, pair_setup, pair_teardown),
        cmocka_unit_test_setup_teardown(
            a_peers_own_deadline_is_told_from_ours, pair_setup, pair_teardown),
        cmocka_unit_test_setup_teardown(
            a_peer_that_never_speaks_ends_at_the_deadline, pair_setup, pair_teardown),
        cmocka_unit_test_setup_teardown(
            a_peer_that_hangs_up_is_unavailable, pair_setup, pair_teardown),
        cmocka_unit_test_setup_teardown(
            a_peer_that_speaks_no_http2_is_an_error, pair_setup, pair_teardown),
        cmocka_unit_test_setup_teardown(a_cancelled_call_is_silent, pair_setup, pair_teardown),
        cmocka_unit_test_setup_teardown(
            a_channel_is_freed_in_the_middle_of_a_call, pair_setup, pair_teardown),
        cmocka_unit_test_setup_teardown(
            a_channel_is_freed_by_its_callback, pair_setup, pair_teardown),
        cmocka_unit_test_setup_teardown(
            a_call_is_cancelled_by_its_callback, pair_setup, pair_teardown),
        cmocka_unit_test_setup_teardown(
            an_answer_that_does_not_unpack_is_internal, pair_setup, pair_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
