#include "manager/protocol.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "proto/callbacks_v1alpha1.pb-c.h"
#include "proto/callbacks_v1alpha2.pb-c.h"
#include "proto/callbacks_v1alpha3.pb-c.h"

static const char *const hook_names[MANAGER_HOOKS] = {
    [MANAGER_ON_DEFINE_DOMAIN] = "OnDefineDomain",
    [MANAGER_PRE_CLOUD_INIT_ISO] = "PreCloudInitIso",
    [MANAGER_SHUTDOWN] = "Shutdown",
};

/* Newest first. */
static const char *const versions[] = {"v1alpha3", "v1alpha2", "v1alpha1"};
static const ProtobufCServiceDescriptor *const services[] = {
    &kubevirt__hooks__v1alpha3__callbacks__descriptor,
    &kubevirt__hooks__v1alpha2__callbacks__descriptor,
    &kubevirt__hooks__v1alpha1__callbacks__descriptor,
};

const char *manager_hook_name(enum manager_hook hook)
{
    return hook_names[hook];
}

const char *manager_protocol_choose(const char *const *offered, size_t count)
{
    for (size_t version = 0; version < ARRAY_SIZE(versions); version++) {
        for (size_t i = 0; i < count; i++) {
            if (streq(versions[version], offered[i]))
                return versions[version];
        }
    }
    return NULL;
}

char *manager_protocol_list(void)
{
    return text_list(versions, ARRAY_SIZE(versions));
}

const ProtobufCServiceDescriptor *manager_protocol_service(const char *version)
{
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        if (streq(versions[i], version))
            return services[i];
    }
    assert(!"manager_protocol_choose gave the version");
    return NULL;
}

static const ProtobufCMethodDescriptor *method_find(const char *version, enum manager_hook hook)
{
    return protobuf_c_service_descriptor_get_method_by_name(
        manager_protocol_service(version), hook_names[hook]);
}

bool manager_protocol_has(const char *version, enum manager_hook hook)
{
    return method_find(version, hook) != NULL;
}

/* The messages of the versions are alike but are different types to C, so that fields are found by
 * name. */
static ProtobufCBinaryData *bytes_field(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    assert(field != NULL && field->type == PROTOBUF_C_TYPE_BYTES);
    return (ProtobufCBinaryData *)((char *)message + field->offset);
}

ProtobufCMessage *manager_protocol_request(
    const char *version, enum manager_hook hook, const struct manager_field *fields, size_t count)
{
    const ProtobufCMessageDescriptor *type = method_find(version, hook)->input;
    ProtobufCMessage *request = xcalloc(1, type->sizeof_message);
    protobuf_c_message_init(type, request);
    for (size_t i = 0; i < count; i++) {
        *bytes_field(request, fields[i].name) = (ProtobufCBinaryData){
            .len = fields[i].length,
            .data = (uint8_t *)fields[i].data,
        };
    }
    return request;
}

struct manager_field manager_protocol_field(const ProtobufCMessage *response, const char *name)
{
    const ProtobufCBinaryData *bytes = bytes_field(response, name);
    const char *data = bytes->data != NULL ? (const char *)bytes->data : "";
    return (struct manager_field){name, data, bytes->len};
}
