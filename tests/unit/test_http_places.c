/* Who makes place for a new connection, by socket pairs that stand for connections. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/unused.h"
#include "http/places.h"

enum { MOST = 16, SHARE = MOST / HTTP_ADDRESS_SHARE, NEWCOMERS = MOST / HTTP_NEWCOMER_SHARE };

struct client {
    struct http_place place;
    int ends[2]; /* the server's, the client's */
};

static struct http_places places;
static struct client clients[4 * MOST];

static void enter(struct client *client, const struct sockaddr *address)
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, client->ends), 0);
    http_place_enter(&places, &client->place, client->ends[0], address);
}

/* From 10.0.0.number. */
static void enter_from(struct client *client, unsigned number)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000000 + number)};
    enter(client, (const struct sockaddr *)&address);
}

static void establish(struct client *client)
{
    http_place_use(&places, &client->place, HTTP_PLACE_BUSY);
    http_place_use(&places, &client->place, HTTP_PLACE_HANDLED);
    http_place_use(&places, &client->place, HTTP_PLACE_BUSY);
    http_place_use(&places, &client->place, HTTP_PLACE_IDLE);
}

/* Whether the client sees that its connection has ended. */
static bool is_open(const struct client *client)
{
    char byte = 0;
    return recv(client->ends[1], &byte, 1, MSG_DONTWAIT) != 0;
}

static void leave(struct client *client)
{
    http_place_leave(&places, &client->place);
    close(client->ends[0]);
    close(client->ends[1]);
}

static int begin(UNUSED void **state)
{
    http_places_init(&places, MOST);
    return 0;
}

static int end(UNUSED void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
        if (clients[i].ends[0] != clients[i].ends[1])
            leave(&clients[i]);
        clients[i] = (struct client){.ends = {0, 0}};
    }
    http_places_clear(&places);
    return 0;
}

/* Fills all places with established connections, a client each. */
static void fill(void)
{
    for (unsigned i = 0; i < MOST; i++) {
        enter_from(&clients[i], i);
        establish(&clients[i]);
    }
}

static void the_one_idle_longest_goes(UNUSED void **state)
{
    fill();
    establish(&clients[0]);
    enter_from(&clients[MOST], MOST);
    assert_true(is_open(&clients[0]));
    assert_false(is_open(&clients[1]));
    assert_true(http_place_leave(&places, &clients[1].place));
    assert_true(is_open(&clients[MOST]));
    assert_false(http_place_leave(&places, &clients[0].place));
    enter_from(&clients[MOST + 1], MOST + 1); /* there is a place now */
    for (unsigned i = 2; i <= MOST + 1; i++)
        assert_true(is_open(&clients[i]));
}

static void newcomers_displace_one_another(UNUSED void **state)
{
    fill();
    for (unsigned i = 0; i < 2 * MOST; i++)
        enter_from(&clients[MOST + i], MOST + i);
    unsigned established = 0;
    for (unsigned i = 0; i < MOST; i++)
        established += is_open(&clients[i]);
    assert_int_equal(established, MOST - NEWCOMERS);
    for (unsigned i = 0; i < 2 * MOST; i++)
        assert_int_equal(is_open(&clients[MOST + i]), i >= 2 * MOST - NEWCOMERS);
}

/* A client that needs time for its handshake has it while one with few addresses opens connections
 * as fast as it can. */
static void newcomers_of_the_most_crowded_address_go_first(UNUSED void **state)
{
    fill();
    enter_from(&clients[MOST], MOST);
    for (unsigned i = 1; i < 3 * MOST; i++)
        enter_from(&clients[MOST + i], MOST + 1 + i % 2);
    assert_true(is_open(&clients[MOST]));
    for (unsigned i = 1; i < 3 * MOST; i++)
        assert_int_equal(is_open(&clients[MOST + i]), i > 3 * MOST - NEWCOMERS);
}

static void idle_ones_go_before_busy_ones_and_handled_ones_stay(UNUSED void **state)
{
    fill();
    for (unsigned i = 0; i < MOST; i++)
        http_place_use(
            &places, &clients[i].place, i % 2 == 0 ? HTTP_PLACE_BUSY : HTTP_PLACE_HANDLED);
    http_place_use(&places, &clients[6].place, HTTP_PLACE_IDLE);
    enter_from(&clients[MOST], MOST);
    assert_false(is_open(&clients[6]));
    establish(&clients[MOST]);
    http_place_use(&places, &clients[MOST].place, HTTP_PLACE_HANDLED);
    enter_from(&clients[MOST + 1], MOST + 1);
    assert_false(is_open(&clients[0]));
    for (unsigned i = 0; i <= MOST + 1; i++) {
        if (clients[i].place.listed)
            http_place_use(&places, &clients[i].place, HTTP_PLACE_HANDLED);
    }
    enter_from(&clients[MOST + 2], MOST + 2); /* the new one itself */
    assert_false(is_open(&clients[MOST + 2]));
}

static void an_address_has_a_quarter(UNUSED void **state)
{
    enter_from(&clients[0], 1);
    establish(&clients[0]);
    for (unsigned i = 1; i < MOST; i++) {
        enter_from(&clients[i], 2);
        establish(&clients[i]);
        for (unsigned j = 1; j <= i; j++)
            assert_int_equal(is_open(&clients[j]), j + SHARE > i);
    }
    assert_true(is_open(&clients[0]));
    assert_int_equal(places.count, SHARE + 1);
}

static void addresses_of_all_families(UNUSED void **state)
{
    /* the same address over an IPv6 socket */
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    assert_int_equal(inet_pton(AF_INET6, "::ffff:10.0.0.2", &six.sin6_addr), 1);
    for (unsigned i = 0; i < SHARE; i++)
        enter_from(&clients[i], 2);
    enter(&clients[SHARE], (const struct sockaddr *)&six);
    assert_false(is_open(&clients[0]));
    assert_int_equal(inet_pton(AF_INET6, "fd00::2", &six.sin6_addr), 1);
    enter(&clients[SHARE + 1], (const struct sockaddr *)&six);
    assert_int_equal(places.count, SHARE + 1);
    /* unix sockets have no address, and all places */
    const struct sockaddr_un local = {.sun_family = AF_UNIX};
    for (unsigned i = 0; i < MOST - SHARE - 1; i++)
        enter(&clients[SHARE + 2 + i], (const struct sockaddr *)&local);
    assert_int_equal(places.count, MOST);
}

static void one_goes_when_descriptors_run_out(UNUSED void **state)
{
    fill();
    http_places_shed(&places);
    assert_false(is_open(&clients[0]));
    for (unsigned i = 1; i < MOST; i++)
        assert_true(is_open(&clients[i]));
    http_places_shed(&places);
    assert_true(is_open(&clients[1])); /* the one before has yet to leave */
    leave(&clients[0]);
    clients[0] = (struct client){.ends = {0, 0}};
    for (unsigned i = 1; i < MOST; i++)
        http_place_use(&places, &clients[i].place, HTTP_PLACE_BUSY);
    http_places_shed(&places);
    for (unsigned i = 1; i < MOST; i++)
        assert_true(is_open(&clients[i])); /* none is idle */
    enter_from(&clients[MOST], MOST); /* has the place of the one that went */
    assert_true(is_open(&clients[1]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_one_idle_longest_goes, begin, end),
        cmocka_unit_test_setup_teardown(newcomers_displace_one_another, begin, end),
        cmocka_unit_test_setup_teardown(newcomers_of_the_most_crowded_address_go_first, begin, end),
        cmocka_unit_test_setup_teardown(
            idle_ones_go_before_busy_ones_and_handled_ones_stay, begin, end),
        cmocka_unit_test_setup_teardown(an_address_has_a_quarter, begin, end),
        cmocka_unit_test_setup_teardown(addresses_of_all_families, begin, end),
        cmocka_unit_test_setup_teardown(one_goes_when_descriptors_run_out, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
