#include "annotations/schema.h"

#include "annotations/fields.h"
#include "annotations/sidecar.h"
#include "base/memory.h"

static json_t *object_schema(const struct schema_field *parent);

static json_t *values_schema(const char *const *values)
{
    json_t *all = json_array();
    for (; *values != NULL; values++)
        json_array_append_new(all, json_string(*values));
    return all;
}

/* The schema of a string, or of each string of an array. */
static json_t *string_schema(const struct schema_field *field)
{
    json_t *schema = json_pack("{s:s}", "type", "string");
    if (field->required && field->values == NULL)
        json_object_set_new(schema, "minLength", json_integer(1));
    if (field->maximum > 0)
        json_object_set_new(schema, "maxLength", json_integer(field->maximum));
    if (field->pattern != NULL)
        json_object_set_new(schema, "pattern", json_string(field->pattern));
    if (field->values != NULL)
        json_object_set_new(schema, "enum", values_schema(field->values));
    return schema;
}

static json_t *kind_schema(const struct schema_field *field)
{
    switch (field->kind) {
    case SCHEMA_STRING:
        return string_schema(field);
    case SCHEMA_STRINGS:
        return json_pack("{s:s, s:o}", "type", "array", "items", string_schema(field));
    case SCHEMA_INTEGER:
        return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum",
            (json_int_t)field->minimum, "maximum", (json_int_t)field->maximum);
    case SCHEMA_BOOLEAN:
        return json_pack("{s:s}", "type", "boolean");
    case SCHEMA_QUANTITY:
        return json_pack("{s:[s, s], s:s, s:i}", "type", "string", "integer", "pattern",
            field->pattern, "minimum", 0);
    case SCHEMA_OBJECT:
        return object_schema(field);
    case SCHEMA_OBJECTS:
        return json_pack("{s:s, s:o}", "type", "array", "items", object_schema(field));
    case SCHEMA_MAP:
    case SCHEMA_QUANTITIES:
    case SCHEMA_INTEGER_OR_STRING:
    case SCHEMA_ANY:
        break;
    }
    return json_object();
}

static json_t *field_schema(const struct schema_field *field)
{
    auto_free char *description = xasprintf("%s Must be %s.%s%s%s", field->help, field->rule,
        field->fallback != NULL ? " Default: " : "", field->fallback != NULL ? field->fallback : "",
        field->fallback != NULL ? "." : "");
    json_t *schema = kind_schema(field);
    json_object_set_new(schema, "description", json_string(description));
    json_object_set_new(
        schema, "examples", json_pack("[o]", json_loads(field->example, JSON_DECODE_ANY, NULL)));
    return schema;
}

/* The schema of the object below parent. It allows other properties: an unknown field is only a
 * warning, because KubeVirt ignores it. */
static json_t *object_schema(const struct schema_field *parent)
{
    json_t *properties = json_object();
    json_t *required = json_array();
    for (const struct schema_field *field = schema_child(&annotations_schema, parent);
         field != NULL; field = schema_next(field)) {
        const char *name = schema_name(field);
        json_object_set_new(properties, name, field_schema(field));
        if (field->required)
            json_array_append_new(required, json_string(name));
    }
    json_t *schema = json_pack("{s:s, s:o, s:{s:s}}", "type", "object", "properties", properties,
        "additionalProperties", "description",
        "Not a known field: KubeVirt and Hookline ignore it, and hookctl warns about it.");
    if (json_array_size(required) > 0)
        json_object_set(schema, "required", required);
    json_decref(required);
    return schema;
}

json_t *annotations_json_schema(void)
{
    return json_pack("{s:s, s:s, s:s, s:[s, s], s:i, s:o}", "$schema",
        "https://json-schema.org/draft/2020-12/schema", "title", "Hook sidecars", "description",
        "The value of the annotation " ANNOTATIONS_KEY_KUBEVIRT " or " ANNOTATIONS_KEY_HOOKLINE
        ": one object for each sidecar.",
        "type", "array", "null", "maxItems", ANNOTATIONS_MAX_SIDECARS, "items",
        object_schema(NULL));
}
