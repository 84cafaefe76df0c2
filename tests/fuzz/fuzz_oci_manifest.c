/* A manifest or index is refused with a message, or read within the limits, and what is written of it
 * is read as the same. The first byte chooses the media type that it came as. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oci/manifest.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_item(const struct oci_descriptor *item)
{
    check(oci_digest_is_valid(item->digest));
    check(item->media_type != NULL && strlen(item->media_type) <= OCI_MANIFEST_MAX_TEXT);
}

static void check_manifest(const struct oci_manifest *manifest)
{
    check(manifest->count <= OCI_MANIFEST_MAX_ITEMS);
    for (size_t i = 0; i < manifest->count; i++)
        check_item(&manifest->items[i]);
    if (!manifest->is_index)
        check_item(&manifest->config);
    auto_error struct error *error = NULL;
    if (manifest->is_index && oci_manifest_choose(manifest, "linux/amd64", &error) == NULL)
        check(text_is_utf8(error->message, strlen(error->message), NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {NULL, OCI_MANIFEST_TYPE, OCI_INDEX_TYPE, "a/b"};
    struct oci_manifest manifest;
    struct oci_manifest again;
    struct error *error = NULL;
    if (size < 1)
        return 0;
    if (oci_manifest_read("m", (const char *)data + 1, size - 1, types[data[0] % ARRAY_SIZE(types)],
            &manifest, &error) < 0) {
        check(text_is_utf8(error->message, strlen(error->message), NULL));
        error_free(error);
        return 0;
    }
    check_manifest(&manifest);
    auto_free char *text = oci_manifest_write(&manifest);
    check(oci_manifest_read("m", text, strlen(text), oci_manifest_type(&manifest), &again, NULL) ==
          0);
    auto_free char *same = oci_manifest_write(&again);
    check(streq(text, same));
    oci_manifest_clear(&again);
    oci_manifest_clear(&manifest);
    return 0;
}
