#include "hooks/message.h"

#include <assert.h>

#include "base/memory.h"

static ProtobufCBinaryData *bytes_field(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    assert(field != NULL && field->type == PROTOBUF_C_TYPE_BYTES);
    return (ProtobufCBinaryData *)((char *)message + field->offset);
}

ProtobufCMessage *hooks_message_new(
    const ProtobufCMessageDescriptor *type, const struct hooks_field *fields, size_t count)
{
    ProtobufCMessage *message = xcalloc(1, type->sizeof_message);
    protobuf_c_message_init(type, message);
    for (size_t i = 0; i < count; i++) {
        *bytes_field(message, fields[i].name) = (ProtobufCBinaryData){
            .len = fields[i].value.length,
            .data = (uint8_t *)fields[i].value.data,
        };
    }
    return message;
}

ProtobufCMessage *hooks_message_request(
    const char *version, enum hooks_point point, const struct hooks_field *fields, size_t count)
{
    const ProtobufCMethodDescriptor *method = protobuf_c_service_descriptor_get_method_by_name(
        hooks_version_service(hooks_version_find(version)), hooks_point_name(point));
    return hooks_message_new(method->input, fields, count);
}

struct bytes hooks_message_field(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCBinaryData *bytes = bytes_field(message, name);
    const char *data = bytes->data != NULL ? (const char *)bytes->data : "";
    return (struct bytes){data, bytes->len};
}
