/* The stream of random numbers: the same for the same key and nonce, another for another, uniform,
 * and the same again after it was rewound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/unused.h"
#include "controller/appliance/stream.h"

enum { LENGTH = 200 };

static const unsigned char bytes[CONTROLLER_KEY_BYTES] = {7};
static const unsigned char other_bytes[CONTROLLER_KEY_BYTES] = {8};

static void take(struct controller_stream *stream, uint32_t limit, uint32_t numbers[LENGTH])
{
    struct appliance_random random = controller_stream_random(stream);
    for (size_t i = 0; i < LENGTH; i++) {
        numbers[i] = random.below(random.user, limit);
        assert_true(numbers[i] < limit);
    }
}

/* The numbers of a stream at its beginning. */
static void begin(const unsigned char *of, const char *nonce, uint32_t numbers[LENGTH])
{
    struct controller_key *key = controller_key_of(of);
    struct controller_stream stream;
    controller_stream_init(&stream, key, nonce);
    take(&stream, UINT32_MAX, numbers);
    controller_stream_clear(&stream);
    controller_key_free(key);
}

static void test_derivation(UNUSED void **state)
{
    uint32_t first[LENGTH];
    uint32_t second[LENGTH];
    begin(bytes, "a", first);
    begin(bytes, "a", second);
    assert_memory_equal(first, second, sizeof(first));
    begin(bytes, "b", second);
    assert_memory_not_equal(first, second, sizeof(first));
    begin(other_bytes, "a", second);
    assert_memory_not_equal(first, second, sizeof(first));
}

static void test_rewind(UNUSED void **state)
{
    uint32_t first[LENGTH];
    uint32_t second[LENGTH];
    struct controller_key *key = controller_key_of(bytes);
    struct controller_stream stream;
    controller_stream_init(&stream, key, "a");
    take(&stream, 36, first);
    take(&stream, 36, second);
    assert_memory_not_equal(first, second, sizeof(first));
    controller_stream_rewind(&stream);
    take(&stream, 36, second);
    assert_memory_equal(first, second, sizeof(first));
    controller_stream_clear(&stream);
    controller_key_free(key);
}

/* Of a limit just above half of 2^32, nearly every second number is passed over: without that, the
 * small ones come twice as often. */
static void test_uniform(UNUSED void **state)
{
    static const uint32_t limit = (1U << 31) + 1;
    uint32_t numbers[LENGTH];
    size_t low = 0;
    struct controller_key *key = controller_key_of(bytes);
    struct controller_stream stream;
    controller_stream_init(&stream, key, "a");
    take(&stream, limit, numbers);
    for (size_t i = 0; i < LENGTH; i++)
        low += numbers[i] < limit / 2;
    assert_in_range(low, LENGTH / 3, LENGTH * 2 / 3);
    take(&stream, 1, numbers);
    controller_stream_clear(&stream);
    controller_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_derivation),
        cmocka_unit_test(test_rewind),
        cmocka_unit_test(test_uniform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
