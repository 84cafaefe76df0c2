/* Who loses its memory when another request needs it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>

#include "base/memory.h"
#include "base/unused.h"
#include "http/budget.h"

enum { MOST = 1000 };

static struct http_budget budget;
static struct http_holding *lost; /* the last one */
static int losses;

static void on_lost(struct http_holding *holding)
{
    assert_int_equal(holding->bytes, 0);
    lost = holding;
    losses++;
}

static int begin(UNUSED void **state)
{
    http_budget_init(&budget, MOST);
    lost = NULL;
    losses = 0;
    return 0;
}

static int end(UNUSED void **state)
{
    assert_int_equal(budget.held, 0);
    http_budget_clear(&budget);
    return 0;
}

/* A request that has been there for some seconds. */
static void enter(struct http_holding *holding, double seconds)
{
    *holding = (struct http_holding){.on_lost = on_lost};
    http_budget_enter(&budget, holding);
    holding->since -= seconds;
    holding->moved -= seconds;
}

static bool take(struct http_holding *holding, size_t bytes)
{
    pthread_mutex_lock(&budget.mutex);
    bool took = http_budget_take(&budget, holding, bytes);
    pthread_mutex_unlock(&budget.mutex);
    return took;
}

static void the_heaviest_loses(UNUSED void **state)
{
    struct http_holding old_and_small;
    struct http_holding old_and_large;
    struct http_holding new_and_large;
    enter(&old_and_small, 10);
    enter(&old_and_large, 5);
    enter(&new_and_large, 1);
    assert_true(take(&old_and_small, 100));
    assert_true(take(&old_and_large, 400));
    assert_true(take(&new_and_large, 500));
    assert_int_equal(losses, 0);
    assert_true(take(&new_and_large, 1));
    assert_ptr_equal(lost, &old_and_large);
    assert_int_equal(budget.held, 601);
    assert_true(take(&new_and_large, 399));
    assert_int_equal(losses, 1);
    http_budget_leave(&budget, &old_and_small);
    http_budget_leave(&budget, &old_and_large);
    http_budget_leave(&budget, &new_and_large);
}

static void who_asks_may_be_the_heaviest(UNUSED void **state)
{
    struct http_holding slow;
    struct http_holding fast;
    enter(&slow, 10);
    enter(&fast, 0);
    assert_true(take(&slow, 900));
    assert_true(take(&fast, 50));
    assert_false(take(&slow, 100));
    assert_int_equal(losses, 0);
    assert_int_equal(slow.bytes, 900); /* which it gives up itself */
    http_budget_leave(&budget, &slow);
    http_budget_leave(&budget, &fast);
}

static void what_is_kept_is_not_lost(UNUSED void **state)
{
    struct http_holding handled;
    struct http_holding other;
    enter(&handled, 10);
    enter(&other, 1);
    assert_true(take(&handled, 900));
    handled.kept = true;
    assert_true(take(&other, 100));
    assert_false(take(&other, 1));
    assert_int_equal(losses, 0);
    http_budget_leave(&budget, &handled);
    http_budget_leave(&budget, &other);
}

static void as_many_lose_as_are_needed(UNUSED void **state)
{
    struct http_holding slow[10];
    struct http_holding large;
    for (size_t i = 0; i < ARRAY_SIZE(slow); i++) {
        enter(&slow[i], 1);
        assert_true(take(&slow[i], 100));
    }
    enter(&large, 0);
    assert_true(take(&large, 550));
    assert_int_equal(losses, 6);
    assert_int_equal(budget.held, 950);
    http_budget_leave(&budget, &large);
    for (size_t i = 0; i < ARRAY_SIZE(slow); i++)
        http_budget_leave(&budget, &slow[i]);
}

/* Bytes of its body arrive, for which it has taken memory. */
static void move(struct http_holding *holding, size_t bytes)
{
    pthread_mutex_lock(&budget.mutex);
    http_budget_move(holding, bytes);
    pthread_mutex_unlock(&budget.mutex);
}

static void who_gets_on_is_spared(UNUSED void **state)
{
    struct http_holding trickling;
    struct http_holding uploading;
    struct http_holding other;
    enter(&trickling, 10);
    enter(&uploading, 20);
    enter(&other, 0);
    assert_true(take(&trickling, 480));
    assert_true(take(&uploading, 480));
    for (int i = 0; i < 29; i++)
        move(&trickling, 1);
    move(&uploading, 480 / 16);
    assert_true(take(&other, 100));
    assert_int_equal(losses, 1);
    assert_ptr_equal(lost, &trickling);
    http_budget_leave(&budget, &trickling);
    http_budget_leave(&budget, &uploading);
    http_budget_leave(&budget, &other);
}

static bool waits(UNUSED struct http_holding *holding)
{
    return true;
}

static void a_slow_server_is_no_fault_of_its_client(UNUSED void **state)
{
    struct http_holding waiting;
    struct http_holding stalled;
    struct http_holding other;
    enter(&waiting, 10);
    enter(&stalled, 5);
    enter(&other, 0);
    waiting.is_waiting = waits;
    assert_true(take(&waiting, 500));
    assert_true(take(&stalled, 400));
    assert_true(take(&other, 200));
    assert_int_equal(losses, 1);
    assert_ptr_equal(lost, &stalled);
    http_budget_leave(&budget, &waiting);
    http_budget_leave(&budget, &stalled);
    http_budget_leave(&budget, &other);
}

/* A request from 10.0.0.number with a body of this size. */
static void enter_from(struct http_holding *holding, unsigned number, size_t size)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000000 + number)};
    enter(holding, 1);
    http_budget_expect(&budget, holding, (const struct sockaddr *)&address, size);
}

static void the_address_that_sends_the_most_loses(UNUSED void **state)
{
    struct http_holding many[4];
    struct http_holding one;
    for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
        enter_from(&many[i], 1, 700);
        assert_true(take(&many[i], 100));
    }
    enter_from(&one, 2, 700);
    assert_true(take(&one, 500));
    assert_true(take(&one, 200));
    assert_int_equal(losses, 1);
    assert_int_equal(one.bytes, 700);
    for (size_t i = 1; i < ARRAY_SIZE(many); i++)
        http_budget_keep(&budget, &many[i]); /* they have been sent */
    many[1].kept = false;
    assert_false(take(&one, 10));
    for (size_t i = 0; i < ARRAY_SIZE(many); i++)
        http_budget_leave(&budget, &many[i]);
    http_budget_leave(&budget, &one);
    assert_null(budget.crowds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_heaviest_loses, begin, end),
        cmocka_unit_test_setup_teardown(who_asks_may_be_the_heaviest, begin, end),
        cmocka_unit_test_setup_teardown(what_is_kept_is_not_lost, begin, end),
        cmocka_unit_test_setup_teardown(who_gets_on_is_spared, begin, end),
        cmocka_unit_test_setup_teardown(a_slow_server_is_no_fault_of_its_client, begin, end),
        cmocka_unit_test_setup_teardown(the_address_that_sends_the_most_loses, begin, end),
        cmocka_unit_test_setup_teardown(as_many_lose_as_are_needed, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
