/* Messages of hook calls in every protocol version. Each version has its own C types for much the
 * same fields, so fields are looked up by name. */
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

/* Returns a message with these fields, each of which must exist in its type. Owned by the caller,
 * who frees it with free(); the data that the fields point to is borrowed. */
ProtobufCMessage *hooks_message_new(
    const ProtobufCMessageDescriptor *type, const struct hooks_field *fields, size_t count);

/* Returns a request for the hook point in the named version, which must have that hook point.
 * Otherwise like hooks_message_new. */
ProtobufCMessage *hooks_message_request(
    const char *version, enum hooks_point point, const struct hooks_field *fields, size_t count);

/* Returns a bytes field of a message, borrowed from it; empty if the peer did not set it. */
struct bytes hooks_message_field(const ProtobufCMessage *message, const char *name);

#endif
