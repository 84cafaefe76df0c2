/* References to parameters: found, renamed, and what merely looks like one escaped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "appliance/disk_source.h"
#include "appliance/outline.h"
#include "appliance/references.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"

static void test_rename(UNUSED void **state)
{
    static const char *const cases[][2] = {
        {"${A}", "${NAME}"},
        {"x${A}y${B}${A}", "x${NAME}y${B}${NAME}"},
        {"${{A}}", "${{NAME}}"},
        {"${{B}}", "${{B}}"},
        {" ${{A}}", " ${{A}}"},
        {"$A {A} ${AA} ${A", "$A {A} ${AA} ${A"},
        {"$${A}", "$${NAME}"},
        {"", ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *value = json_pack("{s:[s, i]}", "key", cases[i][0], 7);
        appliance_references_rename(value, "A", "NAME");
        assert_string_equal(json_string_value(json_pointer_get(value, "/key/0")), cases[i][1]);
        bool is_in = !streq(cases[i][0], cases[i][1]);
        assert_int_equal(appliance_references_are_in(value, "NAME"), is_in);
        assert_false(appliance_references_are_in(value, "A"));
    }
}

/* What is escaped is itself again after substitution; what is declared is a reference. */
static void test_escape(UNUSED void **state)
{
    static const struct {
        const char *text;
        const char *escaped;
    } cases[] = {
        {"${HOME}", "${DOLLAR}{HOME}"},
        {"${{HOME}}", "${DOLLAR}{{HOME}}"},
        {"a ${{HOME}} ${HOME}${SIZE}", "a ${DOLLAR}{{HOME}} ${DOLLAR}{HOME}${SIZE}"},
        {"${DOLLAR}", "${DOLLAR_2}{DOLLAR}"},
        {"${DOLLAR} ${DOLLAR_2}", "${DOLLAR_3}{DOLLAR} ${DOLLAR_3}{DOLLAR_2}"},
        {"${{SIZE}}", "${{SIZE}}"},
        {"$HOME ${} ${a-b} ${", "$HOME ${} ${a-b} ${"},
        {"$${X}", "$${DOLLAR}{X}"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *parameters = json_pack("[{s:s, s:s}]", "name", "SIZE", "value", "5");
        auto_json json_t *value = json_pack("[s]", cases[i].text);
        appliance_references_escape(value, parameters);
        assert_string_equal(json_string_value(json_array_get(value, 0)), cases[i].escaped);
        bool is_changed = !streq(cases[i].text, cases[i].escaped);
        assert_int_equal(json_array_size(parameters), is_changed ? 2 : 1);
        appliance_references_escape(value, parameters); /* done once, it is declared */
        assert_string_equal(json_string_value(json_array_get(value, 0)), cases[i].escaped);
    }
}

/* A parameter of that name with another value is another one; one with the same value serves. */
static void test_escape_beside_another_dollar(UNUSED void **state)
{
    static const char *const cases[][2] = {
        {"USD", "${DOLLAR_2}{X} ${DOLLAR}"}, {"$", "${DOLLAR}{X} ${DOLLAR}"}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *parameters =
            json_pack("[{s:s, s:s}]", "name", "DOLLAR", "value", cases[i][0]);
        auto_json json_t *value = json_pack("[s]", "${X} ${DOLLAR}");
        appliance_references_escape(value, parameters);
        assert_string_equal(json_string_value(json_array_get(value, 0)), cases[i][1]);
    }
}

static void test_disk_source(UNUSED void **state)
{
    auto_json json_t *source = appliance_disk_source_parse("snapshot/a/b", NULL);
    assert_string_equal(json_get_string(json_object_get(source, "snapshot"), "namespace"), "a");
    static const char *const wrong[] = {
        "", "/", "pvc", "pvc/a", "pvc/a/", "pvc//b", "PVC/a/b", "pvc/a/b/c", "http/a/b"};
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        auto_error struct error *error = NULL;
        assert_null(appliance_disk_source_parse(wrong[i], &error));
        assert_int_equal(error->class, ERROR_INPUT);
    }
}

/* The disk that a VM starts from. */
static void test_root(UNUSED void **state)
{
    static const struct {
        const char *disks;
        const char *root; /* NULL: none */
    } cases[] = {
        {"[{\"name\": \"a\"}, {\"name\": \"b\"}]", "a"},
        {"[{\"name\": \"a\"}, {\"name\": \"b\", \"bootOrder\": 1}]", "b"},
        {"[{\"name\": \"a\", \"bootOrder\": 2}, {\"name\": \"b\", \"bootOrder\": 1}]", "b"},
        {"[{\"name\": \"a\", \"cdrom\": {}}, {\"name\": \"b\"}]", "b"},
        {"[{\"name\": \"init\"}, {\"name\": \"b\"}]", "b"},
        {"[]", "a"},
        {"[7, {\"name\": \"lost\"}]", "a"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        json_t *disks = json_parse(cases[i].disks, strlen(cases[i].disks), 8, NULL);
        auto_json json_t *vm =
            json_pack("{s:{s:{s:{s:{s:{s:o}}, s:[{s:s, s:{}}, {s:s, s:{s:s}}, {s:s, s:{s:s}}]}}}}",
                "spec", "template", "spec", "domain", "devices", "disks", disks, "volumes", "name",
                "init", "cloudInitNoCloud", "name", "a", "dataVolume", "name", "d", "name", "b",
                "persistentVolumeClaim", "claimName", "c");
        assert_non_null(vm);
        assert_string_equal(appliance_outline_root(vm), cases[i].root);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rename),
        cmocka_unit_test(test_escape),
        cmocka_unit_test(test_escape_beside_another_dollar),
        cmocka_unit_test(test_disk_source),
        cmocka_unit_test(test_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
