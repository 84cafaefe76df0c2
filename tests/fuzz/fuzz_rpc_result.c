/* A message from a peer, unpacked as every type of request and result. An accepted message is
 * well-formed and can be packed again. */
#include <grpc/byte_buffer.h>
#include <grpc/slice.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/callbacks_v1alpha1.pb-c.h"
#include "proto/callbacks_v1alpha2.pb-c.h"
#include "proto/callbacks_v1alpha3.pb-c.h"
#include "proto/domain_hook.pb-c.h"
#include "proto/info.pb-c.h"
#include "rpc/message.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_as(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t size)
{
    grpc_slice slice = grpc_slice_from_static_buffer(data, size);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    auto_error struct error *error = NULL;
    ProtobufCMessage *message = rpc_message_unpack(buffer, type, &error);
    if (message != NULL) {
        check(error == NULL);
        check(protobuf_c_message_check(message));
        grpc_byte_buffer_destroy(rpc_message_pack(message));
        protobuf_c_message_free_unpacked(message, NULL);
    } else {
        check(error != NULL && error->class == ERROR_INPUT);
    }
    grpc_byte_buffer_destroy(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const ProtobufCServiceDescriptor *const services[] = {
        &kubevirt__hooks__info__info__descriptor,
        &kubevirt__hooks__v1alpha1__callbacks__descriptor,
        &kubevirt__hooks__v1alpha2__callbacks__descriptor,
        &kubevirt__hooks__v1alpha3__callbacks__descriptor,
        &kubevirt__hooks__plugins__v1alpha1__domain_hook_service__descriptor,
    };
    for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
        for (unsigned j = 0; j < services[i]->n_methods; j++) {
            read_as(services[i]->methods[j].input, data, size);
            read_as(services[i]->methods[j].output, data, size);
        }
    }
    return 0;
}
