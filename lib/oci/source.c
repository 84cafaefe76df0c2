#include "oci/source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct memory {
    char *data;
    size_t length;
    size_t size;
};

static int take(void *user, const void *data, size_t length, struct error **err)
{
    struct memory *memory = user;
    if (length > memory->size - memory->length)
        return error_set(
            err, ERROR_REMOTE, "more came than the %zu bytes that were announced", memory->size);
    memcpy(memory->data + memory->length, data, length);
    memory->length += length;
    return 0;
}

int oci_source_read_small(const struct oci_source *source, const char *what,
    const struct oci_descriptor *descriptor, size_t limit, char **data, size_t *length,
    struct error **err)
{
    if (descriptor->size > limit)
        return error_set(err, ERROR_INPUT, "%s has %" PRIu64 " bytes, more than the %zu allowed",
            what, descriptor->size, limit);
    struct memory memory = {.size = (size_t)descriptor->size};
    memory.data = xcalloc(memory.size + 1, 1);
    const struct oci_sink sink = {take, &memory};
    if (source->read_blob(source->user, descriptor, &sink, err) < 0) {
        free(memory.data);
        return -1;
    }
    *data = memory.data;
    *length = memory.length;
    return 0;
}

/* Reads the manifest of an index for the platform. In an index of a layout, that may be another
 * index. */
static int read_chosen(const struct oci_source *source, const char *platform,
    const struct oci_manifest *index, struct oci_manifest *out, struct error **err)
{
    const struct oci_descriptor *chosen = oci_manifest_choose(index, platform, err);
    return chosen != NULL ? source->read_manifest(source->user, chosen, out, err) : -1;
}

int oci_source_read_platform(const struct oci_source *source, const char *platform,
    struct oci_manifest *out, struct oci_manifest *index, struct error **err)
{
    struct oci_manifest root = {0};
    *out = (struct oci_manifest){0};
    if (index != NULL)
        *index = (struct oci_manifest){0};
    if (source->read_manifest(source->user, NULL, &root, err) < 0)
        return -1;
    if (!root.is_index) {
        *out = root;
        return 0;
    }
    int result = read_chosen(source, platform, &root, out, err);
    if (result == 0 && out->is_index) {
        oci_manifest_clear(&root);
        root = *out;
        *out = (struct oci_manifest){0};
        result = read_chosen(source, platform, &root, out, err);
    }
    if (result == 0 && out->is_index) {
        oci_manifest_clear(out);
        result = error_set(err, ERROR_INPUT, "indexes are nested more than twice");
    }
    if (index != NULL && result == 0)
        *index = root;
    else
        oci_manifest_clear(&root);
    return result;
}
