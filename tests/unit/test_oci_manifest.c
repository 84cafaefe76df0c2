/* Manifests and indexes: read, written, chosen, refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/unused.h"
#include "oci/manifest.h"

#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ITEM "{\"mediaType\":\"a/b\",\"digest\":\"" DIGEST "\",\"size\":7}"
#define PLATFORM_ITEM(architecture)                                                                \
    "{\"mediaType\":\"" OCI_MANIFEST_TYPE "\",\"digest\":\"" DIGEST                                \
    "\",\"size\":7,\"platform\":{\"architecture\":\"" architecture "\",\"os\":\"linux\"}}"
#define INDEX(items)                                                                               \
    "{\"schemaVersion\":2,\"mediaType\":\"" OCI_INDEX_TYPE "\",\"manifests\":[" items "]}"

static int read(const char *text, const char *type, struct oci_manifest *out, struct error **err)
{
    return oci_manifest_read("m", text, strlen(text), type, out, err);
}

static void what_is_read_is_written_the_same(UNUSED void **state)
{
    static const char *const texts[] = {
        "{\"schemaVersion\":2,\"mediaType\":\"" OCI_MANIFEST_TYPE "\",\"artifactType\":\"a/t\","
        "\"config\":" ITEM ",\"layers\":[{\"mediaType\":\"a/b\",\"digest\":\"" DIGEST
        "\",\"size\":7,\"annotations\":{\"k\":\"v\"}}]}",
        "{\"schemaVersion\":2,\"mediaType\":\"" OCI_INDEX_TYPE
        "\",\"manifests\":[" PLATFORM_ITEM("arm64") "],\"annotations\":{\"k\":\"v\"}}",
    };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct oci_manifest manifest;
        assert_int_equal(read(texts[i], NULL, &manifest, NULL), 0);
        auto_free char *text = oci_manifest_write(&manifest);
        assert_string_equal(text, texts[i]);
        oci_manifest_clear(&manifest);
    }
}

static void a_text_without_a_type_is_what_it_came_as(UNUSED void **state)
{
    struct oci_manifest manifest;
    assert_int_equal(
        read("{\"schemaVersion\":2,\"manifests\":[]}", OCI_INDEX_TYPE, &manifest, NULL), 0);
    assert_true(manifest.is_index);
    oci_manifest_clear(&manifest);
    assert_int_equal(read("{\"schemaVersion\":2,\"config\":" ITEM "}", OCI_DOCKER_MANIFEST_TYPE,
                         &manifest, NULL),
        0);
    assert_false(manifest.is_index);
    oci_manifest_clear(&manifest);
}

static void what_is_wrong_is_refused(UNUSED void **state)
{
    static const struct {
        const char *text, *type, *message;
    } cases[] = {
        {"", NULL, "m: "},
        {"[]", NULL, "m: it is an array, not an object"},
        {"{}", NULL, "m: schemaVersion is not 2"},
        {"{\"schemaVersion\":2,\"mediaType\":7}", NULL, "mediaType is a number"},
        {"{\"schemaVersion\":2,\"mediaType\":\"x/y\"}", NULL, "\"x/y\" is not the media type"},
        {INDEX(""), OCI_MANIFEST_TYPE, "it says that it is " OCI_INDEX_TYPE ", but came as"},
        {"{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}", NULL, "both layers and manifests"},
        {"{\"schemaVersion\":2}", NULL, "m: config is missing"},
        {"{\"schemaVersion\":2,\"config\":{\"size\":1}}", NULL,
            "config: digest \"\" is not sha256:"},
        {"{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:../../etc\",\"size\":1}}", NULL,
            "digest \"sha256:../../etc\" is not"},
        {"{\"schemaVersion\":2,\"config\":{\"digest\":\"" DIGEST "\",\"size\":-1}}", NULL,
            "config: size is not a number of bytes"},
        {"{\"schemaVersion\":2,\"config\":{\"digest\":\"" DIGEST "\",\"size\":1}}", NULL,
            "config: mediaType is missing"},
        {"{\"schemaVersion\":2,\"config\":" ITEM ",\"layers\":{}}", NULL, "layers is an object"},
        {INDEX("7"), NULL, "manifests[0] is a number"},
        {"{\"schemaVersion\":2,\"manifests\":[],\"annotations\":{\"a\":1}}", NULL,
            "an annotation is not a string"},
        {"{\"schemaVersion\":2,\"x\":[[[[[[[[[]]]]]]]]]}", NULL, "m: "},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct oci_manifest manifest;
        auto_error struct error *error = NULL;
        assert_int_equal(read(cases[i].text, cases[i].type, &manifest, &error), -1);
        assert_int_equal(error->class, ERROR_INPUT);
        if (strstr(error->message, cases[i].message) == NULL)
            fail_msg("%s: %s", cases[i].text, error->message);
    }
}

static void an_index_has_at_most_1024_items(UNUSED void **state)
{
    auto_free char *items = xstrdup(ITEM);
    for (size_t i = 0; i < OCI_MANIFEST_MAX_ITEMS; i++) {
        auto_free char *before = items;
        items = xasprintf("%s," ITEM, before);
    }
    auto_free char *text = xasprintf("{\"schemaVersion\":2,\"manifests\":[%s]}", items);
    struct oci_manifest manifest;
    auto_error struct error *error = NULL;
    assert_int_equal(read(text, NULL, &manifest, &error), -1);
    assert_string_equal(error->message, "m: manifests has more than 1024 items");
}

static void a_platform_is_chosen(UNUSED void **state)
{
    static const struct {
        const char *text, *platform, *chosen, *message;
    } cases[] = {
        {INDEX(PLATFORM_ITEM("arm64")), NULL, "arm64", NULL},
        {INDEX(PLATFORM_ITEM("amd64") "," PLATFORM_ITEM("arm64")), "arm64", "arm64", NULL},
        {INDEX(PLATFORM_ITEM("amd64") "," PLATFORM_ITEM("arm64")), "linux/amd64", "amd64", NULL},
        {INDEX(PLATFORM_ITEM("amd64") "," PLATFORM_ITEM("arm64")), NULL, NULL,
            "the index has manifests for linux/amd64 and linux/arm64: choose one with --platform"},
        {INDEX(PLATFORM_ITEM("amd64")), "windows/amd64", NULL,
            "the index has no manifest for windows/amd64, only for linux/amd64"},
        {INDEX(ITEM), "arm64", "", NULL},
        {INDEX(""), NULL, NULL, "has manifests for none"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct oci_manifest index;
        auto_error struct error *error = NULL;
        assert_int_equal(read(cases[i].text, NULL, &index, NULL), 0);
        const struct oci_descriptor *chosen =
            oci_manifest_choose(&index, cases[i].platform, &error);
        assert_int_equal(chosen != NULL, cases[i].chosen != NULL);
        if (chosen != NULL)
            assert_string_equal(text_or(chosen->architecture, ""), cases[i].chosen);
        else
            assert_non_null(strstr(error->message, cases[i].message));
        oci_manifest_clear(&index);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_written_the_same),
        cmocka_unit_test(a_text_without_a_type_is_what_it_came_as),
        cmocka_unit_test(what_is_wrong_is_refused),
        cmocka_unit_test(an_index_has_at_most_1024_items),
        cmocka_unit_test(a_platform_is_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
