#include "rpc/message.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/unused.h"

grpc_byte_buffer *rpc_message_pack(const ProtobufCMessage *message)
{
    grpc_slice slice = grpc_slice_malloc(protobuf_c_message_get_packed_size(message));
    protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice));
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return buffer;
}

/* An allocator that hands out at most left bytes: an empty list element takes two bytes on the
 * wire, and dozens in memory. Its memory is free()d. */
static void *allocate_within(void *left, size_t size)
{
    size_t *budget = left;
    if (size > *budget)
        return NULL;
    *budget -= size;
    return malloc(size);
}

static void release(UNUSED void *left, void *pointer)
{
    free(pointer);
}

static bool strings_are_utf8(const ProtobufCMessage *message);

static bool value_is_utf8(const ProtobufCFieldDescriptor *field, const void *value)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = *(const char *const *)value;
        return text == NULL || text_is_utf8(text, strlen(text), NULL);
    }
    const ProtobufCMessage *inner = *(const ProtobufCMessage *const *)value;
    return inner == NULL || strings_are_utf8(inner);
}

/* Whether each string of a message is UTF-8. Our messages have no oneof. */
static bool strings_are_utf8(const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        const char *at = (const char *)message + field->offset;
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            if (!value_is_utf8(field, at))
                return false;
            continue;
        }
        size_t count = *(const size_t *)((const char *)message + field->quantifier_offset);
        void *const *values = *(void *const *const *)at;
        for (size_t j = 0; j < count; j++) {
            if (!value_is_utf8(field, &values[j]))
                return false;
        }
    }
    return true;
}

static ProtobufCMessage *unpack(
    const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t length, struct error **err)
{
    enum { BUDGET_BASE = 64 << 10, BUDGET_PER_BYTE = 4 };
    size_t left = BUDGET_BASE + BUDGET_PER_BYTE * length;
    ProtobufCAllocator allocator = {allocate_within, release, &left};
    ProtobufCMessage *message = protobuf_c_message_unpack(type, &allocator, length, data);
    if (message == NULL) {
        error_set(
            err, ERROR_INPUT, "the %zu bytes are not a message of type %s", length, type->name);
        return NULL;
    }
    if (!strings_are_utf8(message)) {
        error_set(err, ERROR_INPUT, "a string in the %s message is not UTF-8", type->name);
        protobuf_c_message_free_unpacked(message, NULL);
        return NULL;
    }
    return message;
}

ProtobufCMessage *rpc_message_unpack(
    grpc_byte_buffer *buffer, const ProtobufCMessageDescriptor *type, struct error **err)
{
    if (buffer == NULL) {
        error_set(err, ERROR_INPUT, "the %s message is missing", type->name);
        return NULL;
    }
    if (buffer->data.raw.compression != GRPC_COMPRESS_NONE) {
        error_set(
            err, ERROR_INPUT, "the %s message is compressed, which was not requested", type->name);
        return NULL;
    }
    grpc_byte_buffer_reader reader;
    if (!grpc_byte_buffer_reader_init(&reader, buffer)) {
        error_set(err, ERROR_INTERNAL, "the %s message cannot be read", type->name);
        return NULL;
    }
    grpc_slice whole = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    ProtobufCMessage *message =
        unpack(type, GRPC_SLICE_START_PTR(whole), GRPC_SLICE_LENGTH(whole), err);
    grpc_slice_unref(whole);
    return message;
}
