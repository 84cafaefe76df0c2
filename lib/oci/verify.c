#include "oci/verify.h"

#include <inttypes.h>

void oci_verify_init(
    struct oci_verify *verify, const struct oci_descriptor *descriptor, const struct oci_sink *sink)
{
    *verify = (struct oci_verify){.descriptor = descriptor, .sink = sink, .meter = oci_meter_new()};
}

static int take(void *user, const void *data, size_t length, struct error **err)
{
    struct oci_verify *verify = user;
    oci_meter_add(verify->meter, data, length);
    if (oci_meter_size(verify->meter) > verify->descriptor->size)
        return error_set(err, ERROR_REMOTE, "it has more than the %" PRIu64 " bytes announced",
            verify->descriptor->size);
    struct error *error = NULL;
    if (verify->refusal != NULL ||
        verify->sink->take(verify->sink->user, data, length, &error) == 0)
        return 0;
    if (error->class != ERROR_INPUT)
        return error_move(err, error);
    verify->refusal = error;
    return 0;
}

struct oci_sink oci_verify_sink(struct oci_verify *verify)
{
    return (struct oci_sink){take, verify};
}

int oci_verify_finish(struct oci_verify *verify, const char *what, int result, struct error **err)
{
    if (result == 0)
        result = oci_meter_check(
            verify->meter, what, verify->descriptor->digest, verify->descriptor->size, err);
    if (result == 0 && verify->refusal != NULL)
        result = error_move(err, steal(&verify->refusal));
    error_free(verify->refusal);
    oci_meter_free(verify->meter);
    verify->refusal = NULL;
    verify->meter = NULL;
    return result;
}
