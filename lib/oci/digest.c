#include "oci/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tls/digest.h"
#include "tls/sha256.h"

#define PREFIX "sha256:"

struct oci_meter {
    struct tls_digest *sum;
    uint64_t size;
};

bool oci_digest_is_valid(const char *text)
{
    return strlen(text) == OCI_DIGEST_LENGTH && text_starts_with(text, PREFIX) &&
           strspn(text + strlen(PREFIX), "0123456789abcdef") == TLS_SHA256_DIGITS;
}

void oci_digest_of(const void *data, size_t length, char digest[OCI_DIGEST_LENGTH + 1])
{
    memcpy(digest, PREFIX, sizeof(PREFIX));
    tls_sha256(data, length, digest + strlen(PREFIX));
}

struct oci_meter *oci_meter_new(void)
{
    struct oci_meter *meter = xcalloc(1, sizeof(*meter));
    meter->sum = tls_digest_new(TLS_DIGEST_SHA256);
    return meter;
}

void oci_meter_add(struct oci_meter *meter, const void *data, size_t length)
{
    tls_digest_add(meter->sum, data, length);
    meter->size += length;
}

uint64_t oci_meter_size(const struct oci_meter *meter)
{
    return meter->size;
}

void oci_meter_finish(struct oci_meter *meter, char digest[OCI_DIGEST_LENGTH + 1])
{
    char digits[TLS_DIGEST_MAX_DIGITS + 1];
    tls_digest_finish(meter->sum, digits);
    snprintf(digest, OCI_DIGEST_LENGTH + 1, PREFIX "%.*s", TLS_SHA256_DIGITS, digits);
}

void oci_meter_free(struct oci_meter *meter)
{
    if (meter == NULL)
        return;
    tls_digest_free(meter->sum);
    free(meter);
}

int oci_meter_check(struct oci_meter *meter, const char *what, const char *digest, uint64_t size,
    struct error **err)
{
    char actual[OCI_DIGEST_LENGTH + 1];
    if (meter->size != size)
        return error_set(err, ERROR_REMOTE, "%s: it has %" PRIu64 " bytes, not %" PRIu64, what,
            meter->size, size);
    oci_meter_finish(meter, actual);
    if (!streq(actual, digest))
        return error_set(
            err, ERROR_REMOTE, "%s: it has the digest %s, not %s", what, actual, digest);
    return 0;
}
