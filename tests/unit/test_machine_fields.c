/* The table of the fields that hook-launcher knows, and its copy in the documentation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <utstring.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "machine/check.h"
#include "machine/fields.h"

/* The path of a field's parent: all but its last component. Owned by the caller. */
static char *parent_path(const char *path)
{
    const char *dot = strrchr(path, '.');
    char *parent = dot != NULL ? xstrndup(path, (size_t)(dot - path)) : xstrdup("");
    if (text_ends_with(parent, "[]"))
        parent[strlen(parent) - strlen("[]")] = '\0';
    return parent;
}

/* The fields below a field follow it directly: validation relies on that. */
static void test_order(UNUSED UNUSED void **state)
{
    const struct schema_field *fields = machine_schema.fields;
    for (size_t i = 0; fields[i].path != NULL; i++) {
        auto_free char *parent = parent_path(fields[i].path);
        if (parent[0] == '\0')
            continue;
        size_t k = i;
        while (k-- > 0 && !streq(fields[k].path, parent)) {
            if (!text_starts_with(fields[k].path, parent))
                fail_msg("%s stands between what is below %s", fields[k].path, parent);
        }
        if (k == SIZE_MAX)
            fail_msg("%s has no parent before it", fields[i].path);
        bool is_parent = fields[k].kind == SCHEMA_OBJECT || fields[k].kind == SCHEMA_OBJECTS;
        if (!is_parent)
            fail_msg("%s is below %s, which is neither object nor array", fields[i].path, parent);
    }
}

static void test_entries(UNUSED UNUSED void **state)
{
    const struct schema_field *fields = machine_schema.fields;
    for (size_t i = 0; fields[i].path != NULL; i++) {
        bool is_below_spec = text_starts_with(fields[i].path, "spec");
        assert_int_equal(fields[i].help != NULL, is_below_spec);
        if (!is_below_spec)
            continue;
        assert_true(fields[i].help[0] != '\0');
        assert_null(strchr(fields[i].help, '\n'));
        assert_non_null(fields[i].type);
        if (fields[i].kind == SCHEMA_INTEGER || fields[i].kind == SCHEMA_OBJECTS)
            assert_true(fields[i].maximum > fields[i].minimum);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(fields[k].path, fields[i].path);
    }
}

/* docs/launcher.md has the table's row for each field, and no others. */
static void test_documentation(UNUSED void **state)
{
    char *text = NULL;
    size_t length = 0;
    size_t count = 0;
    assert_int_equal(file_read("docs/launcher.md", 1 << 20, &text, &length, NULL), 0);
    const struct schema_field *fields = machine_schema.fields;
    for (size_t i = 0; fields[i].path != NULL; i++) {
        if (fields[i].help == NULL)
            continue;
        UT_string row;
        utstring_init(&row);
        utstring_printf(&row, "| `%s%s`%s | %s |", fields[i].path,
            fields[i].kind == SCHEMA_OBJECTS ? "[]" : "", fields[i].required ? " (required)" : "",
            fields[i].type);
        for (size_t k = 0; fields[i].values != NULL && fields[i].values[k] != NULL; k++)
            utstring_printf(&row, "%s`%s`", k > 0 ? ", " : " ", fields[i].values[k]);
        if (fields[i].values != NULL)
            utstring_printf(&row, ";");
        utstring_printf(&row, " %s |\n", fields[i].help);
        if (strstr(text, utstring_body(&row)) == NULL)
            fail_msg("docs/launcher.md lacks the row\n%s", utstring_body(&row));
        utstring_done(&row);
        count++;
    }
    for (const char *row = text; (row = strstr(row, "\n| `spec")) != NULL; row++)
        count--;
    assert_int_equal(count, 0);
    free(text);
}

#define CRD_FIELDS "machine/tables/vmi_fields.txt"

enum { MAX_CRD_FIELDS = 2048 };

/* A field of KubeVirt's CustomResourceDefinition. */
struct crd_field {
    const char *path; /* "spec.volumes" */
    const char *type; /* "array of object" */
};

/* Reads the list of the fields; the items point into *text, which the caller frees. */
static size_t read_crd_fields(struct crd_field *items, char **text)
{
    size_t length = 0;
    size_t count = 0;
    assert_int_equal(file_read(CRD_FIELDS, 1 << 20, text, &length, NULL), 0);
    char *rest = NULL;
    for (char *line = strtok_r(*text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *space = strchr(line, ' ');
        assert_non_null(space);
        assert_true(count < MAX_CRD_FIELDS);
        *space = '\0';
        items[count++] = (struct crd_field){line, space + 1};
    }
    assert_true(count > 0);
    return count;
}

/* Whether a row's kind is right for a value of this type. Any type may be refused or have no
 * meaning here. */
static bool is_of_type(const struct schema_field *row, const char *type)
{
    switch (row->kind) {
    case SCHEMA_STRING:
        return streq(type, "string");
    case SCHEMA_STRINGS:
        return streq(type, "array of string");
    case SCHEMA_INTEGER:
        return streq(type, "integer");
    case SCHEMA_BOOLEAN:
        return streq(type, "boolean");
    case SCHEMA_QUANTITY: /* a huge page's size is a string that must be one */
        return streq(type, "quantity") || streq(type, "string");
    case SCHEMA_OBJECT: /* of a map, the members that the conversion reads have rows */
        return streq(type, "object") || streq(type, "map of quantity");
    case SCHEMA_OBJECTS:
        return streq(type, "array of object");
    case SCHEMA_MAP:
        return streq(type, "map of string");
    case SCHEMA_QUANTITIES:
        return streq(type, "map of quantity");
    case SCHEMA_INTEGER_OR_STRING:
    case SCHEMA_ANY:
        return true;
    }
    return false;
}

/* Whether a field has a row, or is below one that takes or refuses all that is below it. */
static bool has_row(const char *path)
{
    if (schema_find(&machine_schema, path) != NULL)
        return true;
    auto_free char *above = parent_path(path);
    while (above[0] != '\0') {
        const struct schema_field *row = schema_find(&machine_schema, above);
        if (row != NULL)
            return row->kind == SCHEMA_ANY;
        char *next = parent_path(above);
        free(above);
        above = next;
    }
    return false;
}

/* Every field that KubeVirt's API has is taken, refused with a reason, or without meaning here. */
static void test_each_crd_field_has_a_row(UNUSED void **state)
{
    static struct crd_field crd[MAX_CRD_FIELDS];
    auto_free char *text = NULL;
    size_t count = read_crd_fields(crd, &text);
    for (size_t i = 0; i < count; i++) {
        const struct schema_field *row = schema_find(&machine_schema, crd[i].path);
        if (!has_row(crd[i].path))
            fail_msg("machine/fields.c has no row for %s", crd[i].path);
        if (row != NULL && !is_of_type(row, crd[i].type))
            fail_msg("%s is of type %s, not %s", row->path, crd[i].type, row->type);
    }
}

/* Every row is a field that KubeVirt's API has, or a member of a map. */
static void test_each_row_is_a_crd_field(UNUSED void **state)
{
    static struct crd_field crd[MAX_CRD_FIELDS];
    auto_free char *text = NULL;
    size_t count = read_crd_fields(crd, &text);
    const struct schema_field *fields = machine_schema.fields;
    for (size_t i = 0; fields[i].path != NULL; i++) {
        if (fields[i].help == NULL)
            continue;
        auto_free char *parent = parent_path(fields[i].path);
        bool is_known = false;
        for (size_t k = 0; k < count && !is_known; k++) {
            is_known = streq(crd[k].path, fields[i].path) ||
                       (streq(crd[k].path, parent) && text_starts_with(crd[k].type, "map of "));
        }
        if (!is_known)
            fail_msg("%s is not a field in " CRD_FIELDS, fields[i].path);
    }
}

/* What is refused says why, in a phrase that goes on after a colon. */
static void test_refusals(UNUSED void **state)
{
    size_t count = 0;
    for (const struct schema_field *row = machine_schema.fields; row->path != NULL; row++) {
        if (row->refused == NULL)
            continue;
        count++;
        assert_string_equal(row->type, "refused");
        assert_ptr_equal(row->help, row->refused);
        assert_null(strstr(row->refused, ". "));
    }
    assert_true(count > 0);
}

/* Errors that concern a whole document. */
static void test_whole(UNUSED void **state)
{
    static const struct {
        const char *json;
        const char *message; /* NULL: there is no fault */
    } cases[] = {
        {"{\"spec\": {\"domain\": {}}}", NULL},
        {"[]", "must be a VirtualMachineInstance, not an array"},
        {"{\"spec\": null}", "is required"},
        {"{\"spec\": 1}", "must be an object, not a number"},
        {"{\"spec\": {}}", "is required"},
        {"{\"kind\": \"Pod\", \"spec\": {\"domain\": {}}}", "not \"Pod\""},
        {"{\"status\": {\"a\": 1}, \"metadata\": [], \"spec\": {\"domain\": {}}}", NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *vmi = json_parse(cases[i].json, strlen(cases[i].json), 16, NULL);
        struct findings findings = {0};
        machine_check(vmi, &findings);
        assert_int_equal(findings.errors, cases[i].message != NULL);
        if (cases[i].message != NULL && strstr(findings.items[0].message, cases[i].message) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", findings.items[0].message, cases[i].message);
        findings_clear(&findings);
    }
}

static void test_array_limit(UNUSED void **state)
{
    auto_json json_t *disks = json_array();
    for (int i = 0; i <= MACHINE_MAX_ITEMS; i++)
        json_array_append_new(disks, json_pack("{s:s}", "name", "a"));
    auto_json json_t *vmi =
        json_pack("{s:{s:{s:{s:O}}}}", "spec", "domain", "devices", "disks", disks);
    struct findings findings = {0};
    machine_check(vmi, &findings);
    assert_int_equal(findings.errors, 1);
    assert_string_equal(findings.items[0].pointer, "/spec/domain/devices/disks");
    assert_non_null(strstr(findings.items[0].message, "has 257 items; at most 256 are allowed"));
    findings_clear(&findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_documentation),
        cmocka_unit_test(test_each_crd_field_has_a_row),
        cmocka_unit_test(test_each_row_is_a_crd_field),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_array_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
