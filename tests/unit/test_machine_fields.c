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
        assert_true((fields[i].kind == SCHEMA_INTEGER || fields[i].kind == SCHEMA_OBJECTS) ==
                    (fields[i].maximum > fields[i].minimum));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(fields[k].path, fields[i].path);
    }
}

/* docs/launcher.md has the table's row for each field. */
static void test_documentation(UNUSED void **state)
{
    char *text = NULL;
    size_t length = 0;
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
    }
    free(text);
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
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_array_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
