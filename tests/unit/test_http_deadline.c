/* Deadlines of sockets, some of which move with the bytes that arrive. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/unused.h"
#include "http/deadline.h"

static const double SOON = 0.01;
static const double LATER = 0.05;
static const double NEVER = 3600;

struct client {
    struct http_deadline deadline;
    int ends[2]; /* the server's, the client's */
};

static void begin(struct client *client)
{
    *client = (struct client){.ends = {-1, -1}};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, client->ends), 0);
}

static void end(struct http_deadlines *deadlines, struct client *client, bool missed)
{
    assert_int_equal(http_deadline_end(deadlines, &client->deadline), missed);
    close(client->ends[0]);
    close(client->ends[1]);
}

/* Runs the loop until the client's connection is shut down. */
static void await_end(const struct client *client)
{
    char byte = 0;
    while (recv(client->ends[1], &byte, 1, MSG_DONTWAIT) != 0)
        ev_run(EV_DEFAULT_ EVRUN_ONCE);
}

/* Each order of setting them, and each sets the timer for itself. */
static void the_earliest_is_first(UNUSED void **state)
{
    static const double orders[][3] = {
        {SOON, LATER, NEVER}, {NEVER, LATER, SOON}, {LATER, NEVER, SOON}, {LATER, SOON, NEVER}};
    for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
        struct http_deadlines deadlines;
        struct client clients[3];
        http_deadlines_init(&deadlines);
        for (size_t j = 0; j < ARRAY_SIZE(clients); j++) {
            begin(&clients[j]);
            http_deadline_set(
                &deadlines, &clients[j].deadline, clients[j].ends[0], orders[i][j], 0);
            ev_run(EV_DEFAULT_ EVRUN_NOWAIT);
        }
        assert_true(deadlines.first->at <= deadlines.first->next->at);
        for (size_t j = 0; j < ARRAY_SIZE(clients); j++) {
            if (orders[i][j] < NEVER)
                await_end(&clients[j]);
        }
        for (size_t j = 0; j < ARRAY_SIZE(clients); j++)
            end(&deadlines, &clients[j], orders[i][j] < NEVER);
        http_deadlines_clear(&deadlines);
    }
}

static void who_keeps_up_the_rate_has_time(UNUSED void **state)
{
    struct http_deadlines deadlines;
    struct client fast;
    struct client slow;
    struct client other;
    http_deadlines_init(&deadlines);
    begin(&fast);
    begin(&slow);
    begin(&other);
    http_deadline_set(&deadlines, &fast.deadline, fast.ends[0], SOON, 10);
    http_deadline_set(&deadlines, &slow.deadline, slow.ends[0], SOON, 1000000);
    http_deadline_set(&deadlines, &other.deadline, other.ends[0], LATER, 0);
    http_deadline_move(&fast.deadline, 36000);
    http_deadline_move(&slow.deadline, 1);
    http_deadline_move(&other.deadline, 36000); /* which has no rate */
    await_end(&slow);
    await_end(&other);
    end(&deadlines, &slow, true);
    end(&deadlines, &other, true);
    /* the next request begins without what the last one has moved */
    http_deadline_set(&deadlines, &fast.deadline, fast.ends[0], SOON, 10);
    await_end(&fast);
    end(&deadlines, &fast, true);
    http_deadlines_clear(&deadlines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_earliest_is_first),
        cmocka_unit_test(who_keeps_up_the_rate_has_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
