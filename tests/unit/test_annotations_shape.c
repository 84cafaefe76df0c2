/* Tables of fields other than the annotation's: with any number of fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "annotations/shape.h"
#include "base/json.h"
#include "base/unused.h"

enum { MANY = 40 };

/* MANY integers, and an object with as many: 2 * MANY + 1 fields, and the end of the table. */
static struct annotations_field table[2 * MANY + 2];
static char paths[2 * MANY][16];

static int make_table(UNUSED void **state)
{
    for (int i = 0; i < 2 * MANY; i++) {
        snprintf(paths[i], sizeof(paths[i]), i < MANY ? "f%d" : "object.f%d", i % MANY);
        table[i < MANY ? i : i + 1] = (struct annotations_field){
            .path = paths[i], .kind = ANNOTATIONS_INTEGER, .type = "integer", .maximum = MANY};
    }
    table[MANY] =
        (struct annotations_field){.path = "object", .kind = ANNOTATIONS_OBJECT, .type = "object"};
    return 0;
}

/* An object with f0 = 0, f1 = 1 and so on. */
static json_t *numbers(void)
{
    json_t *object = json_object();
    for (int i = 0; i < MANY; i++) {
        auto_free char *name = xasprintf("f%d", i);
        json_object_set_new(object, name, json_integer(i));
    }
    return object;
}

static void an_object_may_have_many_fields(UNUSED void **state)
{
    struct findings findings = {0};
    auto_json json_t *value = numbers();
    json_object_set_new(value, "object", numbers());
    auto_json json_t *right = annotations_shape_check(table, value, "/0", true, &findings);
    assert_int_equal(findings.count, 0);
    assert_true(json_equal(right, value));
}

static void each_of_many_fields_is_checked(UNUSED void **state)
{
    struct findings findings = {0};
    auto_json json_t *value =
        json_pack("{s:s, s:{s:i, s:i}}", "f39", "x", "object", "f20", MANY + 1, "F39", 1);
    auto_json json_t *right = annotations_shape_check(table, value, "/0", false, &findings);
    auto_json json_t *expected = json_pack("{s:{s:i}}", "object", "f39", 1);
    assert_true(json_equal(right, expected));
    assert_int_equal(findings.count, 3);
    assert_string_equal(findings.items[0].pointer, "/0/f39");
    assert_string_equal(
        findings.items[0].message, "must be a whole number from 0 to 40, not a string");
    assert_string_equal(findings.items[1].pointer, "/0/object/f20");
    assert_string_equal(findings.items[2].pointer, "/0/object/F39");
    assert_int_equal(findings.items[2].severity, FINDING_WARNING);
    findings_clear(&findings);
}

static void a_field_of_none_of_many_names_is_unknown(UNUSED void **state)
{
    struct findings findings = {0};
    auto_json json_t *value = json_pack("{s:i}", "object_", 1);
    auto_json json_t *right = annotations_shape_check(table, value, "/0", true, &findings);
    assert_int_equal(json_object_size(right), 0);
    assert_int_equal(findings.errors, 1);
    assert_string_equal(findings.items[0].pointer, "/0/object_");
    assert_string_equal(
        findings.items[0].message, "is not a known field (did you mean \"object\"?)");
    findings_clear(&findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_may_have_many_fields),
        cmocka_unit_test(each_of_many_fields_is_checked),
        cmocka_unit_test(a_field_of_none_of_many_names_is_unknown),
    };
    return cmocka_run_group_tests(tests, make_table, NULL);
}
