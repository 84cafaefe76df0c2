/* The annotation's fields as hookctl explains them, and the guide, which must name each of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "annotations/fields.h"
#include "annotations/parse.h"
#include "annotations/schema.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"

/* The field above another one, or NULL for a field of the sidecar. */
static const struct schema_field *parent_of(const struct schema_field *field)
{
    const char *name = schema_name(field);
    if (name == field->path)
        return NULL;
    auto_free char *path = xstrndup(field->path, (size_t)(name - field->path) - 1);
    if (text_ends_with(path, "[]"))
        path[strlen(path) - 2] = '\0';
    return schema_find(&annotations_schema, path);
}

static json_t *example_of(const struct schema_field *field)
{
    json_t *example = json_loads(field->example, JSON_DECODE_ANY, NULL);
    if (example == NULL)
        fail_msg("the example of %s is no JSON: %s", field->path, field->example);
    return example;
}

/* A sidecar in which the field has its example, with what else is required there. */
static json_t *sidecar_with(const struct schema_field *field)
{
    json_t *value = example_of(field);
    const struct schema_field *parent = NULL;
    for (; (parent = parent_of(field)) != NULL; field = parent) {
        json_t *object = json_object();
        for (const struct schema_field *sibling = schema_child(&annotations_schema, parent);
             sibling != NULL; sibling = schema_next(sibling)) {
            if (sibling->required)
                json_object_set_new(object, schema_name(sibling), example_of(sibling));
        }
        json_object_set_new(object, schema_name(field), value);
        value = object;
        if (parent->kind == SCHEMA_OBJECTS)
            value = json_pack("[o]", object);
    }
    json_t *sidecar = json_pack("{s:[s, s]}", "args", "--version", "v1alpha3");
    json_object_set_new(sidecar, schema_name(field), value);
    return sidecar;
}

static void examples_are_valid_in_their_place(UNUSED UNUSED void **state)
{
    const struct schema_field *fields = annotations_schema.fields;
    for (size_t i = 0; fields[i].path != NULL; i++) {
        auto_json json_t *annotation = json_pack("[o]", sidecar_with(&fields[i]));
        auto_free char *text = json_dumps(annotation, 0);
        struct annotations_options options = {.strict = true};
        struct findings findings = {0};
        struct annotations_list *list = annotations_parse(text, strlen(text), &options, &findings);
        if (findings.count > 0)
            fail_msg("%s: %s: %s", text, findings.items[0].pointer, findings.items[0].message);
        assert_int_equal(list->count, 1);
        annotations_list_free(list);
        findings_clear(&findings);
    }
}

static void parents_come_first(UNUSED UNUSED void **state)
{
    const struct schema_field *fields = annotations_schema.fields;
    for (size_t i = 0; fields[i].path != NULL; i++) {
        const struct schema_field *parent = parent_of(&fields[i]);
        if (strchr(fields[i].path, '.') == NULL) {
            assert_null(parent);
            continue;
        }
        assert_non_null(parent);
        assert_true(parent < &fields[i]);
        assert_int_equal(parent->kind == SCHEMA_OBJECTS, strstr(fields[i].path, "[].") != NULL);
        assert_true(fields[i].ours || !parent->ours);
    }
}

/* Walking from the sidecar down meets every field once, in the order of the table. */
static size_t walk(const struct schema_field *parent, const struct schema_field *expected)
{
    size_t met = 0;
    for (const struct schema_field *field = schema_child(&annotations_schema, parent);
         field != NULL; field = schema_next(field)) {
        assert_ptr_equal(field, expected + met);
        assert_ptr_equal(parent_of(field), parent);
        met += 1 + walk(field, expected + met + 1);
    }
    return met;
}

static void children_are_found(UNUSED UNUSED void **state)
{
    const struct schema_field *fields = annotations_schema.fields;
    assert_null(fields[walk(NULL, fields)].path);
}

static void fields_are_found_by_path(UNUSED UNUSED void **state)
{
    assert_string_equal(schema_find(&annotations_schema, "hostPath.type")->path, "hostPath.type");
    assert_string_equal(schema_name(schema_find(&annotations_schema, "env[].name")), "name");
    assert_string_equal(schema_name(schema_find(&annotations_schema, "image")), "image");
    static const char *const unknown[] = {"", "hostpath", "env.name", "env[]", "hostPath."};
    for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
        assert_null(schema_find(&annotations_schema, unknown[i]));
}

static void every_field_is_explained(UNUSED UNUSED void **state)
{
    const struct schema_field *fields = annotations_schema.fields;
    for (size_t i = 0; fields[i].path != NULL; i++) {
        assert_true(strlen(fields[i].rule) > 0);
        assert_true(text_ends_with(fields[i].help, "."));
        assert_int_equal(fields[i].required, fields[i].fallback == NULL);
        assert_non_null(fields[i].type);
    }
}

/* The guide names every field by its path. */
static void the_guide_names_every_field(UNUSED void **state)
{
    auto_free char *guide = NULL;
    size_t length = 0;
    assert_int_equal(file_read("docs/annotation.md", 1 << 20, &guide, &length, NULL), 0);
    const struct schema_field *fields = annotations_schema.fields;
    for (size_t i = 0; fields[i].path != NULL; i++) {
        auto_free char *quoted = xasprintf("`%s`", fields[i].path);
        if (strstr(guide, quoted) == NULL)
            fail_msg("docs/annotation.md does not name %s", quoted);
    }
}

/* Every JSON array in the guide is a valid annotation. */
static void the_guides_examples_are_valid(UNUSED void **state)
{
    static const char opening[] = "```json\n[";
    auto_free char *guide = NULL;
    size_t length = 0;
    size_t examples = 0;
    assert_int_equal(file_read("docs/annotation.md", 1 << 20, &guide, &length, NULL), 0);
    for (const char *at = guide; (at = strstr(at, opening)) != NULL; examples++) {
        at += strlen(opening) - 1;
        const char *end = strstr(at, "```");
        assert_non_null(end);
        struct findings findings = {0};
        struct annotations_list *list = annotations_parse(at, (size_t)(end - at), NULL, &findings);
        if (findings.count > 0)
            fail_msg("%.*s: %s: %s", (int)(end - at), at, findings.items[0].pointer,
                findings.items[0].message);
        annotations_list_free(list);
        findings_clear(&findings);
    }
    assert_true(examples > 10);
}

/* What the JSON Schema says of a field. Borrowed. */
static json_t *schema_of(json_t *schema, const struct schema_field *field)
{
    const struct schema_field *parent = parent_of(field);
    json_t *above = parent != NULL ? schema_of(schema, parent) : schema;
    json_t *items = json_object_get(above, "items");
    above = items != NULL ? items : above;
    return json_object_get(json_object_get(above, "properties"), schema_name(field));
}

static void the_schema_has_every_field(UNUSED void **state)
{
    auto_json json_t *schema = annotations_json_schema();
    assert_string_equal(
        json_get_string(schema, "$schema"), "https://json-schema.org/draft/2020-12/schema");
    const struct schema_field *fields = annotations_schema.fields;
    for (size_t i = 0; fields[i].path != NULL; i++) {
        const json_t *one = schema_of(schema, &fields[i]);
        assert_non_null(strstr(json_get_string(one, "description"), fields[i].help));
        auto_json json_t *example = example_of(&fields[i]);
        assert_true(json_equal(json_array_get(json_object_get(one, "examples"), 0), example));
    }
    const json_t *timeout = schema_of(schema, schema_find(&annotations_schema, "timeoutSeconds"));
    assert_string_equal(json_get_string(timeout, "type"), "integer");
    assert_int_equal(json_integer_value(json_object_get(timeout, "maximum")), 3600);
    const json_t *type = schema_of(schema, schema_find(&annotations_schema, "hostPath.type"));
    assert_int_equal(json_array_size(json_object_get(type, "enum")), 7);
    const json_t *pvc = schema_of(schema, schema_find(&annotations_schema, "pvc"));
    assert_int_equal(json_array_size(json_object_get(pvc, "required")), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_are_valid_in_their_place),
        cmocka_unit_test(parents_come_first),
        cmocka_unit_test(children_are_found),
        cmocka_unit_test(fields_are_found_by_path),
        cmocka_unit_test(every_field_is_explained),
        cmocka_unit_test(the_guide_names_every_field),
        cmocka_unit_test(the_guides_examples_are_valid),
        cmocka_unit_test(the_schema_has_every_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
