/* How much there is from each address. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <sys/un.h>

#include "base/unused.h"
#include "http/crowd.h"

static struct sockaddr_in from(const char *text)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    assert_int_equal(inet_pton(AF_INET, text, &address.sin_addr), 1);
    return address;
}

static void addresses_are_apart(UNUSED void **state)
{
    struct http_crowd *table = NULL;
    struct sockaddr_in one = from("10.0.0.1");
    struct sockaddr_in other = from("10.0.0.2");
    struct sockaddr_in6 mapped = {.sin6_family = AF_INET6};
    assert_int_equal(inet_pton(AF_INET6, "::ffff:10.0.0.1", &mapped.sin6_addr), 1);
    struct http_crowd *crowd = http_crowd_join(&table, (const struct sockaddr *)&one, 3);
    struct http_crowd *apart = http_crowd_join(&table, (const struct sockaddr *)&other, 1);
    assert_ptr_equal(http_crowd_join(&table, (const struct sockaddr *)&mapped, 4), crowd);
    assert_int_equal(crowd->size, 7);
    assert_int_equal(apart->size, 1);
    http_crowd_leave(&table, crowd, 3);
    assert_int_equal(crowd->size, 4);
    http_crowd_leave(&table, apart, 1);
    assert_int_equal(HASH_COUNT(table), 1);
    http_crowd_leave(&table, crowd, 4);
    assert_null(table);
}

static void clients_of_a_unix_socket_are_no_crowd(UNUSED void **state)
{
    struct http_crowd *table = NULL;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_null(http_crowd_join(&table, (const struct sockaddr *)&address, 1));
    http_crowd_leave(&table, NULL, 1);
    assert_null(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_apart),
        cmocka_unit_test(clients_of_a_unix_socket_are_no_crowd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
