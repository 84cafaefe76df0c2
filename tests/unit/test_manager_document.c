/* The document of a hook point between two sidecars: what is accepted, and how it travels. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/unused.h"
#include "manager/document.h"
#include "proto/callbacks_v1alpha3.pb-c.h"

#define UUID "<uuid>0c8e4f0e-1c0c-4a3f-9a57-0d4f7b1a2c3d</uuid>"
#define DOMAIN "<domain><name>a</name></domain>"
#define DOMAIN_WITH_UUID "<domain><name>a</name>" UUID "</domain>"

static const struct hooks_point_row *const define = &hooks_points[HOOKS_ON_DEFINE_DOMAIN];
static const struct hooks_point_row *const cloud_init = &hooks_points[HOOKS_PRE_CLOUD_INIT_ISO];

static const struct manager_sidecar sidecar_0 = {.name = "hook-sidecar-0", .index = 0};
static const struct manager_sidecar sidecar_1 = {.name = "hook-sidecar-1", .index = 1};

/* Whether the document accepts text from a sidecar and becomes it; false with an error that has the
 * words. */
static bool take_domain_from(struct manager_document *document,
    const struct manager_sidecar *sidecar, const char *text, const char *words)
{
    Kubevirt__Hooks__V1alpha3__OnDefineDomainResult response =
        KUBEVIRT__HOOKS__V1ALPHA3__ON_DEFINE_DOMAIN_RESULT__INIT;
    response.domainxml = (ProtobufCBinaryData){strlen(text), (uint8_t *)text};
    struct bytes returned = {0};
    size_t length = 0;
    auto_free char *warning = NULL;
    auto_error struct error *error = NULL;
    char *result = manager_document_result(
        document, sidecar, &response.base, &returned, &length, &warning, &error);
    assert_null(warning);
    assert_ptr_equal(returned.data, text);
    assert_int_equal(returned.length, strlen(text));
    if (result != NULL) {
        assert_int_equal(length, strlen(text));
        manager_document_replace(document, result, length);
        return true;
    }
    assert_int_equal(error->class, ERROR_REMOTE);
    assert_non_null(strstr(error->message, "the result is refused"));
    assert_non_null(strstr(error->message, words));
    return false;
}

static bool take_domain(struct manager_document *document, const char *text, const char *words)
{
    return take_domain_from(document, &sidecar_0, text, words);
}

static void a_domain_stays_the_same_domain(UNUSED void **state)
{
    struct manager_document document;
    manager_document_init(&document, define, NULL, bytes_of(DOMAIN));
    assert_int_equal(manager_document_check(&document, NULL), 0);
    assert_false(take_domain(&document, "<domain><name>b</name></domain>", "name"));
    assert_false(take_domain(&document, "<domain>", ""));
    assert_false(take_domain(&document, "\n start <1>\n" DOMAIN,
        "the result is refused: it begins with \"start <1>\": the hook must print only the "
        "document; "
        "logs belong on standard error"));
    assert_false(take_domain(&document, " \n", "domain XML"));
    assert_false(take_domain(&document, "a-line-of-more-than-forty-characters-is-cut-short",
        "it begins with \"a-line-of-more-than-forty-characters-is-…\""));
    assert_true(take_domain(&document, DOMAIN_WITH_UUID, NULL)); /* the first that cares sets it */
    assert_false(take_domain(&document, DOMAIN, "uuid"));
    assert_memory_equal(document.data, DOMAIN_WITH_UUID, document.length);
    manager_document_clear(&document);
}

static void what_comes_in_is_checked(UNUSED void **state)
{
    const struct {
        const struct hooks_point_row *point;
        const char *data;
        const char *words; /* NULL: it is well */
    } cases[] = {
        {define, DOMAIN, NULL},
        {define, "<domains/>", "the domain, before any hook"},
        {define, "", "the domain, before any hook"},
        {cloud_init, "{\"DataSource\":\"noCloud\",\"UserData\":\"u\"}", NULL},
        {cloud_init, "{\"UserData\":\"u\"}", "DataSource is missing"},
        {cloud_init, "[]", "the cloud-init data, before any hook"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct manager_document document;
        auto_error struct error *error = NULL;
        manager_document_init(&document, cases[i].point, NULL, bytes_of(cases[i].data));
        assert_int_equal(
            manager_document_check(&document, &error), cases[i].words == NULL ? 0 : -1);
        if (cases[i].words != NULL) {
            assert_int_equal(error->class, ERROR_INPUT);
            assert_non_null(strstr(error->message, cases[i].words));
        }
        manager_document_clear(&document);
    }
}

static void only_cloud_init_data_may_be_absent(UNUSED void **state)
{
    assert_true(manager_document_is_absent(cloud_init, bytes_of("null")));
    assert_false(manager_document_is_absent(cloud_init, bytes_of("{}")));
    assert_false(manager_document_is_absent(define, bytes_of("")));
}

static void check_field(const struct hooks_field *field, const char *name, const char *value)
{
    assert_string_equal(field->name, name);
    assert_int_equal(field->value.length, strlen(value));
    assert_memory_equal(field->value.data, value, field->value.length);
}

/* Cloud-init data is sent in both forms; the older one is derived from the last hop's result. */
static void requests_have_each_form(UNUSED void **state)
{
    struct hooks_field fields[MANAGER_DOCUMENT_MAX_FIELDS];
    struct manager_document document;
    manager_document_init(&document, define, NULL, bytes_of(DOMAIN));
    assert_int_equal(manager_document_fields(&document, fields, NULL), 1);
    check_field(&fields[0], "domainXML", DOMAIN);
    manager_document_clear(&document);

    manager_document_init(&document, cloud_init, NULL, bytes_of("{\"UserData\":\"first\"}"));
    assert_int_equal(manager_document_fields(&document, fields, NULL), 2);
    check_field(&fields[1], "cloudInitNoCloudSource", "{\"userData\":\"first\"}");
    static const char second[] = "{\"UserData\":\"second\"}";
    manager_document_replace(&document, xstrdup(second), strlen(second));
    assert_int_equal(manager_document_fields(&document, fields, NULL), 2);
    check_field(&fields[0], "cloudInitData", second);
    check_field(&fields[1], "cloudInitNoCloudSource", "{\"userData\":\"second\"}");
    manager_document_clear(&document);
}

static void assert_data(const struct manager_document *document, const char *expected)
{
    assert_int_equal(document->length, strlen(expected));
    assert_memory_equal(document->data, expected, document->length);
}

#define METADATA(content) "<metadata>" content "</metadata>"
#define WITH(content) "<domain><name>a</name>" content "</domain>"
#define OF_A METADATA("<a:x xmlns:a='urn:a'/>")
#define OF_B METADATA("<b:x xmlns:b='urn:b'/>")
#define OTHER_OF_A METADATA("<a:y xmlns:a='urn:a'/>")

static void what_several_sidecars_add_is_merged_at_the_end(UNUSED void **state)
{
    struct manager_document document;
    manager_document_init(&document, define, NULL, bytes_of(DOMAIN));
    assert_int_equal(manager_document_check(&document, NULL), 0);
    assert_true(take_domain_from(&document, &sidecar_0, WITH(OF_A), NULL));
    assert_true(take_domain_from(&document, &sidecar_1, WITH(OF_A OF_B), NULL));
    assert_data(&document, WITH(OF_A OF_B)); /* the next sidecar gets what was sent */
    assert_int_equal(manager_document_finish(&document, NULL), 0);
    assert_data(&document,
        "<domain>\n\t<name>a</name>\n\t<metadata>\n\t\t<a:x xmlns:a=\"urn:a\"></a:x>\n"
        "\t\t<b:x xmlns:b=\"urn:b\"></b:x>\n\t</metadata>\n</domain>");
    manager_document_clear(&document);
}

static void what_does_not_go_together_names_both_sidecars(UNUSED void **state)
{
    struct manager_document document;
    manager_document_init(&document, define, NULL, bytes_of(WITH(OF_B)));
    assert_int_equal(manager_document_check(&document, NULL), 0);
    assert_true(take_domain_from(&document, &sidecar_0, WITH(OF_B OF_A), NULL));
    assert_false(take_domain_from(&document, &sidecar_1, WITH(OF_B OF_A OTHER_OF_A),
        "<metadata> has two different elements of the namespace \"urn:a\", of which libvirt takes "
        "one; the other is from sidecar hook-sidecar-0 (index 0)"));
    assert_false(take_domain_from(&document, &sidecar_1,
        WITH(OF_B OF_A METADATA("<y xmlns='urn:b'/>")), "the other was there before any hook"));
    /* Who takes another's part away and brings its own has replaced it. */
    assert_true(take_domain_from(&document, &sidecar_1, WITH(OF_B), NULL));
    assert_true(take_domain_from(&document, &sidecar_1, WITH(OF_B OTHER_OF_A), NULL));
    assert_false(take_domain_from(&document, &sidecar_0, WITH(OF_B OTHER_OF_A OF_A),
        "the other is from sidecar hook-sidecar-1 (index 1)"));
    assert_false(take_domain_from(&document, &sidecar_0,
        WITH(METADATA("<c:x xmlns:c='urn:c'/><c:y xmlns:c='urn:c'/>")),
        "this sidecar has brought both"));
    assert_data(&document, WITH(OF_B OTHER_OF_A));
    manager_document_clear(&document);
}

#define VALID(content)                                                                             \
    "<domain type='kvm'><name>a</name><memory>1024</memory><os><type>hvm</type></os>" content      \
    "</domain>"
#define SHARED "<memoryBacking><access mode='shared'/></memoryBacking>"
#define PRIVATE "<memoryBacking><access mode='private'/></memoryBacking>"
#define HYPERV(mode) "<features><hyperv mode='" mode "'/></features>"

/* The schema would refuse these, too, but without a sidecar's name. */
static void the_names_are_told_with_a_schema_too(UNUSED void **state)
{
    static const struct {
        const char *first, *second, *words;
    } cases[] = {
        {VALID(SHARED), VALID(SHARED PRIVATE), "<memoryBacking> has two different <access>"},
        {VALID(HYPERV("custom")), VALID(HYPERV("custom") HYPERV("passthrough")),
            "<features> has two different <hyperv>"},
    };
    if (access(DOMAIN_SCHEMA_PATH, R_OK) < 0) {
        print_message("skipped: %s is not there (package libvirt0)\n", DOMAIN_SCHEMA_PATH);
        skip();
    }
    struct domain_schema *schema = domain_schema_load(DOMAIN_SCHEMA_PATH, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct manager_document document;
        manager_document_init(&document, define, schema, bytes_of(VALID("")));
        assert_int_equal(manager_document_check(&document, NULL), 0);
        assert_true(take_domain_from(&document, &sidecar_0, cases[i].first, NULL));
        assert_false(take_domain_from(&document, &sidecar_1, cases[i].second, cases[i].words));
        assert_false(take_domain_from(&document, &sidecar_1, cases[i].second,
            "the other is from sidecar hook-sidecar-0 (index 0)"));
        manager_document_clear(&document);
    }
    domain_schema_free(schema);
}

/* What a refused result has is forgotten: here its uuid and its parts. */
static void a_refused_result_leaves_no_trace(UNUSED void **state)
{
    if (access(DOMAIN_SCHEMA_PATH, R_OK) < 0) {
        print_message("skipped: %s is not there (package libvirt0)\n", DOMAIN_SCHEMA_PATH);
        skip();
    }
    struct domain_schema *schema = domain_schema_load(DOMAIN_SCHEMA_PATH, NULL);
    struct manager_document document;
    manager_document_init(&document, define, schema, bytes_of(VALID("")));
    assert_int_equal(manager_document_check(&document, NULL), 0);
    assert_false(take_domain_from(
        &document, &sidecar_0, VALID(UUID SHARED "<nonsense/>"), "not valid by libvirt's schema"));
    assert_true(take_domain_from(
        &document, &sidecar_1, VALID("<uuid>1c8e4f0e-1c0c-4a3f-9a57-0d4f7b1a2c3d</uuid>"), NULL));
    assert_false(take_domain_from(&document, &sidecar_1,
        VALID("<uuid>1c8e4f0e-1c0c-4a3f-9a57-0d4f7b1a2c3d</uuid>" SHARED PRIVATE),
        "this sidecar has brought both"));
    manager_document_clear(&document);
    domain_schema_free(schema);
}

/* A domain of this content that is too large to be merged, owned by the caller. */
static char *large(const char *content)
{
    auto_free char *blanks = xmalloc(DOMAIN_TREE_MAX_BYTES + 1);
    memset(blanks, ' ', DOMAIN_TREE_MAX_BYTES);
    blanks[DOMAIN_TREE_MAX_BYTES] = '\0';
    return xasprintf("<domain><name>a</name>%s%s</domain>", content, blanks);
}

static void what_is_too_large_is_told_from_what_does_not_go_together(UNUSED void **state)
{
    static const char words[] = "which can be merged in at most 2097152 bytes (2 MiB)";
    auto_free char *once = large(OF_A);
    auto_free char *twice = large(OF_A OF_B);
    struct manager_document document;
    manager_document_init(&document, define, NULL, bytes_of(DOMAIN));
    assert_int_equal(manager_document_check(&document, NULL), 0);
    assert_true(take_domain(&document, once, NULL));
    assert_false(take_domain(&document, twice, words));
    assert_int_equal(manager_document_finish(&document, NULL), 0);
    assert_data(&document, once);
    manager_document_clear(&document);

    auto_error struct error *error = NULL;
    manager_document_init(&document, define, NULL, bytes_of(twice));
    assert_int_equal(manager_document_check(&document, &error), -1);
    assert_non_null(strstr(error->message, "the domain, before any hook"));
    assert_non_null(strstr(error->message, words));
    assert_false(document.clashes);
    manager_document_clear(&document);
}

static void no_sidecar_answers_for_what_was_there(UNUSED void **state)
{
    struct manager_document document;
    manager_document_init(&document, define, NULL, bytes_of(WITH(OF_A OTHER_OF_A)));
    assert_int_equal(manager_document_check(&document, NULL), 0);
    assert_true(take_domain_from(&document, &sidecar_0, WITH(OF_A OTHER_OF_A OF_B), NULL));
    assert_int_equal(manager_document_finish(&document, NULL), 0);
    assert_data(&document, WITH(OF_A OTHER_OF_A OF_B));
    manager_document_clear(&document);
}

static void a_document_with_nothing_to_merge_stays_byte_for_byte(UNUSED void **state)
{
    struct manager_document document;
    manager_document_init(&document, define, NULL, bytes_of(DOMAIN));
    assert_int_equal(manager_document_check(&document, NULL), 0);
    assert_true(
        take_domain(&document, WITH(OF_A "<sysinfo type='smbios'><bios/></sysinfo>"), NULL));
    assert_int_equal(manager_document_finish(&document, NULL), 0);
    assert_data(&document, WITH(OF_A "<sysinfo type='smbios'><bios/></sysinfo>"));
    manager_document_clear(&document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_domain_stays_the_same_domain),
        cmocka_unit_test(what_several_sidecars_add_is_merged_at_the_end),
        cmocka_unit_test(what_does_not_go_together_names_both_sidecars),
        cmocka_unit_test(the_names_are_told_with_a_schema_too),
        cmocka_unit_test(a_refused_result_leaves_no_trace),
        cmocka_unit_test(what_is_too_large_is_told_from_what_does_not_go_together),
        cmocka_unit_test(no_sidecar_answers_for_what_was_there),
        cmocka_unit_test(a_document_with_nothing_to_merge_stays_byte_for_byte),
        cmocka_unit_test(what_comes_in_is_checked),
        cmocka_unit_test(only_cloud_init_data_may_be_absent),
        cmocka_unit_test(requests_have_each_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
