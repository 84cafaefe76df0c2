/* Whether and when a request that failed is tried again. */
#ifndef KUBE_RETRY_H
#define KUBE_RETRY_H

#include <stdbool.h>

#include "http/client.h"
#include "kube/status.h"

/* Every request is retried after 429 and if the server has not seen it; an idempotent one also
 * after 5xx and a broken connection. */
bool kube_retry_is_due(const struct kube_failure *failure, enum http_fault fault, bool idempotent);

/* How long to wait after so many tries: as long as the server says, at most a minute; else a delay
 * that doubles from 200 ms to 10 s, half of it random so that clients do not retry in step. */
int64_t kube_retry_delay_ms(const struct kube_failure *failure, int tries);

/* A random number from 0 to limit. */
int64_t kube_retry_jitter(int64_t limit);

#endif
