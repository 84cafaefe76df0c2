#include "oci/manifest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_write.h"
#include "base/text.h"

enum { MAX_DEPTH = 8 };

/* A copy of the string member key, or NULL. Returns 0, or -1 if it is no string or too long. */
static int read_text(
    const char *name, const json_t *object, const char *key, char **out, struct error **err)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL || json_is_null(value))
        return 0;
    const char *text = json_string_value(value);
    if (text == NULL)
        return error_set(
            err, ERROR_INPUT, "%s: %s is %s, not a string", name, key, json_kind(value));
    if (strlen(text) > OCI_MANIFEST_MAX_TEXT)
        return error_set(
            err, ERROR_INPUT, "%s: %s is longer than %d bytes", name, key, OCI_MANIFEST_MAX_TEXT);
    *out = xstrdup(text);
    return 0;
}

static int read_annotations(
    const char *name, const json_t *object, json_t **out, struct error **err)
{
    json_t *annotations = json_object_get(object, "annotations");
    const char *key = NULL;
    json_t *value = NULL;
    if (annotations == NULL || json_is_null(annotations))
        return 0;
    if (!json_is_object(annotations))
        return error_set(
            err, ERROR_INPUT, "%s: annotations is %s, not an object", name, json_kind(annotations));
    json_object_foreach (annotations, key, value) {
        if (!json_is_string(value) || json_string_length(value) > OCI_MANIFEST_MAX_TEXT)
            return error_set(err, ERROR_INPUT,
                "%s: an annotation is not a string of at most %d bytes", name,
                OCI_MANIFEST_MAX_TEXT);
    }
    *out = json_incref(annotations);
    return 0;
}

static int read_platform(
    const char *name, const json_t *object, struct oci_descriptor *out, struct error **err)
{
    const json_t *platform = json_object_get(object, "platform");
    if (platform == NULL || json_is_null(platform))
        return 0;
    if (!json_is_object(platform))
        return error_set(
            err, ERROR_INPUT, "%s: platform is %s, not an object", name, json_kind(platform));
    if (read_text(name, platform, "os", &out->os, err) < 0)
        return -1;
    return read_text(name, platform, "architecture", &out->architecture, err);
}

static int read_descriptor(
    const char *name, const json_t *object, struct oci_descriptor *out, struct error **err)
{
    if (!json_is_object(object))
        return error_set(err, ERROR_INPUT, "%s is %s, not an object", name,
            object != NULL ? json_kind(object) : "missing");
    const char *digest = text_or(json_get_string(object, "digest"), "");
    const json_t *size = json_object_get(object, "size");
    if (!oci_digest_is_valid(digest)) {
        auto_free char *shown = text_printable(digest, strlen(digest), 80);
        return error_set(
            err, ERROR_INPUT, "%s: digest \"%s\" is not " OCI_DIGEST_FORM, name, shown);
    }
    if (!json_is_integer(size) || json_integer_value(size) < 0)
        return error_set(err, ERROR_INPUT, "%s: size is not a number of bytes", name);
    memcpy(out->digest, digest, sizeof(out->digest));
    out->size = (uint64_t)json_integer_value(size);
    if (read_text(name, object, "mediaType", &out->media_type, err) < 0 ||
        read_text(name, object, "artifactType", &out->artifact_type, err) < 0 ||
        read_annotations(name, object, &out->annotations, err) < 0 ||
        read_platform(name, object, out, err) < 0)
        return -1;
    if (out->media_type == NULL)
        return error_set(err, ERROR_INPUT, "%s: mediaType is missing", name);
    return 0;
}

static int read_items(const char *name, const json_t *list, const char *key,
    struct oci_manifest *out, struct error **err)
{
    size_t count = json_array_size(list);
    if (list != NULL && !json_is_array(list) && !json_is_null(list))
        return error_set(err, ERROR_INPUT, "%s: %s is %s, not a list", name, key, json_kind(list));
    if (count > OCI_MANIFEST_MAX_ITEMS)
        return error_set(
            err, ERROR_INPUT, "%s: %s has more than %d items", name, key, OCI_MANIFEST_MAX_ITEMS);
    out->items = xcalloc(count, sizeof(*out->items));
    for (size_t i = 0; i < count; i++) {
        auto_free char *place = xasprintf("%s: %s[%zu]", name, key, i);
        out->count = i + 1;
        if (read_descriptor(place, json_array_get(list, i), &out->items[i], err) < 0)
            return -1;
    }
    return 0;
}

bool oci_manifest_type_is_index(const char *media_type)
{
    return streq(media_type, OCI_INDEX_TYPE) || streq(media_type, OCI_DOCKER_INDEX_TYPE);
}

static bool is_known_type(const char *media_type)
{
    return oci_manifest_type_is_index(media_type) || streq(media_type, OCI_MANIFEST_TYPE) ||
           streq(media_type, OCI_DOCKER_MANIFEST_TYPE);
}

/* Finds out which of the two it is. */
static int read_kind(const char *name, const json_t *root, const char *given,
    struct oci_manifest *out, struct error **err)
{
    auto_free char *own = NULL;
    if (read_text(name, root, "mediaType", &own, err) < 0)
        return -1;
    if (given != NULL && own != NULL && !streq(given, own)) {
        auto_free char *shown = text_printable(given, strlen(given), 120);
        return error_set(
            err, ERROR_INPUT, "%s: it says that it is %s, but came as %s", name, own, shown);
    }
    const char *type = text_or(own, given);
    if (type == NULL) /* an OCI text need not have one */
        type = json_object_get(root, "manifests") != NULL ? OCI_INDEX_TYPE : OCI_MANIFEST_TYPE;
    if (!is_known_type(type)) {
        auto_free char *shown = text_printable(type, strlen(type), 120);
        return error_set(err, ERROR_INPUT,
            "%s: \"%s\" is not the media type of a manifest or index", name, shown);
    }
    out->is_index = oci_manifest_type_is_index(type);
    const json_t *other = json_object_get(root, out->is_index ? "layers" : "manifests");
    if (other != NULL)
        return error_set(
            err, ERROR_INPUT, "%s: it has both layers and manifests, or is not what it says", name);
    return 0;
}

static int read_root(const char *name, const json_t *root, const char *given,
    struct oci_manifest *out, struct error **err)
{
    if (!json_is_object(root))
        return error_set(err, ERROR_INPUT, "%s: it is %s, not an object", name, json_kind(root));
    if (json_integer_value(json_object_get(root, "schemaVersion")) != 2)
        return error_set(err, ERROR_INPUT, "%s: schemaVersion is not 2", name);
    if (read_kind(name, root, given, out, err) < 0 ||
        read_text(name, root, "artifactType", &out->artifact_type, err) < 0 ||
        read_annotations(name, root, &out->annotations, err) < 0)
        return -1;
    if (out->is_index)
        return read_items(name, json_object_get(root, "manifests"), "manifests", out, err);
    auto_free char *place = xasprintf("%s: config", name);
    if (read_descriptor(place, json_object_get(root, "config"), &out->config, err) < 0)
        return -1;
    return read_items(name, json_object_get(root, "layers"), "layers", out, err);
}

int oci_manifest_read(const char *name, const char *text, size_t length, const char *media_type,
    struct oci_manifest *out, struct error **err)
{
    *out = (struct oci_manifest){0};
    if (length > OCI_MANIFEST_MAX_BYTES)
        return error_set(
            err, ERROR_INPUT, "%s: it is larger than %d bytes", name, OCI_MANIFEST_MAX_BYTES);
    struct error *error = NULL;
    auto_json json_t *root = json_parse(text, length, MAX_DEPTH, &error);
    if (root == NULL) {
        error_wrap(&error, "%s", name);
        return error_move(err, error);
    }
    if (read_root(name, root, media_type, out, err) == 0)
        return 0;
    oci_manifest_clear(out);
    return -1;
}

static void write_text(json_t *object, const char *key, const char *value)
{
    if (value != NULL)
        json_object_set_new(object, key, json_string(value));
}

static json_t *write_descriptor(const struct oci_descriptor *descriptor)
{
    json_t *object = json_object();
    write_text(object, "mediaType", descriptor->media_type);
    write_text(object, "digest", descriptor->digest);
    json_object_set_new(object, "size", json_integer((json_int_t)descriptor->size));
    write_text(object, "artifactType", descriptor->artifact_type);
    if (descriptor->annotations != NULL)
        json_object_set(object, "annotations", descriptor->annotations);
    if (descriptor->architecture != NULL)
        json_object_set_new(object, "platform",
            json_pack("{s:s, s:s}", "architecture", descriptor->architecture, "os",
                text_or(descriptor->os, "linux")));
    return object;
}

char *oci_manifest_write(const struct oci_manifest *manifest)
{
    auto_json json_t *root = json_object();
    json_object_set_new(root, "schemaVersion", json_integer(2));
    write_text(root, "mediaType", oci_manifest_type(manifest));
    write_text(root, "artifactType", manifest->artifact_type);
    if (!manifest->is_index)
        json_object_set_new(root, "config", write_descriptor(&manifest->config));
    json_t *items = json_array();
    for (size_t i = 0; i < manifest->count; i++)
        json_array_append_new(items, write_descriptor(&manifest->items[i]));
    json_object_set_new(root, manifest->is_index ? "manifests" : "layers", items);
    if (manifest->annotations != NULL)
        json_object_set(root, "annotations", manifest->annotations);
    return json_write(root);
}

const char *oci_manifest_type(const struct oci_manifest *manifest)
{
    return manifest->is_index ? OCI_INDEX_TYPE : OCI_MANIFEST_TYPE;
}

const char *oci_descriptor_annotation(const struct oci_descriptor *descriptor, const char *key)
{
    return json_get_string(descriptor->annotations, key);
}

static bool is_for(const struct oci_descriptor *item, const char *platform)
{
    const char *slash = strchr(platform, '/');
    const char *architecture = slash != NULL ? slash + 1 : platform;
    size_t os_length = slash != NULL ? (size_t)(slash - platform) : 0;
    const char *os = text_or(item->os, "linux");
    return item->architecture != NULL && streq(item->architecture, architecture) &&
           (slash == NULL || (strlen(os) == os_length && strncmp(os, platform, os_length) == 0));
}

/* The platforms of an index, for errors. Owned by the caller. */
static char *list_platforms(const struct oci_manifest *index)
{
    enum { SHOWN = 16 };
    size_t count = index->count < SHOWN ? index->count : SHOWN;
    const char *names[SHOWN] = {0};
    char *owned[SHOWN] = {0};
    for (size_t i = 0; i < count; i++) {
        const struct oci_descriptor *item = &index->items[i];
        auto_free char *name =
            xasprintf("%s/%s", text_or(item->os, "?"), text_or(item->architecture, "?"));
        names[i] = owned[i] = text_printable(name, strlen(name), 80);
    }
    char *list = count > 0 ? text_list_all(names, count) : xstrdup("none");
    for (size_t i = 0; i < count; i++)
        free(owned[i]);
    return list;
}

const struct oci_descriptor *oci_manifest_choose(
    const struct oci_manifest *index, const char *platform, struct error **err)
{
    const struct oci_descriptor *chosen = NULL;
    /* layouts have indexes without platforms */
    if (index->count == 1 && (platform == NULL || index->items[0].architecture == NULL))
        chosen = &index->items[0];
    for (size_t i = 0; i < index->count && chosen == NULL && platform != NULL; i++) {
        if (is_for(&index->items[i], platform))
            chosen = &index->items[i];
    }
    if (chosen != NULL)
        return chosen;
    auto_free char *list = list_platforms(index);
    if (platform == NULL)
        error_set(
            err, ERROR_INPUT, "the index has manifests for %s: choose one with --platform", list);
    else
        error_set(
            err, ERROR_INPUT, "the index has no manifest for %s, only for %s", platform, list);
    return NULL;
}

void oci_descriptor_clear(struct oci_descriptor *descriptor)
{
    free(descriptor->media_type);
    free(descriptor->artifact_type);
    free(descriptor->os);
    free(descriptor->architecture);
    json_decref(descriptor->annotations);
    *descriptor = (struct oci_descriptor){0};
}

void oci_manifest_clear(struct oci_manifest *manifest)
{
    free(manifest->artifact_type);
    oci_descriptor_clear(&manifest->config);
    for (size_t i = 0; i < manifest->count; i++)
        oci_descriptor_clear(&manifest->items[i]);
    free(manifest->items);
    json_decref(manifest->annotations);
    *manifest = (struct oci_manifest){0};
}
