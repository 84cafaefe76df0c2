/* Packing and unpacking protobuf messages, and buffers that are not messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <grpc/byte_buffer.h>
#include <grpc/slice.h>
#include <stdlib.h>
#include <string.h>

#include "base/unused.h"
#include "proto/domain_hook.pb-c.h"
#include "proto/info.pb-c.h"
#include "rpc/message.h"

/* A buffer of the bytes in slices of one byte: a peer's may arrive in any pieces. */
static grpc_byte_buffer *buffer_of(const char *bytes, size_t length)
{
    enum { MOST = 64 };
    grpc_slice slices[MOST];
    assert_true(length <= MOST);
    for (size_t i = 0; i < length; i++)
        slices[i] = grpc_slice_from_copied_buffer(bytes + i, 1);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(slices, length);
    for (size_t i = 0; i < length; i++)
        grpc_slice_unref(slices[i]);
    return buffer;
}

static void what_is_packed_unpacks(UNUSED void **state)
{
    Kubevirt__Hooks__Info__HookPoint point = KUBEVIRT__HOOKS__INFO__HOOK_POINT__INIT;
    point.name = (char *)"OnDefineDomain";
    point.priority = -7;
    Kubevirt__Hooks__Info__HookPoint *points[] = {&point};
    char *versions[] = {(char *)"v1alpha2", (char *)"v1alpha3"};
    Kubevirt__Hooks__Info__InfoResult info = KUBEVIRT__HOOKS__INFO__INFO_RESULT__INIT;
    info.name = (char *)"smbios — ü";
    info.n_hookpoints = ARRAY_SIZE(points);
    info.hookpoints = points;
    info.n_versions = ARRAY_SIZE(versions);
    info.versions = versions;

    grpc_byte_buffer *buffer = rpc_message_pack(&info.base);
    ProtobufCMessage *message =
        rpc_message_unpack(buffer, &kubevirt__hooks__info__info_result__descriptor, NULL);
    assert_non_null(message);
    const Kubevirt__Hooks__Info__InfoResult *again =
        (const Kubevirt__Hooks__Info__InfoResult *)message;
    assert_string_equal(again->name, info.name);
    assert_int_equal(again->n_hookpoints, 1);
    assert_string_equal(again->hookpoints[0]->name, point.name);
    assert_int_equal(again->hookpoints[0]->priority, -7);
    assert_int_equal(again->n_versions, 2);
    assert_string_equal(again->versions[1], "v1alpha3");
    protobuf_c_message_free_unpacked(message, NULL);
    grpc_byte_buffer_destroy(buffer);
}

static void bytes_are_taken_or_refused(UNUSED void **state)
{
    static const ProtobufCMessageDescriptor *const info =
        &kubevirt__hooks__info__info_result__descriptor;
    static const ProtobufCMessageDescriptor *const request =
        &kubevirt__hooks__plugins__v1alpha1__mutate_domain_request__descriptor;
#define BYTES(text) text, sizeof(text) - 1
    static const struct {
        const ProtobufCMessageDescriptor *const *type;
        const char *bytes;
        size_t length;
        const char *error; /* NULL: it is taken */
    } cases[] = {
        {&info, BYTES(""), NULL},
        {&info, BYTES("\x0a\x01m"), NULL},
        {&info, BYTES("\x0a\x02\xc3\xbc"), NULL},
        {&info, BYTES("\x1a\x02\x0a\x00"), NULL},
        {&info, BYTES("\x1a\x02\x10\x07"), NULL},
        {&info, BYTES("\x78\x01"), NULL}, /* an unknown field */
        {&request,
            BYTES("\x22\x06\x0a\x04"
                  "Boot"),
            NULL},
        {&request, BYTES("\x12\x01\xff"), NULL}, /* bytes need not be text */
        {&info, BYTES("\x0a"), "not a message"},
        {&info, BYTES("\x0a\x05m"), "not a message"}, /* cut off */
        {&info, BYTES("\x0a\xff\xff\xff\xff\x0f"), "not a message"}, /* says 4 GiB */
        {&info, BYTES("\x08\x01"), "not a message"}, /* a number where a string is */
        {&info, BYTES("\x1a\x02\xff\xff"), "not a message"},
        {&info, BYTES("\x00\x00"), "not a message"}, /* no field has the number 0 */
        {&info, BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), "not a message"},
        {&info, BYTES("\x0a\x01\xff"), "not UTF-8"},
        {&info, BYTES("\x22\x02ok\x22\x02\xc3("), "not UTF-8"},
        {&info, BYTES("\x1a\x03\x0a\x01\x80"), "not UTF-8"},
        {&request, BYTES("\x22\x03\x0a\x01\xff"), "not UTF-8"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        grpc_byte_buffer *buffer = buffer_of(cases[i].bytes, cases[i].length);
        auto_error struct error *error = NULL;
        ProtobufCMessage *message = rpc_message_unpack(buffer, *cases[i].type, &error);
        if (cases[i].error == NULL) {
            if (message == NULL)
                fail_msg("case %zu: %s", i, error->message);
            protobuf_c_message_free_unpacked(message, NULL);
        } else {
            if (message != NULL)
                fail_msg("case %zu is taken", i);
            assert_int_equal(error->class, ERROR_INPUT);
            assert_non_null(strstr(error->message, cases[i].error));
            assert_non_null(strstr(error->message, (*cases[i].type)->name));
        }
        grpc_byte_buffer_destroy(buffer);
    }
}

static void no_message_is_not_an_empty_message(UNUSED void **state)
{
    auto_error struct error *error = NULL;
    assert_null(rpc_message_unpack(NULL, &kubevirt__hooks__info__info_params__descriptor, &error));
    assert_int_equal(error->class, ERROR_INPUT);
}

static void a_compressed_message_is_refused(UNUSED void **state)
{
    grpc_slice slice = grpc_slice_from_static_string("x\x9c");
    grpc_byte_buffer *buffer =
        grpc_raw_compressed_byte_buffer_create(&slice, 1, GRPC_COMPRESS_DEFLATE);
    auto_error struct error *error = NULL;
    assert_null(
        rpc_message_unpack(buffer, &kubevirt__hooks__info__info_params__descriptor, &error));
    assert_non_null(strstr(error->message, "compressed"));
    grpc_byte_buffer_destroy(buffer);
}

/* As many empty elements as fit into 1 MiB, two bytes each, would take tens of megabytes. */
static void a_message_may_not_grow_without_bound(UNUSED void **state)
{
    enum { ELEMENTS = 1 << 19 };
    grpc_slice slice = grpc_slice_malloc(2 * ELEMENTS);
    for (size_t i = 0; i < ELEMENTS; i++)
        memcpy(GRPC_SLICE_START_PTR(slice) + 2 * i, "\x1a\x00", 2);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    auto_error struct error *error = NULL;
    assert_null(
        rpc_message_unpack(buffer, &kubevirt__hooks__info__info_result__descriptor, &error));
    assert_int_equal(error->class, ERROR_INPUT);
    grpc_byte_buffer_destroy(buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_unpacks),
        cmocka_unit_test(bytes_are_taken_or_refused),
        cmocka_unit_test(no_message_is_not_an_empty_message),
        cmocka_unit_test(a_compressed_message_is_refused),
        cmocka_unit_test(a_message_may_not_grow_without_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
