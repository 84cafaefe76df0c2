#include "kube/retry.h"

#include <stdlib.h>
#include <sys/random.h>

enum {
    FIRST_DELAY_MS = 200,
    LONGEST_DELAY_MS = 10000,
    LONGEST_OBEYED_MS = 60000,
    NOT_IMPLEMENTED = 501,
};

bool kube_retry_is_due(const struct kube_failure *failure, enum http_fault fault, bool idempotent)
{
    if (fault == HTTP_FAULT_NOT_SENT || failure->reason == KUBE_TOO_MANY_REQUESTS)
        return true;
    if (!idempotent || fault == HTTP_FAULT_REFUSED)
        return false;
    return (failure->reason == KUBE_SERVER_ERROR && failure->code != NOT_IMPLEMENTED) ||
           failure->reason == KUBE_UNREACHABLE;
}

int64_t kube_retry_jitter(int64_t limit)
{
    unsigned int bits = 0;
    if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) != sizeof(bits))
        bits = (unsigned int)random();
    return (int64_t)(bits % (uint64_t)(limit + 1));
}

int64_t kube_retry_delay_ms(const struct kube_failure *failure, int tries)
{
    int64_t delay = FIRST_DELAY_MS;
    for (int i = 1; i < tries && delay < LONGEST_DELAY_MS; i++)
        delay *= 2;
    if (delay > LONGEST_DELAY_MS)
        delay = LONGEST_DELAY_MS;
    if (failure->retry_after_ms < 0)
        return delay / 2 + kube_retry_jitter(delay / 2);
    int64_t asked = failure->retry_after_ms;
    return (asked < LONGEST_OBEYED_MS ? asked : LONGEST_OBEYED_MS) +
           kube_retry_jitter(FIRST_DELAY_MS);
}
