/* What a guard allows a peer, and what it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/unused.h"
#include "rpc/guard.h"

enum { WINDOW_UPDATE = 8, NO_FLAGS = 0 };
static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
static uint8_t payload[RPC_GUARD_HEADER_BLOCK];

/* Writes the header of a frame. */
static void put(uint8_t header[RPC_FRAME_HEADER_BYTES], uint32_t length, uint8_t type,
    uint8_t flags, uint32_t stream)
{
    const uint8_t bytes[] = {(uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length, type,
        flags, (uint8_t)(stream >> 24), (uint8_t)(stream >> 16), (uint8_t)(stream >> 8),
        (uint8_t)stream};
    memcpy(header, bytes, sizeof(bytes));
}

static const char *receive(
    struct rpc_guard *guard, uint32_t length, uint8_t type, uint8_t flags, uint32_t stream)
{
    uint8_t header[RPC_FRAME_HEADER_BYTES];
    put(header, length, type, flags, stream);
    const char *wrong = rpc_guard_receive(guard, header, sizeof(header));
    return wrong != NULL ? wrong : rpc_guard_receive(guard, payload, length);
}

static void send(
    struct rpc_guard *guard, uint32_t length, uint8_t type, uint8_t flags, uint32_t stream)
{
    uint8_t header[RPC_FRAME_HEADER_BYTES];
    put(header, length, type, flags, stream);
    rpc_guard_send(guard, header, sizeof(header));
    rpc_guard_send(guard, payload, length);
}

static struct rpc_guard server(void)
{
    struct rpc_guard guard;
    rpc_guard_init(&guard, true);
    assert_null(rpc_guard_receive(&guard, preface, strlen(preface)));
    return guard;
}

static void frames_are_found_however_they_are_cut(UNUSED void **state)
{
    uint8_t bytes[2 * RPC_FRAME_HEADER_BYTES + 3];
    put(bytes, 3, RPC_FRAME_DATA, RPC_FRAME_END_STREAM, 0x80000005);
    memset(bytes + RPC_FRAME_HEADER_BYTES, 0xff, 3);
    put(bytes + RPC_FRAME_HEADER_BYTES + 3, 0, RPC_FRAME_PING, RPC_FRAME_ACK, 0);
    for (size_t step = 1; step <= sizeof(bytes); step++) {
        struct rpc_frames frames;
        struct rpc_frame found[2];
        size_t count = 0;
        rpc_frames_init(&frames, false);
        for (size_t at = 0; at < sizeof(bytes); at += step) {
            const uint8_t *data = bytes + at;
            size_t length = sizeof(bytes) - at < step ? sizeof(bytes) - at : step;
            while (rpc_frames_next(&frames, &data, &length, &found[count]))
                count++;
        }
        assert_int_equal(count, 2);
        assert_int_equal(found[0].length, 3);
        assert_int_equal(found[0].stream, 5); /* without the reserved bit */
        assert_int_equal(found[0].flags, RPC_FRAME_END_STREAM);
        assert_int_equal(found[1].type, RPC_FRAME_PING);
    }
}

static void answered_calls_go_on_for_ever(UNUSED void **state)
{
    struct rpc_guard guard = server();
    for (uint32_t stream = 1; stream < 100000; stream += 2) {
        assert_null(receive(&guard, 100, RPC_FRAME_HEADERS, NO_FLAGS, stream));
        assert_null(receive(&guard, 5, RPC_FRAME_DATA, RPC_FRAME_END_STREAM, stream));
        assert_true(rpc_guard_owes(&guard));
        assert_null(receive(&guard, 4, WINDOW_UPDATE, NO_FLAGS, stream));
        assert_null(receive(&guard, 4, WINDOW_UPDATE, NO_FLAGS, 0));
        send(&guard, 10, RPC_FRAME_HEADERS, NO_FLAGS, stream);
        send(&guard, 5, RPC_FRAME_DATA, NO_FLAGS, stream);
        send(&guard, 10, RPC_FRAME_HEADERS, RPC_FRAME_END_STREAM, stream);
        assert_false(rpc_guard_owes(&guard));
    }
}

static void many_calls_at_once_have_their_frames(UNUSED void **state)
{
    struct rpc_guard guard = server();
    for (int round = 0; round < 4; round++) {
        uint32_t first = 1 + (uint32_t)round * 2 * RPC_GUARD_STREAMS;
        for (uint32_t i = 0; i < RPC_GUARD_STREAMS; i++) {
            assert_null(receive(&guard, 100, RPC_FRAME_HEADERS, NO_FLAGS, first + 2 * i));
            assert_null(receive(&guard, 5, RPC_FRAME_DATA, RPC_FRAME_END_STREAM, first + 2 * i));
            for (int update = 0; update < 4; update++)
                assert_null(receive(&guard, 4, WINDOW_UPDATE, NO_FLAGS, first + 2 * i));
        }
        for (uint32_t i = 0; i < RPC_GUARD_STREAMS; i++)
            send(&guard, 10, RPC_FRAME_HEADERS, RPC_FRAME_END_STREAM, first + 2 * i);
    }
}

static void large_data_costs_nothing(UNUSED void **state)
{
    struct rpc_guard guard = server();
    assert_null(receive(&guard, 100, RPC_FRAME_HEADERS, NO_FLAGS, 1));
    for (int i = 0; i < 100000; i++)
        assert_null(receive(&guard, RPC_GUARD_FAIR_DATA, RPC_FRAME_DATA, NO_FLAGS, 1));
}

static void updates_for_what_was_sent_are_free(UNUSED void **state)
{
    struct rpc_guard guard = server();
    assert_null(receive(&guard, 100, RPC_FRAME_HEADERS, NO_FLAGS, 1));
    for (int i = 0; i < 100000; i++) {
        send(&guard, 2 * RPC_GUARD_FAIR_DATA, RPC_FRAME_DATA, NO_FLAGS, 1);
        assert_null(receive(&guard, 4, WINDOW_UPDATE, NO_FLAGS, 1));
        assert_null(receive(&guard, 4, WINDOW_UPDATE, NO_FLAGS, 0));
    }
}

static void open_calls_have_a_limit(UNUSED void **state)
{
    struct rpc_guard guard = server();
    for (uint32_t i = 0; i < RPC_GUARD_STREAMS_UNTOLD; i++)
        assert_null(receive(&guard, 100, RPC_FRAME_HEADERS, RPC_FRAME_END_STREAM, 1 + 2 * i));
    assert_string_equal(
        receive(&guard, 100, RPC_FRAME_HEADERS, NO_FLAGS, 1 + 2 * RPC_GUARD_STREAMS_UNTOLD),
        "the peer has too many calls open");
}

/* Repeats frames until the guard has enough; returns what it says, and how often it took them. Time
 * gives points, so that a slow machine allows more, but not the most. */
static const char *flood(
    struct rpc_guard *guard, const struct rpc_frame *frames, size_t count, int most, uint32_t step)
{
    for (int i = 0; i < most; i++) {
        for (size_t k = 0; k < count; k++) {
            const char *wrong = receive(guard, frames[k].length, frames[k].type, frames[k].flags,
                frames[k].stream + (uint32_t)i * step);
            if (wrong != NULL)
                return wrong;
        }
    }
    return NULL;
}

static void floods_end(UNUSED void **state)
{
    enum { MOST = 1000000 };
    static const char words[] = "the peer floods the connection with frames";
    static const struct rpc_frame reset[] = {
        {100, RPC_FRAME_HEADERS, 0, 1}, {4, RPC_FRAME_RST_STREAM, 0, 1}};
    static const struct rpc_frame single[][1] = {{{6, RPC_FRAME_SETTINGS, 0, 0}},
        {{8, RPC_FRAME_PING, 0, 0}}, {{4, WINDOW_UPDATE, 0, 0}}, {{1, RPC_FRAME_DATA, 0, 1}},
        {{0, RPC_FRAME_DATA, 0, 1}}, {{4096, RPC_FRAME_DATA, 0, 3}}, {{0, 77, 0, 0}},
        {{0, RPC_FRAME_CONTINUATION, 0, 1}}, {{4, RPC_FRAME_RST_STREAM, 0, 9}}};
    struct rpc_guard guard = server();
    assert_string_equal(flood(&guard, reset, 2, MOST, 2), words);
    for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++) {
        guard = server();
        assert_null(receive(&guard, 100, RPC_FRAME_HEADERS, NO_FLAGS, 1));
        assert_string_equal(flood(&guard, single[i], 1, MOST, 0), words);
    }
    rpc_guard_init(&guard, false);
    for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++) {
        rpc_guard_init(&guard, false);
        rpc_guard_send(&guard, preface, strlen(preface));
        send(&guard, 100, RPC_FRAME_HEADERS, NO_FLAGS, 1);
        assert_string_equal(flood(&guard, single[i], 1, MOST, 0), words);
    }
}

static void headers_have_a_limit(UNUSED void **state)
{
    static const char words[] = "the headers of the peer are too large";
    struct rpc_guard guard = server();
    assert_null(receive(&guard, RPC_GUARD_HEADER_BLOCK, RPC_FRAME_HEADERS, NO_FLAGS, 1));
    assert_string_equal(receive(&guard, 1, RPC_FRAME_CONTINUATION, NO_FLAGS, 1), words);
    guard = server();
    assert_string_equal(
        receive(&guard, RPC_GUARD_HEADER_BLOCK + 1, RPC_FRAME_HEADERS, NO_FLAGS, 1), words);
}

static void a_client_makes_calls_for_ever(UNUSED void **state)
{
    struct rpc_guard guard;
    rpc_guard_init(&guard, false);
    rpc_guard_send(&guard, preface, strlen(preface));
    for (uint32_t stream = 1; stream < 100000; stream += 2) {
        send(&guard, 100, RPC_FRAME_HEADERS, NO_FLAGS, stream);
        send(&guard, 5, RPC_FRAME_DATA, RPC_FRAME_END_STREAM, stream);
        assert_null(receive(&guard, 10, RPC_FRAME_HEADERS, NO_FLAGS, stream));
        assert_null(receive(&guard, 5, RPC_FRAME_DATA, NO_FLAGS, stream));
        assert_null(receive(&guard, 8, RPC_FRAME_PING, NO_FLAGS, 0));
        assert_null(receive(&guard, 10, RPC_FRAME_HEADERS, RPC_FRAME_END_STREAM, stream));
        assert_null(receive(&guard, 4, RPC_FRAME_RST_STREAM, NO_FLAGS, stream));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_found_however_they_are_cut),
        cmocka_unit_test(answered_calls_go_on_for_ever),
        cmocka_unit_test(many_calls_at_once_have_their_frames),
        cmocka_unit_test(large_data_costs_nothing),
        cmocka_unit_test(updates_for_what_was_sent_are_free),
        cmocka_unit_test(open_calls_have_a_limit),
        cmocka_unit_test(floods_end),
        cmocka_unit_test(headers_have_a_limit),
        cmocka_unit_test(a_client_makes_calls_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
