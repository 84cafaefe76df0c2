/* The status codes of gRPC, and the limit behind RPC_RESOURCE_EXHAUSTED. */
#ifndef RPC_STATUS_H
#define RPC_STATUS_H

/* The largest message in either direction, in bytes. KubeVirt's peers send and accept up to 4 MiB,
 * ours more. */
enum { RPC_MAX_MESSAGE = 16 << 20 };

/* gRPC status codes, numbered as on the wire.
 * Source: https://grpc.io/docs/guides/status-codes/ */
enum rpc_code {
    RPC_OK = 0,
    RPC_CANCELLED = 1,
    RPC_UNKNOWN = 2,
    RPC_INVALID_ARGUMENT = 3,
    RPC_DEADLINE_EXCEEDED = 4,
    RPC_NOT_FOUND = 5,
    RPC_RESOURCE_EXHAUSTED = 8,
    RPC_FAILED_PRECONDITION = 9,
    RPC_UNIMPLEMENTED = 12,
    RPC_INTERNAL = 13,
    RPC_UNAVAILABLE = 14,
};

/* "UNAVAILABLE" and so on, for every code that gRPC knows; else "code N", in a static buffer. */
const char *rpc_code_name(int code);

#endif
