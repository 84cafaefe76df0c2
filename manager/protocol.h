/* The hook protocol's versions, and its messages in whichever version a sidecar speaks. */
#ifndef MANAGER_PROTOCOL_H
#define MANAGER_PROTOCOL_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "manager/manager.h"

/* The newest version that is among those a sidecar offers, or NULL. Static. */
const char *manager_protocol_choose(const char *const *offered, size_t count);

/* The versions there are, as `v1alpha3, v1alpha2 or v1alpha1`. Owned by the caller. */
char *manager_protocol_list(void);

/* Whether a known version has the hook: PreCloudInitIso since v1alpha2, Shutdown since v1alpha3. */
bool manager_protocol_has(const char *version, enum manager_hook hook);

/* The Callbacks service of a known version. */
const ProtobufCServiceDescriptor *manager_protocol_service(const char *version);

/* A bytes field of a request. The data is borrowed. */
struct manager_field {
    const char *name; /* as in the .proto file: "domainXML" */
    const char *data;
    size_t length;
};

/* A request of the hook in a version that has it. Owned by the caller, who frees it with free():
 * what the fields point to stays the caller's. */
ProtobufCMessage *manager_protocol_request(
    const char *version, enum manager_hook hook, const struct manager_field *fields, size_t count);

/* The bytes field of a response, borrowed from it; empty when the peer did not set it. */
struct manager_field manager_protocol_field(const ProtobufCMessage *response, const char *name);

#endif
