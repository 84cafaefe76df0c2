/* The messages of hook calls, in whichever version they are. The messages of the versions are alike
 * but are different types to C, so that fields are found by name. */
#ifndef HOOKS_MESSAGE_H
#define HOOKS_MESSAGE_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "base/bytes.h"
#include "hooks/protocol.h"

/* A field of type bytes. The value is borrowed. */
struct hooks_field {
    const char *name; /* as in the .proto file: "domainXML" */
    struct bytes value;
};

/* A message with the fields, all of which its type has. Owned by the caller, who frees it with
 * free(): what the fields point to stays the caller's. */
ProtobufCMessage *hooks_message_new(
    const ProtobufCMessageDescriptor *type, const struct hooks_field *fields, size_t count);

/* A request of the hook point in a version, by its name, that has it; else as hooks_message_new. */
ProtobufCMessage *hooks_message_request(
    const char *version, enum hooks_point point, const struct hooks_field *fields, size_t count);

/* A field of type bytes of a message, borrowed from it; empty when the peer did not set it. */
struct bytes hooks_message_field(const ProtobufCMessage *message, const char *name);

#endif
