/* protobuf-c messages to and from the byte buffers of the gRPC core. */
#ifndef RPC_MESSAGE_H
#define RPC_MESSAGE_H

#include <grpc/byte_buffer.h>
#include <protobuf-c/protobuf-c.h>

#include "base/error.h"

/* Packs a message. The buffer is owned by the caller (grpc_byte_buffer_destroy). */
grpc_byte_buffer *rpc_message_pack(const ProtobufCMessage *message);

/* Unpacks a message, which is owned by the caller (protobuf_c_message_free_unpacked with NULL).
 * buffer may be NULL: the peer sent none. Returns NULL with an input error that says what is wrong:
 * missing, compressed, not this type, a string that is not UTF-8 (which protobuf forbids and
 * protobuf-c does not check), or much larger in memory than on the wire. */
ProtobufCMessage *rpc_message_unpack(
    grpc_byte_buffer *buffer, const ProtobufCMessageDescriptor *type, struct error **err);

#endif
