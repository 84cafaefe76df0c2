/* What a sidecar returns for cloud-init data: the newer form and, after a zero byte, the older one.
 * An accepted result is cloud-init data that the next sidecar can get. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "manager/cloud_init.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char before[] =
    "{\"DataSource\":\"noCloud\",\"NoCloudMetaData\":{},\"UserData\":\"u\","
    "\"NetworkData\":\"n\"}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *end = size > 0 ? memchr(data, '\0', size) : NULL;
    struct bytes newer = {text, end != NULL ? (size_t)(end - text) : size};
    struct bytes older = {0};
    if (end != NULL)
        older = (struct bytes){end + 1, size - newer.length - 1};
    struct manager_cloud_init_result result = {0};
    auto_error struct error *error = NULL;
    if (manager_cloud_init_result(bytes_of(before), newer, older, &result, &error) == 0) {
        struct bytes accepted = {result.data, result.length};
        check(error == NULL);
        check(manager_cloud_init_check(accepted, NULL) == 0);
        auto_free char *legacy = manager_cloud_init_legacy(accepted, NULL);
        check(legacy != NULL);
    } else {
        check(error != NULL && error->class == ERROR_REMOTE);
    }
    manager_cloud_init_result_clear(&result);

    auto_free char *decoded = NULL;
    size_t length = 0;
    if (base64_decode(text, size, &decoded, &length, NULL) == 0)
        check(length <= size && decoded[length] == '\0');
    return 0;
}
