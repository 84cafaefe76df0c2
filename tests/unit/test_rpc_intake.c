/* The memory of a server's connections: large requests wait for one another on their own connection,
 * and a server keeps a limited number of connections. */
#include "tests/unit/rpc_pair.h"

#include "rpc/connection.h"

enum { LARGE = 15 << 20, CALLS = 4, ROOM = 2 };

/* Requests that were received and not answered. */
static struct rpc_request *held[CALLS];
static size_t received;

static void hold_large(struct rpc_request *request, const ProtobufCMethodDescriptor *method,
    const ProtobufCMessage *message, void *user)
{
    if (streq(method->name, "OnDefineDomain"))
        held[received++] = request;
    else
        pair_echo(request, method, message, user);
}

static void answer(size_t which)
{
    Kubevirt__Hooks__V1alpha3__OnDefineDomainResult result =
        KUBEVIRT__HOOKS__V1ALPHA3__ON_DEFINE_DOMAIN_RESULT__INIT;
    rpc_request_reply(held[which], &result.base);
}

static void count_answer(void *user, const struct rpc_result *result)
{
    assert_int_equal(result->code, RPC_OK);
    ++*(size_t *)user;
}

static void call_large(struct pair *pair, const char *domain, size_t *answers)
{
    Kubevirt__Hooks__V1alpha3__OnDefineDomainParams params =
        KUBEVIRT__HOOKS__V1ALPHA3__ON_DEFINE_DOMAIN_PARAMS__INIT;
    params.domainxml = (ProtobufCBinaryData){LARGE, (uint8_t *)domain};
    rpc_call_start(pair->channel, CALLBACKS, "OnDefineDomain", &params.base, PAIR_TIMEOUT_MS,
        count_answer, answers);
}

/* Calls Info on a connection of its own. */
static void call_elsewhere(struct pair *pair)
{
    size_t answers = 0;
    struct rpc_channel *channel = rpc_channel_open(pair->rpc, pair->path, NULL);
    assert_non_null(channel);
    Kubevirt__Hooks__Info__InfoParams params = KUBEVIRT__HOOKS__INFO__INFO_PARAMS__INIT;
    rpc_call_start(channel, INFO, "Info", &params.base, PAIR_TIMEOUT_MS, count_answer, &answers);
    while (answers == 0)
        ev_run(pair->loop, EVRUN_ONCE);
    rpc_channel_free(channel);
}

/* Makes more large calls than there is room for, and waits until that is full. */
static void fill(struct pair *pair, size_t *answers)
{
    char *domain = xcalloc(1, LARGE);
    pair->handler = hold_large;
    received = 0;
    for (int i = 0; i < CALLS; i++)
        call_large(pair, domain, answers);
    free(domain);
    while (received < ROOM)
        ev_run(pair->loop, EVRUN_ONCE);
}

static void large_requests_wait_for_one_another(void **state)
{
    struct pair *pair = *state;
    size_t answers = 0;
    fill(pair, &answers);
    call_elsewhere(pair);
    assert_int_equal(received, ROOM);
    for (size_t i = 0; i < CALLS; i++) {
        while (received <= i)
            ev_run(pair->loop, EVRUN_ONCE);
        answer(i);
    }
    while (answers < CALLS)
        ev_run(pair->loop, EVRUN_ONCE);
}

static void requests_that_wait_can_be_cancelled(void **state)
{
    struct pair *pair = *state;
    size_t answers = 0;
    fill(pair, &answers);
    rpc_channel_free(pair->channel);
    call_elsewhere(pair);
    for (size_t i = 0; i < received; i++)
        answer(i);
    pair->channel = rpc_channel_open(pair->rpc, pair->path, NULL);
    pair->handler = pair_echo;
    pair_call(pair, "again", 5);
    assert_int_equal(pair->code, RPC_OK);
    assert_int_equal(answers, 0);
}

static void on_lost(void *user)
{
    ++*(int *)user;
}

static void the_connection_idle_longest_goes(void **state)
{
    enum { MORE = 3 };
    struct pair *pair = *state;
    struct rpc_channel *channels[RPC_CONNECTIONS + MORE];
    int lost[RPC_CONNECTIONS + MORE] = {0};
    pair_call(pair, "", 0);
    for (size_t i = 0; i < ARRAY_SIZE(channels); i++) {
        channels[i] = steal(&pair->channel);
        rpc_channel_watch(channels[i], on_lost, &lost[i]);
        pair->channel = rpc_channel_open(pair->rpc, pair->path, NULL);
        pair_call(pair, "", 0);
        assert_int_equal(pair->code, RPC_OK);
    }
    /* One more than those in channels is open: the last that was called. */
    while (lost[MORE] == 0)
        ev_run(pair->loop, EVRUN_ONCE);
    for (size_t i = 0; i < ARRAY_SIZE(channels); i++) {
        assert_int_equal(lost[i], i <= MORE);
        rpc_channel_free(channels[i]);
    }
}

static void note_code(void *user, const struct rpc_result *result)
{
    *(int *)user = result->code;
}

static void connections_share_the_memory(void **state)
{
    enum { NONE = -1 };
    struct pair *pair = *state;
    char *domain = xcalloc(1, LARGE);
    struct rpc_channel *channels[CALLS];
    int codes[CALLS];
    Kubevirt__Hooks__V1alpha3__OnDefineDomainParams params =
        KUBEVIRT__HOOKS__V1ALPHA3__ON_DEFINE_DOMAIN_PARAMS__INIT;
    params.domainxml = (ProtobufCBinaryData){LARGE, (uint8_t *)domain};
    pair->handler = hold_large;
    received = 0;
    for (size_t i = 0; i < CALLS; i++) {
        codes[i] = NONE;
        channels[i] = rpc_channel_open(pair->rpc, pair->path, NULL);
        rpc_call_start(channels[i], CALLBACKS, "OnDefineDomain", &params.base, PAIR_TIMEOUT_MS,
            note_code, &codes[i]);
        while (received <= i && codes[i] == NONE)
            ev_run(pair->loop, EVRUN_ONCE);
    }
    assert_int_equal(received, CALLS - 1);
    assert_int_equal(codes[CALLS - 1], RPC_UNAVAILABLE);
    call_elsewhere(pair);
    for (size_t i = 0; i < received; i++) {
        answer(i);
        while (codes[i] == NONE)
            ev_run(pair->loop, EVRUN_ONCE);
        assert_int_equal(codes[i], RPC_OK);
    }
    for (size_t i = 0; i < CALLS; i++)
        rpc_channel_free(channels[i]);
    free(domain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            large_requests_wait_for_one_another, pair_setup, pair_teardown),
        cmocka_unit_test_setup_teardown(
            requests_that_wait_can_be_cancelled, pair_setup, pair_teardown),
        cmocka_unit_test_setup_teardown(connections_share_the_memory, pair_setup, pair_teardown),
        cmocka_unit_test_setup_teardown(
            the_connection_idle_longest_goes, pair_setup, pair_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
