#include "rpc/status.h"

#include <stddef.h>
#include <stdio.h>

#include "base/memory.h"

const char *rpc_code_name(int code)
{
    static const char *const names[] = {"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
        "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"};
    static char number[32];
    if (code >= 0 && (size_t)code < ARRAY_SIZE(names))
        return names[code];
    snprintf(number, sizeof(number), "code %d", code);
    return number;
}
